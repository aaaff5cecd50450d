/** Rows of flows that say given bytes in the clear. */
import { concat } from '../../support/bytes.ts';
import { pcap } from '../../support/captures.ts';
import { Flag, tcp } from '../../support/frames.ts';
import { extractRows, type Row } from '../../support/rows.ts';

export const CLIENT = '10.0.0.1:40000';
export const SERVER = '192.0.2.7:3333';

/** What one side says next. */
export interface Said {
  readonly side: 0 | 1;
  readonly bytes: Uint8Array;
}

export const up = (bytes: Uint8Array): Said => ({ side: 0, bytes });
export const down = (bytes: Uint8Array): Said => ({ side: 1, bytes });

export interface Segment extends Said {
  readonly sequence: number;
}

/** In the sequence number space of each side, which wraps around in the middle of what is said. */
export const FIRST = [0xffff_fff0, 1000] as const;

/** Segments in order. */
export function segments(said: readonly Said[]): Segment[] {
  const next: [number, number] = [...FIRST];
  return said.map(({ side, bytes }) => {
    const sequence = next[side];
    next[side] = (sequence + bytes.length) >>> 0;
    return { side, bytes, sequence };
  });
}

export interface FlowShape {
  readonly server?: string;
  readonly withSyn?: boolean;
}

export function framesOf(sent: readonly Segment[], { server = SERVER, withSyn = true }: FlowShape = {}): Uint8Array[] {
  const ends = [CLIENT, server] as const;
  const syns = [
    tcp({ from: CLIENT, to: server, flags: Flag.SYN, seq: FIRST[0] - 1 }),
    tcp({ from: server, to: CLIENT, flags: Flag.SYN | Flag.ACK, seq: FIRST[1] - 1 }),
  ];
  const data = sent.map(({ side, bytes, sequence }) =>
    tcp({ from: ends[side], to: ends[1 - side]!, seq: sequence, payload: bytes }),
  );
  return withSyn ? [...syns, ...data] : data;
}

export function rowOf(frames: readonly Uint8Array[]): Row {
  const { rows } = extractRows(pcap(frames.map((bytes, i) => ({ at: 1 + i / 100, bytes }))), { activeTimeout: 0 });
  return rows[0]!;
}

export function rowOfSaid(said: readonly Said[], shape?: FlowShape): Row {
  return rowOf(framesOf(segments(said), shape));
}

/** Everything that one side says. */
export function wholeOf(said: readonly Said[], side: 0 | 1): Uint8Array {
  return concat(...said.filter((one) => one.side === side).map(({ bytes }) => bytes));
}

/** The cells of the row that are not null, of columns that begin with one of these. */
export function cellsOf(row: Row, ...prefixes: readonly string[]): Row {
  return Object.fromEntries(
    Object.entries(row).filter(([name, value]) => value !== null && prefixes.some((prefix) => name.startsWith(prefix))),
  );
}
