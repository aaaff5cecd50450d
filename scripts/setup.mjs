/**
 * Makes a checkout ready to run, and does nothing when it is: installs what the lockfile names, then compiles. Plain
 * JavaScript, because it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['core', 'features', 'datasets', 'models', 'train', 'serve', 'cli', 'bench'];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 11)) {
  fail(`flowlamp needs Node.js 20.11 or later, this is ${process.versions.node}; install a newer one from nodejs.org`);
}

once('node_modules/.flowlamp-installed', digest(['package-lock.json', 'package.json', '.npmrc']), () => {
  console.error('setting up: npm ci (once)');
  // Without this the package's install step would look for GPU libraries that nothing here uses.
  npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { ONNXRUNTIME_NODE_INSTALL: 'skip' });
});

const COMPILERS = ['tsconfig.json', 'tsconfig.build.json', 'scripts/bundle.mjs', 'package-lock.json'];
once('dist/.flowlamp-built', digest([...COMPILERS, 'index.ts', ...SOURCES]), () => {
  console.error('setting up: compiling');
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  run(process.execPath, ['scripts/bundle.mjs']);
});

/** Does the work unless the stamp says that it was done for the same input. */
function once(stamp, key, work) {
  const path = join(root, stamp);
  if (existsSync(path) && readFileSync(path, 'utf8') === key) return;
  work();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, key);
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap(files).sort()) hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function files(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (path.includes('.') && !path.endsWith('/')) return [path];
  return readdirSync(full, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(path, name));
}

function npm(args, env) {
  // npm names itself to the scripts it runs; without it, whatever is on the PATH.
  const cli = process.env.npm_execpath;
  if (cli !== undefined && /\.[cm]?js$/.test(cli)) run(process.execPath, [cli, ...args], env);
  else run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, env);
}

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...env },
  });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}; see above`);
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
