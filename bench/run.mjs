// Compiles the sources beside each other and runs one bench: `node bench/run.mjs score`.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [name, ...rest] = process.argv.slice(2);
if (name === undefined) {
  console.error('usage: node bench/run.mjs <name of a .bench.ts> [arguments]');
  process.exit(2);
}
const out = join(root, 'node_modules', '.cache', 'flowlamp-bench');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
// Errors elsewhere in the tree do not stop the output; `npm run typecheck` is where they are reported.
spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json'), '--noEmit', 'false', '--outDir', out], {
  stdio: 'ignore',
});
const { status } = spawnSync(process.execPath, [join(out, 'bench', `${name}.bench.js`), ...rest], { stdio: 'inherit' });
process.exit(status ?? 1);
