/** What an importer of somebody else's flow table is: its columns, by name, and how ours are made of them. */

/** A row of the source: cells by the names of its header. */
export type SourceRow = Readonly<Record<string, string>>;

/** A row of ours, as JSON would hold it; what is left out is null. */
export type OurRow = Record<string, unknown>;

export interface Importer {
  readonly name: string;
  /** What it reads, with a pointer to its documentation. */
  readonly describes: string;
  /** True if a header looks like this source's. */
  readonly knows: (header: readonly string[]) => boolean;
  /** Our columns that it can fill. */
  readonly fills: readonly string[];
  readonly row: (row: SourceRow, from: string) => OurRow;
  /** What users must know of how its values differ from ours. */
  readonly notes: readonly string[];
}

/** The first of the named cells that holds something. */
export function cell(row: SourceRow, ...names: readonly string[]): string | null {
  for (const name of names) {
    const text = row[name];
    if (text !== undefined && text !== '' && text !== '-' && text !== 'None' && text !== 'nan') return text;
  }
  return null;
}

/** A finite number, times `factor`; null for what is none. */
export function number(row: SourceRow, factor: number, ...names: readonly string[]): number | null {
  const text = cell(row, ...names);
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value * factor : null;
}

/** A count: a whole number of 0 or more, null for what is none. */
export function count(row: SourceRow, ...names: readonly string[]): number | null {
  const value = number(row, 1, ...names);
  return value === null || value < 0 ? null : Math.round(value);
}

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp6', 132: 'sctp' };

/** `6`, `6.0` or `TCP` as we write it; null for protocols that flows here do not have. */
export function protocol(row: SourceRow, ...names: readonly string[]): string | null {
  const text = cell(row, ...names);
  if (text === null) return null;
  const known = Object.values(PROTOCOLS).find((name) => name === text.toLowerCase());
  return known ?? PROTOCOLS[Number(text)] ?? null;
}

/** RFC 3339 of microseconds since 1970; null for what no date holds. */
export function timeOfUs(us: number | null): string | null {
  if (us === null || !Number.isFinite(us) || Math.abs(us) > 8.64e18) return null;
  const whole = Math.floor(us / 1e6);
  const fraction = Math.min(999_999, Math.max(0, Math.round(us - whole * 1e6)));
  return `${new Date(whole * 1000).toISOString().slice(0, -5)}.${String(fraction).padStart(6, '0')}Z`;
}

/** A time that names no zone is taken for UTC. CESNET writes hours with hyphens: 2022-10-31T00-00-01.500000. */
export function timeOfText(text: string | null): string | null {
  if (text === null) return null;
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d[:-]\d\d[:-]\d\d(?:\.\d{1,9})?)(?:Z|\+00:00)?$/.exec(text.trim());
  return match === null ? null : `${match[1]}T${match[2]!.replaceAll('-', ':')}Z`;
}

/** Longest list that is read of a cell: sources keep 30 packets, or 255. */
const MOST_ITEMS = 4096;

/** `[1,2]`, `[1|2]`, `1 2` and `(1, 2)` as numbers; null for what is no list. */
export function list(text: string | null): number[] | null {
  if (text === null) return null;
  const inner = text
    .trim()
    .replace(/^[[({]/, '')
    .replace(/[\])}]$/, '')
    .trim();
  if (inner === '') return [];
  const items = inner
    .split(/\s*[|,;]\s*|\s+/)
    .slice(0, MOST_ITEMS)
    .map(Number);
  return items.every((item) => Number.isFinite(item)) ? items : null;
}

/** How many packets our sequences keep. */
const SEQUENCE = 32;

/**
 * Our sequence of the packets with payload.
 *
 * @param directions positive from the initiator
 * @param timesUs counted from the first packet of the flow
 */
export function sequenceOf(
  sizes: readonly number[],
  directions: readonly number[],
  timesUs: readonly number[] | null,
): OurRow {
  const kept = sizes
    .flatMap((size, i) => (size > 0 && directions[i] !== undefined && directions[i] !== 0 ? [i] : []))
    .slice(0, SEQUENCE);
  const signed = kept.map((i) => Math.round(sizes[i]!) * Math.sign(directions[i]!));
  const turns = signed.filter((size, i) => i > 0 && size > 0 !== signed[i - 1]! > 0).length;
  return {
    payload_sizes: signed,
    payload_times_us: timesUs === null ? null : kept.map((i) => Math.max(0, timesUs[i] ?? 0)),
    fwd_distinct_sizes: new Set(signed.filter((size) => size > 0)).size,
    bwd_distinct_sizes: new Set(signed.filter((size) => size < 0)).size,
    turns,
  };
}

/** Columns of which flow it is, when it was and what it is called. */
export const IDENTITY_COLUMNS = [
  'src_ip',
  'src_port',
  'dst_ip',
  'dst_port',
  'protocol',
  'first_seen',
  'last_seen',
  'duration_us',
  'label',
];

/** Columns of how much each side sent, headers included. */
export const COUNT_COLUMNS = ['fwd_packets', 'bwd_packets', 'fwd_bytes', 'bwd_bytes'];

/** Columns that `sequenceOf` fills. */
export const SEQUENCE_COLUMNS = [
  'payload_sizes',
  'payload_times_us',
  'fwd_distinct_sizes',
  'bwd_distinct_sizes',
  'turns',
];
