/** What pages say of the models that ship is what their cards say. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readCard } from '../../models/card.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFileSync(`${root}/${name}`, 'utf8');
const grouped = (n: number) => n.toLocaleString('en');
const page = read('docs/model.md');

test('every field of a card is explained, and no other', () => {
  const [, table] = /\| field \| what it says \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(page)!;
  const explained = [...table!.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
  );
  const card = JSON.parse(read('models/zoo/mining/card.json'));
  expect(explained.sort()).toEqual(Object.keys(card).sort());
});

describe.each(readdirSync(`${root}/models/zoo`))('%s', (name) => {
  const card = readCard(read(`models/zoo/${name}/card.json`), name);
  const shipped = read(`docs/model-${name}.md`);

  test('has a page, with its version, its inputs, its threshold and what it learnt from', () => {
    const { version, inputs, training, thresholds, positive } = card;
    expect(shipped).toContain(`${name}@${version}`);
    expect(shipped).toMatch(new RegExp(`verdict from +${positive} ${thresholds[positive!]!.toFixed(3)},`));
    expect(shipped).toContain(`\n${inputs.length} columns of behaviour`);
    expect(shipped).toContain(`of ${grouped(training.captures)} captures`);
    expect(shipped).toContain(`${grouped(training.rows)} rows`);
    expect(shipped).toContain(`The one of \`${positive}\` is that at which one in a thousand`);
    expect(training.generated).toBe(/\bGenerated traffic alone\b/.test(shipped));
  });

  test('has its version wherever the README and the pages speak of the newest', () => {
    expect(read('README.md')).toContain(`The model \`${name}\` ${card.version} on generated captures`);
    for (const [, version] of page.matchAll(new RegExp(`\`${name}\` (\\d+\\.\\d+\\.\\d+)`, 'g'))) {
      expect(version).toBe(card.version);
    }
  });

  test('reads no sizes of packets, as the page says', () => {
    expect(shipped).toMatch(/reads no names,[^.]*,[^.]*\band no sizes of packets/);
    const sizes = card.inputs.filter(({ name: input }) => /(packet|payload|message)_size|_bytes|size_hist/.test(input));
    expect(sizes.map(({ name: input }) => input)).toEqual([]);
  });

  test('says on its card what the page says that it cannot do', () => {
    expect(card.limitations.join(' ')).toMatch(/generated/);
    expect(shipped).toMatch(/inside TLS gets a high probability from it, and mostly no verdict/);
  });
});
