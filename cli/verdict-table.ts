/** Verdicts for people: flows as a table, the riskiest first, and a summary by verdict. */
import type { Table } from '../core/table.ts';
import { EvidenceSource } from '../serve/evidence/source.ts';
import { Row, strongestFinding } from '../serve/records/row.ts';
import { type Palette, paletteFor } from './colours.ts';
import { type FittedColumn, type FittedRow, fittedTable } from './fitted-table.ts';
import { byteText, counted, endpointText, grouped } from './numbers.ts';
import type { Riskiest } from './riskiest.ts';
import { isAbstained, type JudgingCard, markedVerdict, roleOf, type VerdictSummary } from './verdict-summary.ts';

/** Of an endpoint the port says more than the end of the address. */
const PORT = /\]?:\d+$/;

const COLUMNS: readonly FittedColumn[] = [
  { heading: 'first seen (UTC)', alignment: 'left', dropped: 4 },
  { heading: 'initiator', alignment: 'left', least: 17, tail: PORT },
  { heading: 'responder', alignment: 'left', least: 17, tail: PORT },
  { heading: 'proto', alignment: 'left', dropped: 1 },
  { heading: 'server name', alignment: 'left', least: 14, dropped: 5 },
  { heading: 'packets', alignment: 'right', dropped: 0 },
  { heading: 'bytes', alignment: 'right', dropped: 2 },
  { heading: 'verdict', alignment: 'left' },
  { heading: 'most likely', alignment: 'left', dropped: 3 },
  { heading: 'risk', alignment: 'right' },
];
const VERDICT = 7;
const RISK = 9;

/** The columns of a scored table that are shown, or that what is shown rests on. */
export const SHOWN_COLUMNS: readonly string[] = [
  ...['first_seen', 'src_ip', 'src_port', 'dst_ip', 'dst_port', 'protocol', 'sni'],
  ...['fwd_packets', 'bwd_packets', 'fwd_bytes', 'bwd_bytes', 'fwd_payload_packets', 'bwd_payload_packets'],
  ...['predicted', 'score', 'verdict', 'risk', 'evidence'],
];

/** How the table is to look where it goes. */
export interface Look {
  /** Cells of a line. */
  readonly width: number;
  readonly palette: Palette;
}

/** On a terminal in colours and its width, in a file or a pipe as wide as it comes; FORCE_COLOR colours pipes, too. */
export function lookOf(path: string | null): Look {
  const isTerminal = path === null && process.stdout.isTTY === true;
  return {
    width: isTerminal ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY,
    palette: path === null ? paletteFor(process.env, isTerminal) : 'none',
  };
}

/** The table, or nothing but the summary where no row is shown. */
export function verdictTable(
  rows: Riskiest,
  summary: VerdictSummary,
  card: JudgingCard,
  { width, palette }: Look,
): string {
  const shown = [...rows.tables()].flatMap((table) =>
    Array.from({ length: table.length }, (_, row) => shownRow(table, row, card)),
  );
  const more = rows.seen - shown.length;
  return [
    shown.length === 0 ? '' : `${fittedTable(COLUMNS, shown, width, palette)}\n`,
    more === 0 ? '' : `... and ${counted(more, 'flow')} of no higher risk (--top shows more, -f jsonl all)\n`,
    `\n${summary.text(width, palette)}`,
  ].join('');
}

function shownRow(table: Table, index: number, card: JudgingCard): FittedRow {
  const row = new Row(table, index);
  const number = (name: string) => row.number(name) ?? 0;
  const verdict = row.text('verdict') ?? '';
  const risk = row.number('risk');
  const note = noteOf(row);
  return {
    cells: [
      momentOf(row.time('first_seen')),
      endpointText(row.text('src_ip') ?? '', number('src_port')),
      endpointText(row.text('dst_ip') ?? '', number('dst_port')),
      row.text('protocol') ?? '',
      row.text('sni') ?? '',
      grouped(number('fwd_packets') + number('bwd_packets')),
      byteText(number('fwd_bytes') + number('bwd_bytes')),
      markedVerdict(verdict, card.positive),
      isAbstained(card, table, index) ? 'not judged' : `${row.text('predicted') ?? ''} ${number('score').toFixed(3)}`,
      risk === undefined ? '' : String(risk),
    ],
    role: roleOf(verdict, card.positive),
    coloured: new Set([VERDICT, RISK]),
    ...(note === undefined ? {} : { note }),
  };
}

function momentOf(time: bigint | undefined): string {
  return time === undefined ? '' : new Date(Number(time / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ');
}

/** The strongest finding that speaks for a risk, unless it is the model's: that stands in the columns already. */
function noteOf(row: Row): string | undefined {
  const findings = row.findings('evidence').filter(({ source }) => source !== EvidenceSource.Behaviour);
  const strongest = strongestFinding(findings);
  return strongest === undefined ? undefined : `${strongest.source}: ${strongest.finding}`;
}
