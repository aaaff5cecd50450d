/** How many flows got each verdict: as a line, and as a small table for people. */
import type { Table } from '../core/table.ts';
import type { ModelCard } from '../models/card.ts';
import { EvidenceSource } from '../serve/evidence/source.ts';
import { Row } from '../serve/records/row.ts';
import { outOfScope, UNKNOWN } from '../serve/verdict.ts';
import type { Palette, Role } from './colours.ts';
import { type FittedColumn, fittedTable } from './fitted-table.ts';
import { byteText, counted, grouped } from './numbers.ts';

export type JudgingCard = Pick<ModelCard, 'name' | 'version' | 'labels' | 'positive' | 'scope'>;

/** Addresses counted for a verdict: beyond, there are "more than". */
const MOST_HOSTS = 100_000;

interface Share {
  flows: number;
  bytes: number;
  readonly hosts: Set<string>;
}

const COLUMNS: readonly FittedColumn[] = [
  { heading: 'verdict', alignment: 'left' },
  { heading: 'flows', alignment: 'right' },
  { heading: 'share', alignment: 'right' },
  { heading: 'bytes', alignment: 'right' },
  { heading: 'hosts', alignment: 'right' },
];

/** Counts all rows that were judged, by verdict. */
export class VerdictSummary {
  readonly #card: JudgingCard;
  readonly #shares = new Map<string, Share>();
  #abstained = 0;

  constructor(card: JudgingCard) {
    this.#card = card;
  }

  add(table: Table): void {
    for (let i = 0; i < table.length; i++) {
      const row = new Row(table, i);
      const verdict = row.text('verdict') ?? UNKNOWN;
      const share = this.#shares.get(verdict) ?? { flows: 0, bytes: 0, hosts: new Set() };
      this.#shares.set(verdict, share);
      share.flows++;
      share.bytes += (row.number('fwd_bytes') ?? 0) + (row.number('bwd_bytes') ?? 0);
      const host = row.text('src_ip');
      if (host !== undefined && share.hosts.size <= MOST_HOSTS) share.hosts.add(host);
      if (isAbstained(this.#card, table, i)) this.#abstained++;
    }
  }

  /** A row for each verdict that was given, the risk first and `unknown` last, and why flows are unknown. */
  text(most: number, palette: Palette): string {
    const { labels, positive } = this.#card;
    const total = [...this.#shares.values()].reduce((sum, { flows }) => sum + flows, 0);
    const others = labels.filter((label) => label !== positive && label !== UNKNOWN);
    const order = [...(positive === null ? [] : [positive]), ...others, UNKNOWN];
    const rows = order.flatMap((verdict) => {
      const share = this.#shares.get(verdict);
      if (share === undefined) return [];
      const hosts = share.hosts.size > MOST_HOSTS ? `over ${grouped(MOST_HOSTS)}` : grouped(share.hosts.size);
      const percent = `${((share.flows / total) * 100).toFixed(share.flows < total ? 1 : 0)} %`;
      const cells = [markedVerdict(verdict, positive), grouped(share.flows), percent, byteText(share.bytes), hosts];
      return [{ cells, role: roleOf(verdict, positive), coloured: new Set([0]) }];
    });
    return `${fittedTable(COLUMNS, rows, most, palette)}\n${this.#unknownText()}`;
  }

  /** Why there is no verdict: the model is not sure, or does not speak of such flows at all. */
  #unknownText(): string {
    const unknown = this.#shares.get(UNKNOWN)?.flows ?? 0;
    if (unknown === 0) return '';
    const { protocols, minPayloadPackets } = this.#card.scope;
    const unsure = unknown - this.#abstained;
    const scope = `not ${protocols.join(' or ')}, or fewer than ${minPayloadPackets} packets with payload`;
    return `unknown: ${grouped(unsure)} too unsure, ${grouped(this.#abstained)} not judged (${scope})\n`;
  }
}

/** True for a flow that the model does not speak of, and nothing else does: its score says nothing. */
export function isAbstained(card: JudgingCard, table: Table, index: number): boolean {
  const row = new Row(table, index);
  if (row.text('verdict') !== UNKNOWN || outOfScope(card, table, index) === null) return false;
  return row.findings('evidence').every(({ source }) => source === EvidenceSource.Behaviour);
}

/** A sign before each verdict, for those who see no colours: ! a risk, ? unknown. */
export function markedVerdict(verdict: string, positive: string | null): string {
  const role = roleOf(verdict, positive);
  return `${role === 'risk' ? '!' : role === 'unsure' ? '?' : ' '} ${verdict}`;
}

export function roleOf(verdict: string, positive: string | null): Role {
  if (verdict === UNKNOWN) return 'unsure';
  return verdict === positive ? 'risk' : 'ordinary';
}

/**
 * `27 flows judged by mining@1: 12 mining, 9 other, 6 unknown`.
 *
 * @param rows that the flows have, said where they are more than flows
 */
export function verdictLine(counts: ReadonlyMap<string, number>, model: string, rows?: number): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([verdict, count]) => `${grouped(count)} ${verdict}`);
  const inRows = rows === undefined || rows === total ? '' : ` in ${counted(rows, 'row')}`;
  return `${counted(total, 'flow')}${inRows} judged by ${model}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
