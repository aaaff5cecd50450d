/** What the documentation shows is what the program does. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'datasets/samples/README.md',
  'notebooks/README.md',
  'bench/README.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

function run(program: string, args: readonly string[], cwd = root) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** What the first fenced block of a language holds. */
function block(language: string): string {
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readme)![1]!;
}

test('docs/features.md and the output shown under each command are those of the program', () => {
  expect(run(process.execPath, ['scripts/docs.mjs', '--check'])).toEqual({ status: 0, stdout: '', stderr: '' });
  // The program runs for each of them, some dozens of times.
}, 240_000);

test('every command that the README shows with output can run offline', () => {
  const commands = [...readme.matchAll(/^\$ (.*)$/gm)].map((match) => match[1]!);
  expect(commands.length).toBeGreaterThan(2);
  expect(commands.filter((command) => !/^node dist\/cli\/main\.js /.test(command))).toEqual([]);
});

test('every npm script that the documentation names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const named = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/npm (?:run )?([a-z:]+)/g)].map((match) => match[1]!),
  );
  const known = [...Object.keys(scripts), 'ci'];
  expect(named.length).toBeGreaterThan(0);
  expect(
    named.filter((name) => /^(run|start|test|setup|lint|typecheck|format|build|bench|model)/.test(name)),
  ).toSatisfy((names: string[]) => names.every((name) => known.includes(name)));
});

test('the first block to run starts before line 25, and there are at most five badges', () => {
  const lines = readme.split('\n');
  expect(lines.findIndex((line) => /^```(sh|console)/.test(line)) + 1).toBeLessThan(25);
  expect(lines.findIndex((line) => /^```(sh|console)/.test(line))).toBeGreaterThan(0);
  expect([...readme.matchAll(/!\[/g)].length).toBeLessThanOrEqual(5);
});

test('the TypeScript snippet has eight lines, compiles and runs', () => {
  const snippet = block('ts');
  expect(snippet.trimEnd().split('\n')).toHaveLength(8);
  const folder = mkdtempSync(join(tmpdir(), 'flowlamp-docs-'));
  try {
    // A user's project: the package as it is exported, and Node's types.
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/flowlamp'), 'junction');
    symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'), 'junction');
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'snippet.ts'), snippet);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const strict = ['--strict', '--noUncheckedIndexedAccess', '--skipLibCheck', '--types', 'node'];
    const options = ['--target', 'es2022', '--module', 'nodenext', ...strict, 'snippet.ts'];
    expect(run(process.execPath, [tsc, ...options], folder)).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stdout, stderr } = run(process.execPath, [join(folder, 'snippet.js')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toHaveLength(16);
    expect(stdout).toMatch(/^198\.18\.79\.115 t12\S+ mining Packet sizes/m);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the folders of the diagram exist, and none is missing', () => {
  const diagram = readme.split('## The folders are the pipeline')[1]!.split('```')[1]!;
  const named = [...diagram.matchAll(/(?:^|\s)([a-z]+)\/(?=\s)/g)].map((match) => match[1]!);
  const ignored = ['dist', 'node_modules', 'coverage', 'flowlamp-tour'];
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !ignored.includes(entry.name))
    .map(({ name }) => name);
  expect(named.filter((name) => name !== 'zoo').sort()).toEqual(folders.sort());
});

test.each(pages)('every relative link of %s leads somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((link) => !/^https?:/.test(link));
  const broken = links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(root, page) : join(root, dirname(page), path);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});

test('every page of docs is in its index', () => {
  const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
  const linked = new Set([...index.matchAll(/\]\(([\w./-]+\.md)/g)].map((match) => match[1]!));
  const names = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md');
  expect(names.filter((name) => !linked.has(name))).toEqual([]);
  expect(readme).toContain('](docs/README.md)');
});

/** As code hosts make them of headings. */
function anchorsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('every path in backticks of %s exists', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const paths = [
    ...text.matchAll(/`((?:bench|cli|core|datasets|docs|features|models|scripts|serve|test|train)\/[\w./-]+)`/g),
  ];
  expect(paths.map((match) => match[1]!).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
