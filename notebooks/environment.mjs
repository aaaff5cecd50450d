/** What Jupyter is started with: the kernel of this folder, which is not installed anywhere, and the package by its name. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @param {string} folder that of the notebooks */
export function jupyterEnvironment(folder) {
  linkPackage(folder);
  const others = process.env.JUPYTER_PATH;
  const own = join(folder, 'jupyter');
  return { ...process.env, JUPYTER_PATH: others ? `${own}${delimiter}${others}` : own };
}

/**
 * `import ... from 'flowlamp'` in a cell is the package around this folder. A link and no dependency `file:..`: with that npm
 * would manage the packages of the checkout as well.
 */
function linkPackage(folder) {
  const link = join(folder, 'node_modules/flowlamp');
  if (existsSync(link)) return;
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(join(folder, '..'), link, 'junction');
}
