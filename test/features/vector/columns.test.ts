/** Rows of some columns hold what rows of all columns hold. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { copyTable } from '../../../core/copy-table.ts';
import type { Table } from '../../../core/table.ts';
import { CaptureReader } from '../../../features/capture/reader.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { Extractor } from '../../../features/extractor.ts';
import { type Flow, rowsOf } from '../../../features/rows-of.ts';
import { FEATURES } from '../../../features/vector/schema.ts';

const demo = new Uint8Array(readFileSync(new URL('../../../datasets/samples/demo.pcap', import.meta.url)));

function rowsWith(columns?: readonly string[]): { rows: Flow[]; names: string[] } {
  const batches: Table[] = [];
  const extractor = new Extractor('demo', nodeDigests, (batch) => batches.push(copyTable(batch)), {
    label: 'x',
    ...(columns && { columns }),
  });
  const reader = new CaptureReader('demo', extractor);
  reader.write(demo);
  reader.finish();
  extractor.finish();
  return { rows: batches.flatMap(rowsOf), names: batches[0]!.specs.map(({ name }) => name) };
}

const all = rowsWith();
const groups = [...new Set(FEATURES.map(({ group }) => group))];
const choices: [string, string[]][] = [
  ...groups.map((group): [string, string[]] => [
    group,
    FEATURES.filter((feature) => feature.group === group).map(({ name }) => name),
  ]),
  ['one of each group', groups.map((group) => FEATURES.find((feature) => feature.group === group)!.name)],
];

test.each(choices)('%s', (_, columns) => {
  const some = rowsWith([...columns].reverse());
  expect(some.names).toEqual(FEATURES.filter(({ name }) => columns.includes(name)).map(({ name }) => name));
  expect(some.rows).toEqual(all.rows.map((row) => Object.fromEntries(some.names.map((name) => [name, row[name]]))));
});
