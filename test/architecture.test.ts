/** Imports point one way: the folder list is the pipeline, and nothing later is known to anything earlier. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each folder may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  features: ['core'],
  models: ['core', 'features'],
  datasets: ['core', 'features'],
  train: ['core', 'features', 'models', 'datasets'],
  serve: ['core', 'features', 'models'],
  cli: ['core', 'features', 'models', 'datasets', 'train', 'serve'],
};

/** The stages inside features, each of which may import those before it. */
const STAGES = [
  'capture',
  'packet',
  'flow',
  'protocol',
  'fingerprint',
  'vector',
  'arrow',
  'parquet',
  'text',
  'rows',
  'files',
];

/** Where Node's own modules may be used; everything else also runs in a browser. */
const NODE_ALLOWED =
  /^(cli|datasets|serve|train|models\/(folder|locate|registry|signature)|features\/(files\/|capture\/(input|tied-child)|(digests|ciphers)-node|extract\.ts))/;

interface Import {
  readonly file: string;
  readonly target: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => {
    const name = match[1]!;
    return { file, target: name.startsWith('.') ? relative(root, join(root, dirname(file), name)) : name };
  });
}

const folders = Object.keys(MAY_IMPORT);
const imports = folders.flatMap((folder) => sources(folder).flatMap(importsOf));

test.each(folders)('%s imports only what comes before it', (folder) => {
  const wrong = imports.filter(({ file, target }) => {
    const to = target.split('/')[0]!;
    return file.startsWith(`${folder}/`) && folders.includes(to) && to !== folder && !MAY_IMPORT[folder]!.includes(to);
  });
  expect(wrong).toEqual([]);
});

test('the stages of features import only earlier stages', () => {
  const stageOf = (path: string) => STAGES.indexOf(/^features\/([a-z]+)\//.exec(path)?.[1] ?? '');
  const wrong = imports.filter(({ file, target }) => {
    const from = stageOf(file);
    return from >= 0 && target.startsWith('features/') && (stageOf(target) < 0 || stageOf(target) > from);
  });
  expect(wrong).toEqual([]);
});

test('models sees of features only tables and the vector schema', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      file.startsWith('models/') && target.startsWith('features/') && !/^features\/(vector|arrow)\//.test(target),
  );
  expect(wrong).toEqual([]);
});

test('parsers, features and the tree kernel need nothing of Node', () => {
  const wrong = imports.filter(({ file, target }) => target.startsWith('node:') && !NODE_ALLOWED.test(file));
  expect(wrong).toEqual([]);
});

test('no import goes in a circle', () => {
  const graph = new Map<string, string[]>();
  for (const { file, target } of imports) graph.set(file, [...(graph.get(file) ?? []), target]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) throw new Error(`circle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  expect(() => {
    for (const file of graph.keys()) visit(file, []);
  }).not.toThrow();
});
