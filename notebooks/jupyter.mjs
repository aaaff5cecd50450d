/** Opens Jupyter with the kernel of this folder, which needs no installing: `npm --prefix notebooks start`. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { jupyterEnvironment } from './environment.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const child = spawn('jupyter', ['notebook', ...process.argv.slice(2)], {
  cwd: folder,
  env: jupyterEnvironment(folder),
  stdio: 'inherit',
});
child.on('error', (error) => {
  console.error(
    `notebooks: jupyter does not start (${error.message}); install it (Debian: apt install jupyter-notebook)`,
  );
  process.exitCode = 1;
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
