import { readFileSync } from 'node:fs';
import { getDomainWithoutSuffix } from 'tldts';
import { expect, test } from 'vitest';
import { packagePath } from '../../../features/files/package-files.ts';
import type { NameModel } from '../../../models/names/ngram.ts';
import { trainNames } from '../../../train/names/train.ts';

const wordsOf = (...path: string[]) =>
  readFileSync(packagePath(...path), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(/\s+/))
    .filter((word) => word !== '');

test('the model that ships is what the lists of the repository give, and good on names that it has not seen', () => {
  const labels = wordsOf('serve', 'lists', 'popular.txt').map((name) => getDomainWithoutSuffix(name) ?? '');
  const { model, figures } = trainNames({ labels, words: wordsOf('datasets', 'names', 'words.txt') });
  const shipped = JSON.parse(readFileSync(packagePath('models', 'names', 'host-names.json'), 'utf8')) as NameModel;
  expect({ ...model, about: [] }).toEqual({ ...shipped, about: [] });
  expect(figures.chosen).toBeGreaterThan(450);
  expect(figures.falsePositives / figures.chosen).toBeLessThan(0.01);
  expect(figures.auc).toBeGreaterThan(0.99);
  expect(figures.foundOfUnseen.get('letters')).toBeGreaterThan(0.8);
  // Nobody should believe that letters tell word lists.
  expect(figures.foundOfTwoWords).toBeLessThan(0.02);
});
