/**
 * Bundles the program into dist/cli: main.js, the threads' files, and the parts that main.js loads when they are needed.
 * As the modules that they are in the sources, some hundred and fifty files would be found, read and linked one after
 * the other at each start. tsc makes the rest of dist/, the library.
 *
 * Nothing in dist/cli may lie in a folder of its own: the program looks for its threads' files beside itself, and for the
 * package two folders up.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = 'dist/cli';
const LICENCES = 'LICENSES.txt';

const OPTIONS = {
  absWorkingDir: root,
  outdir: FOLDER,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.11',
  // Native, and loaded where a model is run. TensorFlow.js, the zstd compressor, and what `serve` needs for HTTP, metrics
  // and its log are imported by names that esbuild does not see.
  external: ['onnxruntime-node'],
  // Shorter, but with every name: a stack that somebody reports can be read.
  minifyWhitespace: true,
  minifySyntax: true,
  // Read under FLOWLAMP_DEBUG alone. The sources themselves are not in the package.
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  // Packages in CommonJS ask for Node's own modules by `require`.
  banner: { js: "import{createRequire as nodeRequire}from'node:module';const require=nodeRequire(import.meta.url);" },
  metafile: true,
  logLevel: 'warning',
};

const built = await Promise.all([
  build({ ...OPTIONS, entryPoints: ['cli/main.ts'] }),
  // By itself: what a thread shares with the program need not be cut out of both, and comes as one file.
  build({ ...OPTIONS, entryPoints: ['cli/jobs/capture-thread.ts'] }),
  build({ ...OPTIONS, entryPoints: ['cli/jobs/lab-thread.ts'] }),
  build({ ...OPTIONS, entryPoints: ['train/gbdt/crew-thread.ts'] }),
  build({ ...OPTIONS, entryPoints: ['serve/engine/session-thread.ts'] }),
  build({ ...OPTIONS, entryPoints: ['serve/http/body-thread.ts'] }),
  build({ ...OPTIONS, entryPoints: ['serve/intelligence/feed-thread.ts'] }),
  build({ ...OPTIONS, entryPoints: ['serve/sinks/parquet-thread.ts'] }),
  build({ ...OPTIONS, entryPoints: ['serve/live/ingest/ingest-thread.ts'] }),
]);
const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync(join(root, FOLDER, LICENCES), licences(packagesOf(inputs)));
removeOthers(built.flatMap(({ metafile }) => Object.keys(metafile.outputs)));

/** What earlier builds left; afterwards, so that the program can be started while it is being built. */
function removeOthers(outputs) {
  const kept = new Set([LICENCES, ...outputs.map((path) => basename(path))]);
  for (const name of readdirSync(join(root, FOLDER))) {
    if (!kept.has(name)) rmSync(join(root, FOLDER, name), { recursive: true });
  }
}

/** Folders of the packages whose code is in the bundle. */
function packagesOf(files) {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const found = folders.filter((folder) => folder !== undefined);
  // What tldts publishes is a bundle itself, in which tldts-core is.
  const within = found.filter((folder) => folder.endsWith('/tldts')).map((folder) => `${folder}-core`);
  return [...new Set([...found, ...within])].sort();
}

function licences(folders) {
  const parts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
    if (files.length === 0) throw new Error(`${folder} holds no licence that could go with its code`);
    const texts = files.sort().map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `${['The program in this folder contains code of these packages.', ...parts].join(rule)}\n`;
}
