/** What the finders say rests on columns: rows of captures and of tables written from them give the same findings. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { copyTable } from '../../../core/copy-table.ts';
import type { Table } from '../../../core/table.ts';
import { CaptureReader } from '../../../features/capture/reader.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { Extractor } from '../../../features/extractor.ts';
import { CertificateFinder } from '../../../serve/evidence/certificate/finder.ts';
import { FingerprintFinder } from '../../../serve/evidence/fingerprint/finder.ts';
import { NameFinder } from '../../../serve/evidence/names/finder.ts';
import { shippedNames } from '../../../serve/evidence/shipped.ts';
import { IntelligenceFinder } from '../../../serve/intelligence/finder.ts';
import { samples } from '../../cli/run.ts';
import { rowsOf } from '../../support/rows.ts';
import { feedOf } from '../intelligence/feeds.ts';
import { flowTable } from './rows.ts';

const feed = feedOf('gulf.example.org\nmaplebase.example.org\nport,3128\n').table;
const finders = () => [
  new NameFinder(shippedNames()),
  new CertificateFinder(shippedNames().judge),
  new FingerprintFinder(),
  new IntelligenceFinder([{ name: 'feed', table: feed }], { maxAgeDays: 30, allowed: [] }),
];

function tablesOf(capture: string): Table[] {
  const tables: Table[] = [];
  const extractor = new Extractor(capture, nodeDigests, (batch) => tables.push(copyTable(batch)));
  const reader = new CaptureReader(capture, extractor);
  reader.write(readFileSync(`${samples}${capture}`));
  reader.finish();
  extractor.finish();
  return tables;
}

test('a table gives what its capture gives, in one piece or row by row', () => {
  const tables = tablesOf('demo.pcap');
  const all = (of: readonly Table[]) => {
    const own = finders();
    return of.flatMap((table) =>
      Array.from({ length: table.length }, (_, row) => own.flatMap((finder) => finder.find(table, row))),
    );
  };
  const expected = all(tables);
  const rows = tables.flatMap(rowsOf);
  expect(all([flowTable(...rows)])).toEqual(expected);
  expect(all(rows.map((row) => flowTable(row)))).toEqual(expected);
  expect(new Set(expected.flat().map(({ source }) => source)).size).toBeGreaterThan(2);
});
