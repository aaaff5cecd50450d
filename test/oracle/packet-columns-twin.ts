/** Columns that all packets of a part decide: activity, delivery, and what first bytes look like. */
import { gap, gaps, ipLength, summary, type TwinRow } from './flow-row-twin.ts';
import { earliest, has, initiator, latest, type TwinFlow, type TwinPacket } from './flow-twin.ts';

const PAUSE = 5_000_000;
const MINUTE = 60_000_000;
const SAMPLE = 64;

export function activityColumns({ packets, ...flow }: TwinFlow): TwinRow {
  const duration = gap(earliest(packets), latest(packets));
  const between = gaps(packets);
  const pauses = between.filter((us) => us >= PAUSE);
  // From the latest packet before each pause back to the one that ended the pause before; the first period begins with
  // the earliest packet, whenever that came.
  const ends = [...packets.keys()].slice(1).filter((i) => between[i - 1]! >= PAUSE);
  const periods = [0, ...ends].map((start, i) => {
    const own = packets.slice(0, ends[i] ?? packets.length);
    return gap(start === 0 ? earliest(own) : packets[start]!, latest(own));
  });
  const from = initiator({ packets, ...flow });
  const rates = (['fwd', 'bwd'] as const).flatMap((side): [string, number | null][] => {
    const own = packets.filter((packet) => (packet.from === from) === (side === 'fwd'));
    const rate = (amount: number) => (duration === 0 ? null : (amount * MINUTE) / duration);
    return [
      [`${side}_packets_per_minute`, rate(own.length)],
      [`${side}_bytes_per_minute`, rate(sum(own.map(ipLength)))],
    ];
  });
  return {
    active_periods: periods.length,
    ...summary('active_', '_us', periods),
    ...summary('idle_', '_us', pauses),
    idle_share: duration === 0 ? null : sum(pauses) / duration,
    ...Object.fromEntries(rates),
  };
}

export function deliveryColumns(flow: TwinFlow): TwinRow {
  const { packets } = flow;
  const isTcp = packets[0]!.protocol === 'tcp';
  const from = initiator(flow);
  const fwd = packets.filter((packet) => packet.from === from);
  const bwd = packets.filter((packet) => packet.from !== from);
  const payload = (side: readonly TwinPacket[]) => sum(side.map((packet) => packet.payload));
  return {
    payload_ratio: payload(bwd) === 0 ? null : payload(fwd) / payload(bwd),
    ...sideDelivery('fwd', isTcp, fwd, flow),
    ...sideDelivery('bwd', isTcp, bwd, flow),
    ...handshake(isTcp, packets, from),
  };
}

function sideDelivery(side: string, isTcp: boolean, own: readonly TwinPacket[], { kinds }: TwinFlow): TwinRow {
  const isBare = (packet: TwinPacket) =>
    has(packet, 'A') && !/[SFR]/.test(packet.flags) && packet.payload === 0 && kinds.get(packet) === 'fresh';
  const bare = own.filter(isBare).length;
  const probes = own.filter((packet) => kinds.get(packet) === 'keep-alive').length;
  const repeated = own.filter((packet) => kinds.get(packet) === 'retransmission').length;
  const payloads = own.filter((packet) => packet.payload > 0).length;
  const share = (part: number, whole: number) => (isTcp && whole > 0 ? part / whole : null);
  return {
    [`${side}_bare_ack_packets`]: isTcp ? bare : null,
    [`${side}_bare_ack_share`]: share(bare, own.length),
    [`${side}_keep_alive_packets`]: isTcp ? probes : null,
    [`${side}_keep_alive_share`]: share(probes, own.length),
    [`${side}_retransmissions`]: isTcp ? repeated : null,
    [`${side}_retransmission_share`]: share(repeated, payloads),
    [`${side}_psh_share`]: share(own.filter((packet) => has(packet, 'P')).length, own.length),
  };
}

function handshake(isTcp: boolean, packets: readonly TwinPacket[], from: string): TwinRow {
  const none = { syn_to_synack_us: null, synack_to_ack_us: null };
  const syns = packets.filter((packet) => has(packet, 'S'));
  const [syn, ...otherSyns] = syns.filter((packet) => packet.from === from);
  const [answer, ...otherAnswers] = syns.filter((packet) => packet.from !== from);
  if (!isTcp || syn === undefined || answer === undefined || otherSyns.length + otherAnswers.length > 0) return none;
  const both = Math.max(packets.indexOf(syn), packets.indexOf(answer));
  const ack = packets.find((packet, i) => i > both && packet.from === from && has(packet, 'A'));
  if (ack === undefined || time(answer) < time(syn) || time(ack) < time(answer)) return none;
  return { syn_to_synack_us: gap(syn, answer), synack_to_ack_us: gap(answer, ack) };
}

/** Payloads in tests are runs of the byte that their length says: see payloadOf. */
export function payloadColumns(flow: TwinFlow): TwinRow {
  const from = initiator(flow);
  const sides = (['fwd', 'bwd'] as const).map((side): TwinRow => {
    const first = flow.packets.find(
      (packet) =>
        (packet.from === from) === (side === 'fwd') && packet.payload > 0 && flow.kinds.get(packet) === 'fresh',
    );
    const bytes = [...payloadOf(first?.payload ?? 0)].slice(0, SAMPLE);
    const shares = [...new Set(bytes)].map((byte) => bytes.filter((other) => other === byte).length / bytes.length);
    const printable = bytes.filter((byte) => (byte >= 32 && byte <= 126) || [9, 10, 13].includes(byte));
    return {
      [`${side}_first_entropy`]: first && Math.abs(sum(shares.map((share) => -share * Math.log2(share)))),
      [`${side}_first_printable`]: first && printable.length / bytes.length,
    };
  });
  return Object.fromEntries(
    sides.flatMap((columns) => Object.entries(columns)).map(([name, value]) => [name, value ?? null]),
  );
}

/** The payload of a test packet, so that its length says what is in it. */
export function payloadOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * length) % 151);
}

const time = (packet: TwinPacket) => packet.us * 1000 + packet.ns;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
