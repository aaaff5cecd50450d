/** Notebooks put out today what is stored in them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasPythonModules } from '../support/python.ts';
import { folder, isTypeScript, names, notebook } from './notebooks.ts';

const hasJupyter = hasPythonModules('nbconvert', 'ipykernel');
const hasKernel = hasJupyter && existsSync(join(folder, 'node_modules/tslab/bin/tslab'));
const hasScience = hasJupyter && hasPythonModules('pandas', 'sklearn', 'onnx');
/** A minute of CPU each, on a machine that may do other things as well. */
const MOST_MS = 600_000;

function check(name: string): void {
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'execute.mjs'), '--check', name], {
    encoding: 'utf8',
    timeout: MOST_MS,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

const isIn = (kernel: 'typescript' | 'python') => (name: string) =>
  isTypeScript(notebook(name)) === (kernel === 'typescript');

describe.skipIf(!hasKernel)(
  'notebooks in TypeScript (skipped where nbconvert or the kernel of notebooks/package.json is not installed)',
  () => {
    test.each(names.filter(isIn('typescript')))('%s', check, MOST_MS);
  },
);

describe.skipIf(!hasScience)(
  'notebooks in Python (skipped where python3-nbconvert, -pandas, -sklearn, -onnx are not installed)',
  () => {
    test.each(names.filter(isIn('python')))('%s', check, MOST_MS);
  },
);
