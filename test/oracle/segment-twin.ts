/**
 * The slow twin of features/flow/segments.ts: each side's stream as the set of the numbers of all bytes that were seen. It
 * knows any number of holes, where the tracker knows the youngest: they agree while a side has at most one at a time.
 */
import { has, type TwinPacket } from './flow-twin.ts';

export type TwinKind = 'fresh' | 'retransmission' | 'keep-alive';

/** One side's stream; numbers are taken as signed, for those that tests use lie around 0. */
export interface TwinStream {
  /** What comes before counts as seen. */
  readonly origin: number;
  readonly seen: Set<number>;
  next: number;
}

interface TwinSide {
  stream: TwinStream | null;
  syn: number | null;
}

export type TwinStreams = Map<string, TwinSide>;

/**
 * What the packet is, and takes its bytes down.
 *
 * @param first the side's first packet in the part, before this one
 */
export function twinKind(streams: TwinStreams, packet: TwinPacket, first: TwinPacket | undefined): TwinKind {
  if (packet.protocol !== 'tcp') return 'fresh';
  const side = streams.get(packet.from) ?? { stream: null, syn: null };
  streams.set(packet.from, side);
  const isSyn = has(packet, 'S');
  const repeats =
    side.syn === null
      ? first !== undefined && (packet.sequence + 1) >>> 0 === first.sequence
      : side.syn === packet.sequence;
  if (isSyn) side.syn = packet.sequence;
  if (has(packet, 'R')) return 'fresh';
  const start = (packet.sequence | 0) + (isSyn ? 1 : 0);
  const numbers = Array.from({ length: packet.payload }, (_, i) => start + i);
  const end = start + packet.payload + (has(packet, 'F') ? 1 : 0);
  if (side.stream === null || (isSyn && !repeats)) {
    side.stream = { origin: start, seen: new Set(), next: start };
    take(side.stream, numbers, packet, end);
    return 'fresh';
  }
  const { stream } = side;
  const isProbe = start === stream.next - 1 && packet.payload <= 1 && !isSyn && !has(packet, 'F');
  const isNew = numbers.some((number) => number >= stream.origin && !stream.seen.has(number));
  take(stream, numbers, packet, end);
  if (isNew) return 'fresh';
  if (isProbe) return 'keep-alive';
  return packet.payload === 0 ? 'fresh' : 'retransmission';
}

/** The number of a FIN is taken, too, where it is the last; elsewhere it makes no sense. */
function take(stream: TwinStream, numbers: readonly number[], packet: TwinPacket, end: number): void {
  for (const number of numbers) stream.seen.add(number);
  if (has(packet, 'F') && end > stream.next) stream.seen.add(end - 1);
  stream.next = Math.max(stream.next, end);
}
