/** Entries of hosts as a table. */
import {
  type ColumnOf,
  type ColumnSpec,
  type ColumnType,
  createTable,
  type Finding,
  reserveItems,
  type Table,
} from '../../core/table.ts';
import { appendText } from '../../core/text-column.ts';
import { appendTextList } from '../../core/text-list-column.ts';
import type { ModelFacts } from '../records/row.ts';
import { UNKNOWN } from '../verdict.ts';
import type { HostEntry } from './entry.ts';
import type { OffsetAt } from './hours.ts';
import type { JudgedHost } from './judged-host.ts';

type Cell = string | number | bigint | readonly string[] | readonly number[] | readonly Finding[] | null;

interface HostColumn {
  readonly spec: ColumnSpec;
  readonly cell: (entry: HostEntry, host: JudgedHost) => Cell;
}

/**
 * A row for each host, in their order. The columns of a table depend on the model alone: one of counts for each verdict
 * that it gives.
 *
 * @param offsetAt of the time zone whose nights count
 */
export function hostTable(hosts: readonly JudgedHost[], model: ModelFacts, offsetAt: OffsetAt): Table {
  const columns = hostColumns(model, offsetAt);
  const table = createTable(
    columns.map(({ spec }) => spec),
    hosts.length,
  );
  table.length = hosts.length;
  for (const { spec, cell } of columns) {
    for (const [row, host] of hosts.entries()) setCell(table, spec, row, cell(host.entry, host));
  }
  return table;
}

function column(name: string, type: ColumnType, unit: string, cell: HostColumn['cell']): HostColumn {
  return { spec: { name, type, unit, revision: 1 }, cell };
}

function hostColumns(model: ModelFacts, offsetAt: OffsetAt): HostColumn[] {
  return [
    column('host_kind', 'utf8', '', ({ server }) => (server === null ? 'client' : 'pair')),
    column('client', 'utf8', '', ({ client }) => client),
    column('server', 'utf8', '', ({ server }) => server),
    column('first_seen', 'timestamp_ns', '', ({ firstSeen }) => firstSeen),
    column('last_seen', 'timestamp_ns', '', ({ lastSeen }) => lastSeen),
    column('flows', 'uint53', 'flows', ({ flows }) => flows),
    column('reconnects', 'uint53', 'flows', ({ reconnects }) => reconnects),
    column('fwd_packets', 'uint53', 'packets', ({ fwdPackets }) => fwdPackets),
    column('bwd_packets', 'uint53', 'packets', ({ bwdPackets }) => bwdPackets),
    column('fwd_bytes', 'uint53', 'bytes', ({ fwdBytes }) => fwdBytes),
    column('bwd_bytes', 'uint53', 'bytes', ({ bwdBytes }) => bwdBytes),
    column('servers', 'uint32', 'servers', ({ server, servers }) => (server === null ? servers.size : 1)),
    column('ports', 'list_int32', '', ({ ports }) => [...ports].sort((a, b) => a - b)),
    column('names', 'list_utf8', '', ({ names }) => names),
    ...[...new Set([...model.labels, UNKNOWN])].map((label) =>
      column(`verdict_${label}`, 'uint53', 'rows', ({ verdicts }) => verdicts.get(label) ?? 0),
    ),
    column('worst_verdict', 'utf8', '', (entry) => worstVerdict(entry, model)),
    column('score', 'float64', '', ({ score }) => score),
    column('risk', 'uint8', '', (_, { risk }) => risk),
    column('hours', 'uint32', 'h', ({ hours }) => hours.count),
    column('longest_run_hours', 'uint32', 'h', ({ hours }) => hours.longest),
    column('night_share', 'float64', '', ({ hours }) => hours.nightShare(offsetAt)),
    column('scans', 'list_utf8', '', ({ scans }) => [...scans.keys()].sort()),
    column('evidence', 'findings', '', (_, { findings }) => findings),
    column('model', 'utf8', '', () => `${model.name}@${model.version}`),
  ];
}

/** The positive label if any row has it, else `unknown` if any has that, else the commonest. */
function worstVerdict({ positives, verdicts }: HostEntry, { positive, labels }: ModelFacts): string {
  if (positive !== null && positives > 0) return positive;
  const count = (label: string) => verdicts.get(label) ?? 0;
  const commonest = labels.reduce((best, label) => (count(label) > count(best) ? label : best), labels[0]!);
  return (verdicts.get(UNKNOWN) ?? 0) > 0 || count(commonest) === 0 ? UNKNOWN : commonest;
}

function setCell(table: Table, { name, type }: ColumnSpec, row: number, cell: Cell): void {
  const target = table.columns.get(name)!;
  if (target.type === 'utf8') appendText(target, row, cell as string | null);
  else if (target.type === 'list_utf8') appendTextList(target, row, cell as readonly string[]);
  else if (target.type === 'findings') target.values[row] = cell as readonly Finding[];
  else if (target.type === 'list_int32') {
    const items = cell as readonly number[];
    const start = reserveItems(target, row, items.length);
    target.items.set(items, start);
    target.offsets[row + 1] = start + items.length;
    target.valid[row] = 1;
  } else if (cell !== null) {
    const { values, valid } = target as ColumnOf<'uint53'>;
    values[row] = (type === 'timestamp_ns' ? (cell as bigint) : cell) as number;
    valid[row] = 1;
  }
}
