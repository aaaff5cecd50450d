/** Verdicts for people: the riskiest flows as a table, and a line of totals. */
import { type ScalarColumn, type Table, textCell } from '../core/table.ts';
import { Output } from '../features/files/output.ts';
import { byteText, counted, endpointText, grouped } from './numbers.ts';
import { textTable } from './text-table.ts';

interface ShownRow {
  readonly risk: number;
  readonly score: number;
  readonly cells: readonly string[];
}

const HEADINGS = [
  'first seen (UTC)',
  'initiator',
  'responder',
  'proto',
  'server name',
  'packets',
  'bytes',
  'verdict',
  'most likely',
  'risk',
];
const ALIGNMENTS = ['left', 'left', 'left', 'left', 'left', 'right', 'right', 'left', 'left', 'right'] as const;

export class VerdictTable {
  readonly #most: number;
  readonly #path: string | null;
  /** The riskiest rows so far, in no order, at most twice `#most`. */
  #rows: ShownRow[] = [];
  #seen = 0;
  #output: Output | null = null;

  /** @param path the file, or null for standard output */
  constructor(most: number, path: string | null) {
    this.#most = most;
    this.#path = path;
  }

  /** Takes scored rows. */
  add(table: Table): void {
    for (let row = 0; row < table.length; row++) {
      this.#rows.push(shownRow(table, row));
      if (this.#rows.length >= this.#most * 2) this.#keepRiskiest();
    }
    this.#seen += table.length;
  }

  finish(): void {
    this.#keepRiskiest();
    this.#output = new Output(this.#path);
    if (this.#rows.length > 0) {
      const table = textTable(
        HEADINGS,
        this.#rows.map(({ cells }) => cells),
        ALIGNMENTS,
        45,
      );
      this.#output.writeText(`${table}\n`);
    }
    const more = this.#seen - this.#rows.length;
    if (more > 0)
      this.#output.writeText(`... and ${counted(more, 'flow')} of no higher risk (--top shows more, -f jsonl all)\n`);
    this.#output.finish();
  }

  abandon(): void {
    this.#output?.abandon();
  }

  #keepRiskiest(): void {
    this.#rows = this.#rows.sort((a, b) => b.risk - a.risk || b.score - a.score).slice(0, this.#most);
  }
}

function shownRow(table: Table, row: number): ShownRow {
  const text = (name: string) => textCell(table, name, row) ?? '';
  const number = (name: string) =>
    Number((table.columns.get(name) as ScalarColumn<'uint53'> | undefined)?.values[row] ?? 0);
  const time = (table.columns.get('first_seen') as ScalarColumn<'timestamp_ns'> | undefined)?.values[row];
  const risk = table.columns.get('risk') as ScalarColumn<'uint8'>;
  const score = number('score');
  const shownRisk = risk.valid[row] === 0 ? -1 : risk.values[row]!;
  return {
    risk: shownRisk,
    score,
    cells: [
      time === undefined ? '' : new Date(Number(time / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' '),
      endpointText(text('src_ip'), number('src_port')),
      endpointText(text('dst_ip'), number('dst_port')),
      text('protocol'),
      text('sni'),
      grouped(number('fwd_packets') + number('bwd_packets')),
      byteText(number('fwd_bytes') + number('bwd_bytes')),
      text('verdict'),
      `${text('predicted')} ${score.toFixed(3)}`,
      shownRisk < 0 ? '' : String(shownRisk),
    ],
  };
}

/** `27 flows judged by mining@1: 12 mining, 9 other, 6 unknown`. */
export function verdictSummary(counts: ReadonlyMap<string, number>, model: string): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([verdict, count]) => `${grouped(count)} ${verdict}`);
  return `${counted(total, 'flow')} judged by ${model}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
