/**
 * The first messages of a flow, in order, with what makes a rhythm visible: gaps, sizes that come again, and the TLS records
 * that begin in each.
 */
import { LIMITS } from '../../core/limits.ts';
import { type ListColumn, numberCell, type Table } from '../../core/table.ts';

export type Sender = 'initiator' | 'responder';

export interface TimelineRecord {
  /** Content type (RFC 8446 5.1); null where the table does not say. */
  readonly type: number | null;
  /** Length without the header. */
  readonly bytes: number;
}

export interface TimelineMessage {
  /** From the first packet of the part, us. */
  readonly timeUs: number;
  /** Since the message before; of the first, since the first packet. */
  readonly gapUs: number;
  readonly from: Sender;
  /** Payload. */
  readonly bytes: number;
  /** `A`, `B`, ... the same for messages of one size and sender; null for a size that comes once. */
  readonly mark: string | null;
  /** TLS records whose headers are in it. */
  readonly records: readonly TimelineRecord[];
}

/** A size that one side sends again and again. */
export interface Repeat {
  readonly mark: string;
  readonly from: Sender;
  readonly bytes: number;
  readonly count: number;
  /** Between one and the next, us. */
  readonly gapUs: { readonly least: number; readonly median: number; readonly most: number };
}

export interface Timeline {
  readonly messages: readonly TimelineMessage[];
  /** Whether the flow may have sent more than the row shows. */
  readonly isCut: boolean;
  /** Packets with payload that the row counts, retransmissions among them; null where it does not say. */
  readonly payloadPackets: number | null;
  /** Most frequent first. */
  readonly repeats: readonly Repeat[];
}

/** Marks are letters, and few enough to be told apart. */
const MOST_MARKS = 8;
const COLUMNS = ['payload_sizes', 'payload_times_us'] as const;

/** @returns null where the table has no columns of messages */
export function timelineOf(table: Table, row: number): Timeline | null {
  if (COLUMNS.some((name) => table.columns.get(name) === undefined)) return null;
  const sizes = itemsOf(table, 'payload_sizes', row);
  const times = itemsOf(table, 'payload_times_us', row);
  const count = Math.min(sizes.length, times.length);
  const records = recordsByPacket(table, row);
  const repeats = repeatsOf(sizes.slice(0, count), times);
  const messages = Array.from({ length: count }, (_, i): TimelineMessage => {
    const [size, timeUs] = [sizes[i]!, times[i]!];
    return {
      timeUs,
      gapUs: timeUs - (times[i - 1] ?? 0),
      from: senderOf(size),
      bytes: Math.abs(size),
      mark: repeats.find(({ from, bytes }) => from === senderOf(size) && bytes === Math.abs(size))?.mark ?? null,
      records: records.get(packetKey(size, timeUs)) ?? [],
    };
  });
  const [fwd, bwd] = ['fwd', 'bwd'].map((side) => numberCell(table, `${side}_payload_packets`, row));
  const payloadPackets = fwd == null || bwd == null ? null : fwd + bwd;
  return { messages, isCut: count >= LIMITS.sequence || count < sizes.length, payloadPackets, repeats };
}

/** A table of somebody else's may hold lists of any length. */
function itemsOf(table: Table, name: string, row: number): readonly number[] {
  const column = table.columns.get(name) as ListColumn | undefined;
  if (column === undefined || !('items' in column) || column.valid[row] !== 1) return [];
  const start = column.offsets[row]!;
  const end = Math.min(column.offsets[row + 1]!, start + LIMITS.messages);
  return Array.from(column.items.subarray(start, end), (item) => (Number.isFinite(item) ? item : 0));
}

function senderOf(size: number): Sender {
  return size < 0 ? 'responder' : 'initiator';
}

/** A record's header was captured with the packet that holds it. */
function packetKey(size: number, timeUs: number): string {
  return `${senderOf(size)} ${timeUs}`;
}

function recordsByPacket(table: Table, row: number): Map<string, TimelineRecord[]> {
  const [lengths = [], types = [], times = []] = ['lengths', 'types', 'times_us'].map((what) =>
    itemsOf(table, `tls_record_${what}`, row),
  );
  const found = new Map<string, TimelineRecord[]>();
  lengths.slice(0, times.length).forEach((length, i) => {
    const key = packetKey(length, times[i]!);
    found.set(key, [...(found.get(key) ?? []), { type: types[i] ?? null, bytes: Math.abs(length) }]);
  });
  return found;
}

function repeatsOf(sizes: readonly number[], times: readonly number[]): Repeat[] {
  const bySize = new Map<number, number[]>();
  for (const [i, size] of sizes.entries()) bySize.set(size, [...(bySize.get(size) ?? []), times[i]!]);
  return [...bySize]
    .filter(([, own]) => own.length > 1)
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, MOST_MARKS)
    .map(([size, own], i) => ({
      mark: String.fromCharCode(65 + i),
      from: senderOf(size),
      bytes: Math.abs(size),
      count: own.length,
      gapUs: spreadOf(own.slice(1).map((time, k) => time - own[k]!)),
    }));
}

function spreadOf(gaps: readonly number[]): Repeat['gapUs'] {
  const sorted = [...gaps].sort((a, b) => a - b);
  return { least: sorted[0]!, median: sorted[sorted.length >> 1]!, most: sorted.at(-1)! };
}
