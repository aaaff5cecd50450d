/** Test-only: every TCP conversation of a capture, read for its TLS hellos the plain way. */
import { Prefix } from '../../../features/flow/prefix.ts';
import type { ClientHello } from '../../../features/protocol/tls/client-hello.ts';
import { WHOLE_HELLOS } from '../../../features/protocol/tls/hello-reader.ts';
import type { ServerHello } from '../../../features/protocol/tls/server-hello.ts';
import { type Side, TlsHandshake } from '../../oracle/tls-handshake.ts';
import { canonicalAddress, tcpSegments } from './pcap-helper.ts';

export interface TlsFlow {
  /** The endpoints in the order of their sides, `address:port`. */
  readonly ends: readonly [string, string];
  readonly handshake: TlsHandshake<ClientHello, ServerHello>;
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
        handshake: new TlsHandshake(WHOLE_HELLOS),
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

/** `address:port` with the address in one notation. */
export function endpoint(text: string): string {
  const at = text.lastIndexOf(':');
  return canonicalAddress(text.slice(0, at).replace(/[[\]]/g, '')) + text.slice(at);
}

/** The flows between two endpoints; there may be several connections. */
export function between(flows: readonly TlsFlow[], a: string, b: string): TlsFlow[] {
  return flows.filter(({ ends }) => (ends[0] === a && ends[1] === b) || (ends[0] === b && ends[1] === a));
}

export function clientHellos(flows: readonly TlsFlow[]): ClientHello[] {
  return flows.flatMap(({ handshake }) => (handshake.clientHello === null ? [] : [handshake.clientHello]));
}

export function serverHellos(flows: readonly TlsFlow[]): ServerHello[] {
  return flows.flatMap(({ handshake }) => (handshake.serverHello === null ? [] : [handshake.serverHello]));
}
