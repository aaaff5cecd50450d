/** What can be said of notebooks where there is no Jupyter. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, folder, isTypeScript, names, notebook, root, textOf } from './notebooks.ts';

const MOST_BYTES = 200_000;
const MOST_OUTPUT_BYTES = 60_000;

test('there are six', () => {
  expect(names.map((name) => name.slice(0, 2))).toEqual(['01', '02', '03', '04', '05', '06']);
});

describe.each(names)('%s', (name) => {
  const text = textOf(name);
  const own = notebook(name);

  test('is a notebook of format 4.5 with a kernel that exists', () => {
    expect({ format: own.nbformat, minor: own.nbformat_minor }).toEqual({ format: 4, minor: 5 });
    const ids = own.cells.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const cell of own.cells) {
      expect(cell.id).toMatch(/^[a-zA-Z0-9-_]{1,64}$/);
      expect(cell.source.join('').trim()).not.toBe('');
      expect(Object.keys(cell).sort()).toEqual(
        cell.cell_type === 'code'
          ? ['cell_type', 'execution_count', 'id', 'metadata', 'outputs', 'source']
          : ['cell_type', 'id', 'metadata', 'source'],
      );
    }
    const kernel = own.metadata.kernelspec.name;
    if (kernel !== 'python3')
      expect(existsSync(join(folder, `jupyter/kernels/${kernel}/kernel.json`)), kernel).toBe(true);
  });

  test('was run from top to bottom, without an error or a word on standard error', () => {
    const code = codeOf(own);
    expect(code.map((cell) => cell.execution_count)).toEqual(code.map((_, i) => i + 1));
    const outputs = code.flatMap((cell) => cell.outputs!);
    expect(outputs.length).toBeGreaterThan(3);
    expect(
      outputs.filter((output) => output.output_type === 'error' || ('name' in output && output.name === 'stderr')),
    ).toEqual([]);
  });

  test('is small, and says nothing of the machine that it ran on', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(MOST_BYTES);
    for (const cell of codeOf(own))
      expect(JSON.stringify(cell.outputs).length, cell.id).toBeLessThan(MOST_OUTPUT_BYTES);
    expect(text.match(/(?:\/(?:home|root|tmp|usr|work|Users|var)\/|[A-Z]:\\\\)[^"\s]*/g)).toBeNull();
  });

  test('links to files that exist', () => {
    const prose = own.cells.filter(({ cell_type }) => cell_type === 'markdown').map(({ source }) => source.join(''));
    const links = prose.flatMap((part) => [...part.matchAll(/\]\(([^)#]+)/g)].map((match) => match[1]!));
    expect(links.filter((link) => !existsSync(join(folder, link)))).toEqual([]);
  });
});

describe('cells of TypeScript, as one module each notebook', () => {
  const project = mkdtempSync(join(tmpdir(), 'flowlamp-notebooks-'));
  const modules = names.filter((name) => isTypeScript(notebook(name)));
  let said = '';
  beforeAll(() => {
    mkdirSync(join(project, 'cells'));
    for (const name of modules)
      writeModule(
        name,
        codeOf(notebook(name))
          .map(({ source }) => source.join(''))
          .join('\n'),
      );
    writeFileSync(join(project, 'cells/kit.ts'), `export * from '${join(folder, 'kit.ts')}';`);
    // A mistake of each kind that must be noticed: else this test would pass with a compiler that looks at nothing.
    writeModule('mistakes', "import { score } from 'flowlamp';\nconst risk: string = 1;\nscore();\nmissing;\nrisk;");
    const options = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        // Cells know neither strict indexing nor types of what they take out of JSON.
        noUncheckedIndexedAccess: false,
        noPropertyAccessFromIndexSignature: false,
        noUnusedLocals: true,
        rootDir: '/',
        typeRoots: [join(root, 'node_modules/@types')],
        paths: {
          flowlamp: [join(root, 'dist/index.d.ts')],
          'apache-arrow': [join(root, 'node_modules/apache-arrow/Arrow.node.d.ts')],
        },
      },
      files: [...modules, 'mistakes'].map((name) => `cells/${name}.ts`).concat(join(folder, 'tslab.d.ts')),
      include: [],
    };
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(options));
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    said = spawnSync(process.execPath, [compiler, '-p', project, '--pretty', 'false'], {
      cwd: project,
      encoding: 'utf8',
    }).stdout;
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  function writeModule(name: string, source: string): void {
    writeFileSync(join(project, `cells/${name}.ts`), `export {};\n${source}\n`);
  }

  const errorsOf = (name: string) => said.split('\n').filter((line) => line.includes(`cells/${name}.ts`));

  test.each(modules)('%s has no error of types', (name) => {
    expect(errorsOf(name)).toEqual([]);
  });

  test('a mistake is noticed', () => {
    expect(errorsOf('mistakes').map((line) => /error (TS\d+)/.exec(line)![1])).toEqual(['TS2322', 'TS2554', 'TS2304']);
  });

  test('no cell has a `for await` outside of a function, which the kernel does not take', () => {
    const starts = modules
      .flatMap((name) => codeOf(notebook(name)).flatMap(({ source }) => source))
      .filter((line) => /^for await/.test(line));
    expect(starts).toEqual([]);
  });
});
