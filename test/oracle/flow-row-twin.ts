/** The numbers of a flow row from the list of its packets, each by its definition. */

import { earliest, has, initiator, latest, portOf, type TwinFlow, type TwinPacket } from './flow-twin.ts';
import { messageColumns, type TwinMessage } from './message-twin.ts';
import { activityColumns, deliveryColumns, payloadColumns } from './packet-columns-twin.ts';
import { roleColumns } from './roles-twin.ts';

export type TwinRow = Record<string, unknown>;

const SEQUENCE = 32;
const FLAG_NAMES = { F: 'fin', S: 'syn', R: 'rst', P: 'psh', A: 'ack', U: 'urg', E: 'ece', C: 'cwr' } as const;

export function twinRow(flow: TwinFlow): TwinRow {
  const { packets } = flow;
  const sides = {
    fwd: packets.filter((p) => p.from === initiator(flow)),
    bwd: packets.filter((p) => p.from !== initiator(flow)),
  };
  const [source, target] = endpoints(flow);
  const row: TwinRow = {
    flow_id: flow.id,
    part: flow.part,
    first_seen: timeText(earliest(packets)),
    last_seen: timeText(latest(packets)),
    src_ip: hostOf(source),
    src_port: portOf(source),
    dst_ip: hostOf(target),
    dst_port: portOf(target),
    protocol: packets[0]!.protocol,
    src_ttl: sides.fwd[0]?.ttl ?? null,
    dst_ttl: sides.bwd[0]?.ttl ?? null,
    end_reason: flow.reason,
    duration_us: gap(earliest(packets), latest(packets)),
    ...summary('flow_iat_', '_us', gaps(packets)),
    ...sequenceColumns(flow),
    ...messageColumns(messagesOf(flow)),
    ...roleColumns(messagesOf(flow)),
    ...activityColumns(flow),
    ...deliveryColumns(flow),
    ...payloadColumns(flow),
  };
  for (const [name, side] of Object.entries(sides)) Object.assign(row, sideColumns(name, side, packets[0]!.protocol));
  return row;
}

function sideColumns(name: string, side: readonly TwinPacket[], protocol: string): TwinRow {
  const lengths = side.map(ipLength);
  const payloads = side.map((packet) => packet.payload).filter((payload) => payload > 0);
  const flags = Object.entries(FLAG_NAMES).map(([letter, flag]) => {
    const count = protocol === 'tcp' ? side.filter((packet) => has(packet, letter)).length : null;
    return [`${name}_${flag}_packets`, count];
  });
  return {
    [`${name}_packets`]: side.length,
    [`${name}_bytes`]: sum(lengths),
    [`${name}_payload_packets`]: payloads.length,
    [`${name}_payload_bytes`]: sum(payloads),
    ...summary(`${name}_packet_size_`, '', lengths),
    ...summary(`${name}_payload_size_`, '', payloads),
    ...summary(`${name}_iat_`, '_us', gaps(side)),
    ...Object.fromEntries(flags),
  };
}

function sequenceColumns(flow: TwinFlow): TwinRow {
  const shown = messagesOf(flow).slice(0, SEQUENCE);
  return { payload_sizes: shown.map(({ size }) => size), payload_times_us: shown.map(({ us }) => us) };
}

/** Packets with new payload, sizes positive from the initiator. */
export function messagesOf(flow: TwinFlow): TwinMessage[] {
  const first = earliest(flow.packets);
  return flow.packets
    .filter((packet) => packet.payload > 0 && flow.kinds.get(packet) === 'fresh')
    .map((packet) => ({
      size: packet.from === initiator(flow) ? packet.payload : -packet.payload,
      us: gap(first, packet),
    }));
}

/** Both sides, the initiator first. */
function endpoints(flow: TwinFlow): readonly [string, string] {
  const { from, to } = flow.packets[0]!;
  return initiator(flow) === from ? [from, to] : [to, from];
}

/** From each packet's time to the next; a packet with an older time than one before it adds no gap and no time. */
export function gaps(packets: readonly TwinPacket[]): number[] {
  return packets.slice(1).map((packet, i) => gap(latest(packets.slice(0, i + 1)), packet));
}

export function gap(from: TwinPacket, to: TwinPacket): number {
  return Math.max(0, to.us - from.us + (to.ns - from.ns) / 1000);
}

/** Two passes: first the mean, then the deviations from it. */
export function summary(prefix: string, suffix: string, values: readonly number[]): TwinRow {
  const named = (min: number | null, mean: number | null, std: number | null, max: number | null) => ({
    [`${prefix}min${suffix}`]: min,
    [`${prefix}mean${suffix}`]: mean,
    [`${prefix}std${suffix}`]: std,
    [`${prefix}max${suffix}`]: max,
  });
  if (values.length === 0) return named(null, null, null, null);
  const mean = sum(values) / values.length;
  const std = Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
  return named(Math.min(...values), mean, std, Math.max(...values));
}

export function ipLength(packet: TwinPacket): number {
  return (packet.from.startsWith('[') ? 40 : 20) + (packet.protocol === 'tcp' ? 20 : 8) + packet.payload;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function hostOf(side: string): string {
  return side.slice(0, side.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

function timeText({ us, ns }: TwinPacket): string {
  const seconds = Math.floor(us / 1e6);
  const fraction = (us - seconds * 1e6) * 1000 + ns;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(fraction).padStart(9, '0')}Z`;
}
