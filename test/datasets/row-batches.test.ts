import { expect, test } from 'vitest';
import { copyTable } from '../../core/copy-table.ts';
import { Prng } from '../../core/prng.ts';
import { type Table, takeTableRows } from '../../core/table.ts';
import { RowBatches } from '../../datasets/row-batches.ts';
import { jsonLines } from '../../features/text/text-writer.ts';
import { flowTable } from './flow-table.ts';

test('rows of small tables arrive in large ones, in order and whole', () => {
  const random = new Prng(5);
  const tables = Array.from({ length: 300 }, () =>
    flowTable(
      Array.from({ length: random.integer(0, 90) }, () => ({
        sni: random.chance(0.5) ? random.hex(random.below(40)) : null,
        fwd_bytes: random.below(1e9),
        first_seen: random.chance(0.9) ? random.below(1e9) : null,
        payload_sizes: random.chance(0.8) ? Array.from({ length: random.below(9) }, () => random.below(99)) : null,
        dns_answers: random.chance(0.3) ? ['192.0.2.1', random.hex(4)] : null,
        tls_ech: random.chance(0.5) ? random.chance(0.5) : null,
      })),
    ),
  );
  const { specs } = tables[0]!;
  const batches: Table[] = [];
  const joined = new RowBatches(specs, (batch) => batches.push(copyTable(batch)));
  let expected = '';
  for (const table of tables) {
    const rows = Array.from({ length: table.length }, (_, row) => row).filter(() => random.chance(0.8));
    joined.add(table, rows);
    expected += jsonLines(specs, takeTableRows(table, rows));
  }
  joined.flush();
  expect(batches.map(({ length }) => length).slice(0, -1)).toEqual(batches.slice(1).map(() => 8192));
  expect(batches.map((batch) => jsonLines(specs, batch)).join('') === expected).toBe(true);
});
