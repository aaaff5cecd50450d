/** Tables of flows for tests: a row says what matters, the rest is null. */
import type { Table } from '../../core/table.ts';
import { DATASET_COLUMNS } from '../../datasets/build/columns.ts';
import { timeText } from '../../features/text/cell.ts';
import { tableOfObjects } from '../../features/text/text-reader.ts';
import { FEATURES } from '../../features/vector/schema.ts';

const SPECS = [...FEATURES, ...DATASET_COLUMNS];

/** Times are in seconds since 1970. */
export function flowTable(rows: readonly Readonly<Record<string, unknown>>[]): Table {
  const objects = rows.map((row) => {
    const full: Record<string, unknown> = { protocol: 'tcp', ...row };
    for (const name of ['first_seen', 'last_seen']) {
      if (typeof full[name] === 'number') full[name] = timeText(BigInt(Math.round(full[name] * 1e6)) * 1000n);
    }
    return full;
  });
  return tableOfObjects('test', SPECS, objects);
}
