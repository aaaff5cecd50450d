/** Evidence of feeds: which columns of a flow are listed, by whom, as what. */
import { type Finding, numberCell, type Table, textCell } from '../../core/table.ts';
import { textListAt } from '../../core/text-list-column.ts';
import { lastSeenSeconds } from '../evidence/columns.ts';
import { hostOf } from '../evidence/names/host.ts';
import { safeText } from '../evidence/safe-text.ts';
import { type EvidenceFinder, EvidenceSource } from '../evidence/source.ts';
import { bounded, MOST_WEIGHT, NO_FINDINGS, strongestFirst } from '../evidence/weights.ts';
import type { IndicatorKind } from './indicator.ts';
import type { IndicatorFacts, IndicatorTable } from './indicator-table.ts';
import { type Listing, Lookups } from './lookups.ts';
import { ageDaysOf, weightOf } from './weigh.ts';

/** A feed as the finder sees it; the table may be another one from row to row. */
export interface ListedBy {
  readonly name: string;
  readonly table: IndicatorTable | null;
}

export interface IntelligenceOptions {
  /** Indicators that were last seen longer before the flow do not count, days; null: however old. */
  readonly maxAgeDays: number | null;
  /**
   * What is listed here is no finding: a name in an allowed domain, an address in an allowed network. It says nothing of
   * the rest of the flow, for clients choose the names that they send.
   */
  readonly allowed: readonly IndicatorTable[];
}

/** Names in columns; a look-up of a name is no session with its host. */
const NAME_COLUMNS = [
  { name: 'sni', says: 'server name', share: 1 },
  { name: 'http_connect_target', says: 'host that a proxy was asked for', share: 1 },
  { name: 'http_host', says: 'host of the HTTP request', share: 1 },
  { name: 'dns_name', says: 'name that the client had looked up', share: 0.9 },
  { name: 'cert_subject_cn', says: 'name in the certificate', share: 0.8 },
  { name: 'dns_query', says: 'name looked up', share: 0.3 },
] as const;
const NAME_LIST_COLUMNS = [
  { name: 'cert_dns_names', says: 'name in the certificate', share: 0.8 },
  { name: 'dns_answers', says: 'name in the answer', share: 0.3 },
] as const;
const ADDRESS_COLUMNS = [
  { name: 'dst_ip', port: 'dst_port', says: 'server' },
  { name: 'src_ip', port: 'src_port', says: 'initiator' },
] as const;
const TEXT_COLUMNS = [
  { name: 'ja4', kind: 'ja4', says: 'hello (JA4)' },
  { name: 'ja3', kind: 'ja3', says: 'hello (JA3)' },
  { name: 'cert_sha256', kind: 'certificate', says: 'certificate (SHA-256)' },
  { name: 'cert_sha1', kind: 'certificate', says: 'certificate (SHA-1)' },
] as const;

/** A listed indicator, and where in the flow it is. */
interface Found {
  readonly listing: Listing;
  readonly says: string;
  readonly share: number;
}

export class IntelligenceFinder implements EvidenceFinder {
  readonly source = EvidenceSource.Intelligence;
  readonly #feeds: readonly ListedBy[];
  readonly #options: IntelligenceOptions;
  #tables: readonly (IndicatorTable | null)[] = [];
  #lookups = new Lookups([], []);

  constructor(feeds: readonly ListedBy[], options: IntelligenceOptions) {
    this.#feeds = feeds;
    this.#options = options;
  }

  find(table: Table, row: number): readonly Finding[] {
    this.#followFeeds();
    let best: Map<string, Finding> | null = null;
    for (const { listing, says, share } of this.#listings(table, row)) {
      const finding = this.#finding(listing, says, share, lastSeenSeconds(table, row));
      if (finding === null) continue;
      best ??= new Map();
      // The same name in two columns is one finding.
      const key = listing.kind + listing.value;
      if (finding.weight > (best.get(key)?.weight ?? 0)) best.set(key, finding);
    }
    if (best === null || best.size === 0) return NO_FINDINGS;
    return bounded(strongestFirst([...best.values()]), MOST_WEIGHT.intelligence);
  }

  /** A feed that was refreshed has another table. */
  #followFeeds(): void {
    const feeds = this.#feeds;
    let isSame = this.#tables.length === feeds.length;
    for (let i = 0; isSame && i < feeds.length; i++) isSame = feeds[i]!.table === this.#tables[i];
    if (isSame) return;
    this.#tables = feeds.map(({ table }) => table);
    const named = feeds.flatMap(({ name, table }) => (table === null ? [] : [{ name, table }]));
    this.#lookups = new Lookups(named, this.#options.allowed);
  }

  *#listings(table: Table, row: number): Generator<Found> {
    const lookups = this.#lookups;
    if (lookups.lists('address', 'network', 'endpoint')) yield* this.#ofAddresses(table, row);
    if (lookups.lists('domain')) yield* this.#ofNames(table, row);
    const port = lookups.lists('port') ? numberCell(table, 'dst_port', row) : null;
    if (port !== null) {
      for (const listing of lookups.ofValue('port', String(port)))
        yield { listing, says: 'port of the server', share: 1 };
    }
    for (const { name, kind, says } of TEXT_COLUMNS) {
      const value = lookups.lists(kind) ? textCell(table, name, row) : null;
      if (value === null) continue;
      for (const listing of lookups.ofValue(kind, value)) yield { listing, says, share: 1 };
    }
  }

  *#ofNames(table: Table, row: number): Generator<Found> {
    for (const { name, says, share } of NAME_COLUMNS) {
      const text = textCell(table, name, row);
      if (text === null) continue;
      yield* this.#ofName(text, says, share);
    }
    for (const { name, says, share } of NAME_LIST_COLUMNS) {
      const column = table.columns.get(name);
      if (column?.type !== 'list_utf8' || column.valid[row] === 0) continue;
      for (const text of textListAt(column, row)!) yield* this.#ofName(text, says, share);
    }
  }

  *#ofName(text: string, says: string, share: number): Generator<Found> {
    for (const listing of this.#lookups.ofName(text)) {
      yield { listing, says: `${says} ${hostOf(text)?.name ?? text}`, share };
    }
  }

  *#ofAddresses(table: Table, row: number): Generator<Found> {
    for (const { name, port, says } of ADDRESS_COLUMNS) {
      const text = textCell(table, name, row);
      if (text === null) continue;
      for (const listing of this.#lookups.ofAddress(text, numberCell(table, port, row))) {
        yield { listing, says: `${says} ${text}${listing.kind === 'endpoint' ? ' with its port' : ''}`, share: 1 };
      }
    }
  }

  /** By the feed that says most of it; null where none of them counts at that time. */
  #finding({ kind, value, entries }: Listing, says: string, share: number, flowSeconds: number | null): Finding | null {
    let best: { readonly finding: string; readonly weight: number } | null = null;
    let others = -1;
    for (const { feed, facts } of entries) {
      const ageDays = ageDaysOf(facts.lastSeen, flowSeconds);
      if (this.#isExpired(facts, flowSeconds, ageDays)) continue;
      others++;
      const weight = weightOf(kind, facts, ageDays) * share;
      if (weight > (best?.weight ?? 0)) best = { finding: sentence(feed, value, kind, says, facts, ageDays), weight };
    }
    if (best === null) return null;
    const more = others > 0 ? `; ${others} more ${others === 1 ? 'feed lists' : 'feeds list'} it.` : '.';
    return { source: this.source, finding: `${best.finding}${more}`, weight: best.weight };
  }

  /** By the time of the flow, not of the day: an old capture is judged by what held then, and always the same. */
  #isExpired({ validUntil }: IndicatorFacts, flowSeconds: number | null, ageDays: number | null): boolean {
    const { maxAgeDays } = this.#options;
    if (validUntil !== null && flowSeconds !== null && validUntil < flowSeconds) return true;
    return maxAgeDays !== null && ageDays !== null && ageDays > maxAgeDays;
  }
}

function sentence(
  feed: string,
  value: string,
  kind: IndicatorKind,
  says: string,
  { risk, malware }: IndicatorFacts,
  ageDays: number | null,
): string {
  const known = [
    malware === '' ? '' : safeText(malware),
    risk === null ? '' : `risk ${risk}`,
    ageDays === null
      ? ''
      : `last seen ${ageDays < 1 ? 'less than a day' : `${Math.floor(ageDays)} days`} before the flow`,
  ].filter((part) => part !== '');
  const more = known.length === 0 ? '' : ` (${known.join(', ')})`;
  return `The feed ${feed} lists the ${kind} ${safeText(value)}${more}: ${safeText(says)}`;
}
