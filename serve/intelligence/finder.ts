/** Evidence of feeds: which columns of a flow are listed, by whom, as what. */
import { type Finding, type Table, textCell } from '../../core/table.ts';
import { parseAddress } from '../../features/rows/address.ts';
import { lastSeenSeconds, numberCell } from '../evidence/columns.ts';
import { enclosing, hostOf } from '../evidence/names/host.ts';
import { safeText } from '../evidence/safe-text.ts';
import { type EvidenceFinder, EvidenceSource } from '../evidence/source.ts';
import { bounded, NO_FINDINGS, strongestFirst } from '../evidence/weights.ts';
import { endpointText, type IndicatorKind, networkText } from './indicator.ts';
import type { IndicatorFacts, IndicatorTable } from './indicator-table.ts';
import { ageDaysOf, weightOf } from './weigh.ts';

/** All findings of feeds about a flow weigh no more than this: feeds copy from each other. */
export const MOST_INTELLIGENCE_WEIGHS = 5;

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

/** Something of the flow that may be listed, in the words that indicators have. */
interface Asked {
  readonly kind: IndicatorKind;
  readonly value: string;
  readonly says: string;
  readonly share: number;
}

export class IntelligenceFinder implements EvidenceFinder {
  readonly source = EvidenceSource.Intelligence;
  readonly #feeds: readonly ListedBy[];
  readonly #options: IntelligenceOptions;

  constructor(feeds: readonly ListedBy[], options: IntelligenceOptions) {
    this.#feeds = feeds;
    this.#options = options;
  }

  find(table: Table, row: number): readonly Finding[] {
    const flowSeconds = lastSeenSeconds(table, row);
    const best = new Map<string, Finding>();
    for (const asked of this.#asked(table, row)) {
      const finding = this.#listed(asked, flowSeconds);
      // The same name in two columns is one finding.
      if (finding === null || finding.weight <= (best.get(asked.kind + asked.value)?.weight ?? 0)) continue;
      best.set(asked.kind + asked.value, finding);
    }
    if (best.size === 0) return NO_FINDINGS;
    return bounded(strongestFirst([...best.values()]), MOST_INTELLIGENCE_WEIGHS);
  }

  #tables(): readonly IndicatorTable[] {
    const listed = this.#feeds.flatMap(({ table }) => (table === null ? [] : [table]));
    return [...this.#options.allowed, ...listed];
  }

  /** Of kinds that some list has; all others are nowhere. */
  *#asked(table: Table, row: number): Generator<Asked> {
    const tables = this.#tables();
    const isListed = (...kinds: IndicatorKind[]) => tables.some((list) => kinds.some((kind) => list.kinds.has(kind)));
    if (isListed('domain')) yield* this.#askedOfNames(table, row);
    if (isListed('address', 'network', 'endpoint')) yield* this.#askedOfAddresses(table, row);
    const port = isListed('port') ? numberCell(table, 'dst_port', row) : null;
    if (port !== null)
      yield* this.#unlessAllowed([{ kind: 'port', value: String(port), says: 'port of the server', share: 1 }]);
    for (const { name, kind, says } of TEXT_COLUMNS) {
      const value = isListed(kind) ? textCell(table, name, row) : null;
      if (value !== null) yield* this.#unlessAllowed([{ kind, value, says, share: 1 }]);
    }
  }

  /** All forms of one thing, or none if the allow-list has one of them. */
  #unlessAllowed(forms: readonly Asked[]): readonly Asked[] {
    const { allowed } = this.#options;
    const isAllowed = forms.some(({ kind, value }) => allowed.some((list) => list.find(kind, value) !== null));
    return isAllowed ? [] : forms;
  }

  *#askedOfNames(table: Table, row: number): Generator<Asked> {
    for (const { name, says, share } of NAME_COLUMNS) {
      const text = textCell(table, name, row);
      const host = text === null ? null : hostOf(text);
      if (host === null) continue;
      const names = [...enclosing(host.name)];
      yield* this.#unlessAllowed(
        names.map((value) => ({ kind: 'domain', value, says: `${says} ${host.name}`, share })),
      );
    }
  }

  *#askedOfAddresses(table: Table, row: number): Generator<Asked> {
    for (const { name, port, says } of ADDRESS_COLUMNS) {
      const text = textCell(table, name, row);
      const bytes = text === null ? null : parseAddress(text);
      if (text === null || bytes === null) continue;
      yield* this.#unlessAllowed([...this.#askedOfAddress(text, bytes, numberCell(table, port, row), says)]);
    }
  }

  /** Networks of those lengths only that some list has. */
  *#askedOfAddress(text: string, bytes: Uint8Array, port: number | null, says: string): Generator<Asked> {
    const named = `${says} ${text}`;
    if (port !== null)
      yield { kind: 'endpoint', value: endpointText(text, port), says: `${named} with its port`, share: 1 };
    yield { kind: 'address', value: text, says: named, share: 1 };
    const lengths = new Set<number>();
    for (const list of this.#tables()) {
      for (const length of bytes.length === 4 ? list.prefixes4 : list.prefixes6) lengths.add(length);
    }
    for (const length of lengths)
      yield { kind: 'network', value: networkText({ bytes, length }), says: named, share: 1 };
  }

  #listed({ kind, value, says, share }: Asked, flowSeconds: number | null): Finding | null {
    let best: { readonly finding: string; readonly weight: number } | null = null;
    let others = -1;
    for (const { name, table } of this.#feeds) {
      const facts = table?.find(kind, value) ?? null;
      const ageDays = ageDaysOf(facts?.lastSeen ?? null, flowSeconds);
      if (facts === null || this.#isExpired(facts, flowSeconds, ageDays)) continue;
      others++;
      const weight = weightOf(kind, facts, ageDays) * share;
      if (weight > (best?.weight ?? 0)) best = { finding: sentence(name, value, kind, says, facts, ageDays), weight };
    }
    if (best === null) return null;
    const more =
      others > 0
        ? `${best.finding.slice(0, -1)}; ${others} more ${others === 1 ? 'feed lists' : 'feeds list'} it.`
        : best.finding;
    return { source: this.source, finding: more, weight: best.weight };
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
  return `The feed ${feed} lists the ${kind} ${safeText(value)}${more}: ${safeText(says)}.`;
}
