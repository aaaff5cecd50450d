/**
 * Trains the model of host names from the lists in the repository and writes models/names/host-names.json:
 * `npm run model:names`. `--check` writes nothing and exits 1 if the file is another one. Reads dist/, so build first.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { getDomainWithoutSuffix } from 'tldts';
import { trainNames } from '../dist/train/names/train.js';

const at = (path) => new URL(`../${path}`, import.meta.url);
const wordsOf = (path) =>
  readFileSync(at(path), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(/\s+/))
    .filter((word) => word !== '');
const percent = (share) => `${(share * 100).toFixed(1)} %`;

const labels = wordsOf('serve/lists/popular.txt').map((name) => getDomainWithoutSuffix(name) ?? '');
const { model, figures } = trainNames({ labels, words: wordsOf('datasets/names/words.txt') });
const { chosen, falsePositives, auc, foundOfUnseen, foundOfTwoWords } = figures;
const about = [
  'Which labels of host names a program made up. Written by `npm run model:names`; do not edit it here.',
  'Learnt from serve/lists/popular.txt, datasets/names/words.txt and the generators of train/names/generated.ts.',
  `Chosen labels left out in turn: ${falsePositives} of ${chosen} called generated (${percent(falsePositives / chosen)}).`,
  `Area under the ROC of those against generated labels: ${auc.toFixed(4)}.`,
  `Found of kinds left out of training: ${[...foundOfUnseen].map(([kind, share]) => `${kind} ${percent(share)}`).join(', ')}.`,
  `Found of two words in a row, which letters cannot tell: ${percent(foundOfTwoWords)}.`,
];
const text = `${readable({ ...model, about })}\n`;
const file = at('models/names/host-names.json');
console.log(about.slice(2).join('\n'));
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('model-names: models/names/host-names.json is not what the lists give; run `npm run model:names`');
  process.exitCode = 1;
}

/** One context a line. */
function readable({ chosen, generated, ...head }) {
  const contexts = (counts) =>
    Object.keys(counts)
      .sort()
      .map((context) => `    ${JSON.stringify(context)}: ${JSON.stringify(sorted(counts[context]))}`)
      .join(',\n');
  const lines = JSON.stringify(head, null, 2).slice(0, -2);
  return `${lines},\n  "chosen": {\n${contexts(chosen)}\n  },\n  "generated": {\n${contexts(generated)}\n  }\n}`;
}

function sorted(counts) {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
