/**
 * A table of a million labelled flows, for `dataset split` and `dataset audit`: the rows of a built table over and over,
 * each time of other captures, hosts and days, and with other sizes.
 *
 *     node bench/run.mjs dataset-table TABLE.arrow OUT.arrow [ROWS]
 */
import { Prng } from '../core/prng.ts';
import { type ListColumn, type ScalarColumn, type Table, takeTableRows } from '../core/table.ts';
import { appendText, createTextColumn } from '../core/text-column.ts';
import { RowBatches } from '../datasets/row-batches.ts';
import { readTable } from '../features/files/table-reader.ts';
import { TableWriter } from '../features/files/table-writer.ts';

const [from = '', to = '', count = '1000000'] = process.argv.slice(2);
const sources: Table[] = [];
await readTable(from, 'arrow', (batch) => {
  sources.push(batch);
});
const random = new Prng(1);
let writer: TableWriter | null = null;
let batches: RowBatches | null = null;
let rows = 0;
const everyRow = (count: number) => Array.from({ length: count }, (_, row) => row);
const wanted = Number(count);
for (let round = 0; rows < wanted; round++) {
  for (const source of sources) {
    const take = Math.min(source.length, wanted - rows);
    const table = takeTableRows(
      source,
      Array.from({ length: take }, (_, row) => row),
    );
    const captures = createTextColumn(take);
    const hosts = createTextColumn(take);
    for (let row = 0; row < take; row++) {
      appendText(captures, row, `round-${round}/${random.below(20)}.pcap`);
      appendText(hosts, row, `10.${round & 255}.${random.below(8)}.${random.below(250)}`);
    }
    (table.columns as Map<string, unknown>).set('capture', captures).set('src_ip', hosts);
    const sizes = table.columns.get('payload_sizes') as ListColumn;
    for (let i = 0; i < sizes.offsets[take]!; i++) if (random.chance(0.3)) sizes.items[i]! += random.below(40);
    const times = (table.columns.get('first_seen') as ScalarColumn<'timestamp_ns'>).values;
    for (let row = 0; row < take; row++) times[row]! += BigInt(round) * 86_400_000_000_000n;
    if (batches === null) {
      const opened = await TableWriter.open(to, 'arrow', source.specs);
      writer = opened;
      batches = new RowBatches(source.specs, (batch) => opened.write(batch));
    }
    batches.add(table, everyRow(take));
    rows += take;
    if (rows >= wanted) break;
  }
}
(batches as RowBatches | null)?.flush();
(writer as TableWriter | null)?.finish();
console.error(`${rows} rows`);
