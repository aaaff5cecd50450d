/** Test-only: every TCP conversation of a capture, read for its TLS hellos the way the product does it. */
import { Prefix } from '../../../features/flow/prefix.ts';
import { type Side, TlsHandshake } from '../../../features/protocol/tls/handshake-reader.ts';
import { tcpSegments } from './pcap-helper.ts';

export interface TlsFlow {
  /** The endpoints in the order of their sides, `address:port`. */
  readonly ends: readonly [string, string];
  readonly handshake: TlsHandshake;
}

interface Conversation extends TlsFlow {
  readonly prefixes: [Prefix | null, Prefix | null];
  readonly initial: [number | null, number | null];
}

/** One flow per TCP connection: a SYN with a new sequence number starts another between the same endpoints. */
export function tlsFlows(path: string): TlsFlow[] {
  const open = new Map<string, Conversation>();
  const all: Conversation[] = [];
  for (const segment of tcpSegments(path)) {
    const { source, destination } = segment;
    const key = source < destination ? `${source} ${destination}` : `${destination} ${source}`;
    let flow = open.get(key);
    const side = (): Side => (flow!.ends[0] === source ? 0 : 1);
    const isNew = flow === undefined || (segment.syn && !segment.ack && flow.initial[side()] !== segment.seq);
    if (isNew) {
      flow = {
        ends: [source, destination],
        handshake: new TlsHandshake(),
        prefixes: [null, null],
        initial: [null, null],
      };
      open.set(key, flow);
      all.push(flow);
    }
    if (segment.syn) flow!.initial[side()] = segment.seq;
    const { payload } = segment;
    if (payload.length === 0) continue;
    const at = side();
    const seq = segment.syn ? segment.seq + 1 : segment.seq;
    const start = flow!.initial[at];
    flow!.prefixes[at] ??= new Prefix(start === null ? null : start + 1);
    flow!.prefixes[at].push(seq, payload, 0, payload.length, (bytes, from, to) =>
      flow!.handshake.feed(at, bytes, from, to),
    );
  }
  return all;
}
