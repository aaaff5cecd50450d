/** Debian's Python, where its packages of data science are; the tests that need them are skipped where they are not. */
import { spawnSync } from 'node:child_process';

export const PYTHON = '/usr/bin/python3';

export function hasPythonModules(...names: readonly string[]): boolean {
  return spawnSync(PYTHON, ['-c', `import ${names.join(', ')}`]).status === 0;
}
