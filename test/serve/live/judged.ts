/** Judged rows that a test writes out, and many of them quickly. */
import { createColumn, type Table } from '../../../core/table.ts';
import { appendText } from '../../../core/text-column.ts';
import { specsOfNames } from '../../../features/text/text-reader.ts';
import type { JudgedRows } from '../../../serve/live/items.ts';
import type { Verdict } from '../../../serve/verdict.ts';
import { withVerdicts } from '../../../serve/verdict-columns.ts';
import { miningModel, scoredTable, tlsFlow, verdictOf } from '../../support/scored-rows.ts';

export type Told = readonly [cells?: Readonly<Record<string, unknown>>, verdict?: Partial<Verdict> | undefined];

/** Rows of TLS flows, called `mining` with 0.96 where nothing else is said. */
export function judgedRows(...told: readonly Told[]): JudgedRows {
  const rows = scoredTable(told.map(([cells, verdict]) => [{ ...tlsFlow, http_host: null, ...cells }, verdict]));
  return { kind: 'rows', rows, model: miningModel };
}

/** A moment of the third of February 2026, as a cell: `04:05` or `04:05:06`, days later where it says so. */
export function at(time: string, day = 3): { last_seen: string } {
  const whole = time.length === 5 ? `${time}:00` : time;
  return { last_seen: `2026-02-${String(day).padStart(2, '0')}T${whole}.000000000Z` };
}

export const abstains: Partial<Verdict> = {
  predicted: 'mining',
  score: 0.7,
  verdict: 'unknown',
  risk: 7,
  evidence: [{ source: 'behaviour', finding: 'Too unsure.', weight: 0.85 }],
};

/** The model does not speak of the flow. */
export const silent: Partial<Verdict> = {
  predicted: 'other',
  score: 0.6,
  verdict: 'unknown',
  risk: 0,
  evidence: [{ source: 'behaviour', finding: 'Only 3 packets with payload so far.', weight: 0 }],
};

export interface ManyRows {
  readonly from: number;
  readonly count: number;
  readonly flowId?: (i: number) => number;
  readonly client?: (i: number) => string;
  readonly seconds?: (i: number) => number;
  readonly rowKind?: string;
  readonly verdict?: (i: number) => Partial<Verdict>;
}

/** Rows of few columns, made without objects of cells. */
export function manyRows(many: ManyRows): JudgedRows {
  const { from, count, flowId = (i) => i, client = () => '10.0.0.1', seconds = () => 0, rowKind = 'end' } = many;
  const numbers = createColumn('uint53', count);
  const times = createColumn('timestamp_ns', count);
  const began = createColumn('timestamp_ns', count);
  const texts = {
    src_ip: createColumn('utf8', count),
    dst_ip: createColumn('utf8', count),
    row_kind: createColumn('utf8', count),
  };
  const verdicts: Verdict[] = [];
  for (let row = 0; row < count; row++) {
    const i = from + row;
    numbers.values[row] = flowId(i);
    times.values[row] = began.values[row] = BigInt(Math.round(seconds(i) * 1000)) * 1_000_000n;
    numbers.valid[row] = times.valid[row] = began.valid[row] = 1;
    appendText(texts.src_ip, row, client(i));
    appendText(texts.dst_ip, row, '192.0.2.9');
    appendText(texts.row_kind, row, rowKind);
    verdicts.push(verdictOf(many.verdict?.(i)));
  }
  const columns = { flow_id: numbers, first_seen: began, last_seen: times, ...texts };
  const specs = specsOfNames(Object.keys(columns));
  const table: Table = { specs, columns: new Map(Object.entries(columns)), length: count };
  return { kind: 'rows', rows: withVerdicts(specs, table, verdicts), model: miningModel };
}
