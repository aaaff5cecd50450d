/**
 * What a capture on a host shows instead of segments: the card cuts what is sent after the capture has seen it (TSO), and joins
 * what is received before it does (GRO). Both put segments that follow each other into one frame of up to 64 KB.
 */
import type { Packet } from '../transport/connection.ts';
import { TcpFlag } from '../transport/frame.ts';
import type { Tap } from './tap.ts';

/** An IP packet has 65,535 bytes at most, and headers of up to 120 (IPv6 with all the options of TCP). */
const PAYLOAD_BYTES_MAX = 65_535 - 120;
/** What is written at once leaves at once: the gaps are the link's, which the card waits for. Chosen above any of them. */
const SENT_GAP_US = 1_000;
/** Frames joined are those that one interrupt finds; chosen. */
const RECEIVED_GAP_US = 100;
const PLAIN = TcpFlag.Ack | TcpFlag.Psh;

/** @param packets of one connection, in time order; the client is the host that captures. */
export function joinOffloaded(packets: readonly Packet[], offload: Tap['offload']): Packet[] {
  if (offload === 'none') return [...packets];
  const runs = { client: [] as Packet[], server: [] as Packet[] };
  const joined: Packet[] = [];
  const flush = (from: Packet['from']) => {
    const run = runs[from];
    if (run.length > 0) joined.push(run.length === 1 ? run[0]! : joinRun(run));
    runs[from] = [];
  };
  for (const packet of packets) {
    const { from } = packet;
    const joinable = (from === 'client' || offload === 'both') && packet.payload.length > 0;
    if (!joinable || !follows(runs[from], packet)) flush(from);
    if (joinable) runs[from].push(packet);
    else joined.push(packet);
  }
  flush('client');
  flush('server');
  return joined.sort((a, b) => a.tapUs - b.tapUs);
}

/** True if the packet goes on where the run ends, with the same fields: what a card may join (a push ends the frame). */
function follows(run: readonly Packet[], packet: Packet): boolean {
  const last = run[run.length - 1];
  if (last === undefined) return false;
  const gapUs = packet.tapUs - last.tapUs;
  const bytes = run.reduce((sum, { payload }) => sum + payload.length, packet.payload.length);
  return (
    packet.seq === last.seq + last.payload.length &&
    packet.ack === last.ack &&
    packet.closed === last.closed &&
    (last.flags & TcpFlag.Psh) === 0 &&
    (packet.flags & ~PLAIN) === 0 &&
    gapUs <= (packet.from === 'client' ? SENT_GAP_US : RECEIVED_GAP_US) &&
    bytes <= PAYLOAD_BYTES_MAX
  );
}

/** Sent: seen when the first of it leaves. Received: when the last of it is there. */
function joinRun(run: readonly Packet[]): Packet {
  const first = run[0]!;
  const last = run[run.length - 1]!;
  const payload = new Uint8Array(run.reduce((sum, packet) => sum + packet.payload.length, 0));
  let at = 0;
  for (const packet of run) {
    payload.set(packet.payload, at);
    at += packet.payload.length;
  }
  return { ...first, payload, flags: last.flags, tapUs: first.from === 'client' ? first.tapUs : last.tapUs };
}
