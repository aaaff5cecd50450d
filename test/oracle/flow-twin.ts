/**
 * The slow, obvious twin of flow tracking and flow statistics: a Map of objects that keep all their packets, scanned
 * whole for every packet; every number is computed from those lists when the flow is over. Time is whole microseconds
 * for timeouts, as in the tracker; nanoseconds count in gaps and in the order of rows.
 */
import { flowId } from '../../features/flow/key.ts';
import { type TwinKind, type TwinStreams, twinKind } from './segment-twin.ts';

export interface TwinPacket {
  readonly us: number;
  readonly ns: number;
  readonly from: string;
  readonly to: string;
  readonly protocol: 'tcp' | 'udp';
  /** TCP flag letters (FSRPAUEC), '' for UDP. */
  readonly flags: string;
  readonly sequence: number;
  readonly payload: number;
  readonly ttl: number;
}

export interface TwinOptions {
  /** Microseconds, Infinity for never. */
  readonly idle: number;
  readonly active: number;
  readonly maxFlows: number;
}

export interface TwinFlow {
  readonly id: number;
  readonly part: number;
  /** The packets of the part. */
  readonly packets: TwinPacket[];
  /** The packets of all parts so far: direction and connection are decided over these. */
  readonly connection: TwinPacket[];
  /** What each packet of the connection is in its side's stream. */
  readonly kinds: Map<TwinPacket, TwinKind>;
  readonly streams: TwinStreams;
  /** The tracker's clock at the last packet, us. */
  touched: number;
  reason: string;
  end: { us: number; ns: number };
}

const LINGER = 5_000_000;

export const has = (packet: TwinPacket, flag: string) => packet.flags.includes(flag);
const isSyn = (packet: TwinPacket) => has(packet, 'S') && !has(packet, 'A');

/** All flows in the order in which their rows are due. */
export function twinFlows(packets: readonly TwinPacket[], options: TwinOptions): TwinFlow[] {
  const linger = Math.min(LINGER, options.idle);
  /** In the table: the open ones least recently seen first, the closed ones in the order of closing. */
  const open = new Map<string, TwinFlow>();
  const closed = new Map<string, TwinFlow>();
  const over: TwinFlow[] = [];
  let clock = 0;

  const end = (key: string, flow: TwinFlow, reason: string, us: number, ns: number) => {
    flow.reason = reason;
    flow.end = { us, ns: us === Infinity ? 0 : ns };
    open.delete(key);
    over.push(flow);
  };
  const endIdle = (key: string, flow: TwinFlow) => {
    const last = latest(flow.packets);
    end(key, flow, 'idle', last.us + options.idle, last.ns);
  };
  const retire = (key: string, flow: TwinFlow) => {
    closed.delete(key);
    over.push(flow);
  };
  const evict = () => {
    const oldestClosed = [...closed][0];
    const oldestOpen = [...open][0];
    if (oldestClosed !== undefined) retire(...oldestClosed);
    else if (oldestOpen !== undefined) end(...oldestOpen, 'evicted', clock, 0);
  };

  for (const packet of packets) {
    clock = Math.max(clock, packet.us);
    for (const [key, flow] of closed) {
      if (clock - flow.end.us < linger) break;
      retire(key, flow);
    }
    for (const [key, flow] of open) if (clock - flow.touched >= options.idle) endIdle(key, flow);

    const key = [packet.protocol, ...[packet.from, packet.to].sort()].join(' ');
    let flow = closed.get(key);
    if (flow !== undefined && isSyn(packet)) {
      retire(key, flow);
      flow = undefined;
    }
    if (flow === undefined) {
      flow = open.get(key);
      if (flow !== undefined && isNewConnection(flow, packet)) {
        if (flow.connection.some((old) => has(old, 'F'))) end(key, flow, 'fin', clock, 0);
        else endIdle(key, flow);
        flow = undefined;
      } else if (flow !== undefined && packet.us - latest(flow.packets).us >= options.idle) {
        endIdle(key, flow);
        flow = undefined;
      } else if (flow !== undefined && packet.us - earliest(flow.packets).us >= options.active) {
        const first = earliest(flow.packets);
        end(key, flow, 'active', first.us + options.active, first.ns);
        flow = { ...flow, part: flow.part + 1, packets: [], connection: [...flow.connection], reason: 'open' };
      }
      if (flow === undefined) {
        if (open.size + closed.size >= options.maxFlows) evict();
        flow = newFlow(packet);
      }
      open.delete(key);
      open.set(key, flow);
      flow.touched = clock;
    }
    flow.kinds.set(
      packet,
      twinKind(
        flow.streams,
        packet,
        flow.packets.find((old) => old.from === packet.from),
      ),
    );
    flow.packets.push(packet);
    flow.connection.push(packet);
    if (flow.reason === 'open' && closes(flow, packet)) {
      flow.reason = has(packet, 'R') ? 'rst' : 'fin';
      flow.end = { us: packet.us, ns: packet.ns };
      open.delete(key);
      closed.set(key, flow);
    }
  }
  for (const [key, flow] of [...closed]) retire(key, flow);
  for (const [key, flow] of [...open]) end(key, flow, 'eof', Infinity, 0);
  return over.sort(inEndOrder);
}

function newFlow(packet: TwinPacket): TwinFlow {
  const id = flowId(keyWords(packet), 0, packet.us, packet.ns);
  return {
    id,
    part: 0,
    packets: [],
    connection: [],
    kinds: new Map(),
    streams: new Map(),
    touched: packet.us,
    reason: 'open',
    end: { us: 0, ns: 0 },
  };
}

/** RST, or FIN from both sides. */
function closes(flow: TwinFlow, packet: TwinPacket): boolean {
  if (has(packet, 'R')) return true;
  if (!has(packet, 'F')) return false;
  return new Set(flow.connection.filter((old) => has(old, 'F')).map((old) => old.from)).size === 2;
}

/** A SYN with another number than the sender's last; or, if it never sent one, one that does not fit what it sent. */
function isNewConnection(flow: TwinFlow, packet: TwinPacket): boolean {
  if (!isSyn(packet)) return false;
  const syns = flow.connection.filter((old) => has(old, 'S'));
  const own = syns.filter((old) => old.from === packet.from).at(-1);
  if (own !== undefined) return own.sequence !== packet.sequence;
  const first = flow.packets.find((old) => old.from === packet.from);
  return first === undefined ? syns.length === 0 : (packet.sequence + 1) % 2 ** 32 !== first.sequence;
}

/** The sender of the SYN; else of what the SYN-ACK answers; else the only side with a high port; else the first sender. */
export function initiator(flow: TwinFlow): string {
  const first = flow.connection[0]!;
  const syn = flow.connection.find(isSyn);
  if (syn !== undefined) return syn.from;
  const synAck = flow.connection.find((packet) => has(packet, 'S'));
  if (synAck !== undefined) return synAck.to;
  const high = [first.from, first.to].filter((side) => portOf(side) >= 1024);
  return high.length === 1 ? high[0]! : first.from;
}

const time = (packet: TwinPacket) => packet.us * 1000 + packet.ns;
export const earliest = (packets: readonly TwinPacket[]) => packets.reduce((a, b) => (time(b) < time(a) ? b : a));
export const latest = (packets: readonly TwinPacket[]) => packets.reduce((a, b) => (time(b) > time(a) ? b : a));

function inEndOrder(a: TwinFlow, b: TwinFlow): number {
  if (a.end.us !== b.end.us) return a.end.us < b.end.us ? -1 : 1;
  return a.end.ns - b.end.ns || a.id - b.id || a.part - b.part;
}

export function portOf(side: string): number {
  return Number(side.slice(side.lastIndexOf(':') + 1));
}

/** The key's words as key.ts documents them; sides are `10.0.0.N:PORT` or `[fd00::N]:PORT`, N below 10. */
function keyWords({ from, to, protocol }: TwinPacket): Int32Array {
  const host = (side: string) => Number(/(\d)\]?:\d+$/.exec(side)![1]);
  const six = from.startsWith('[');
  const [a, b] = [from, to].sort((one, other) => host(one) - host(other) || portOf(one) - portOf(other)) as [
    string,
    string,
  ];
  const address = (side: string) => (six ? [0xfd000000, 0, 0, host(side)] : [0, 0, 0, 0x0a000000 + host(side)]);
  const kind = ((six ? 6 : 4) << 8) | (protocol === 'tcp' ? 6 : 17);
  return Int32Array.from([kind, portOf(a) * 65536 + portOf(b), ...address(a), ...address(b)]);
}
