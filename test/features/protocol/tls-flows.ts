/** Test-only: every TCP conversation of a capture, read for its TLS hellos the plain way. */
import { Prefix } from '../../../features/flow/prefix.ts';
import { type ClientHello, decodeClientHello } from '../../../features/protocol/tls/client-hello.ts';
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

/** ClientHellos of each endpoint in the order sent, the one after a HelloRetryRequest (RFC 8446 4.1.4) included. */
export function repeatedClientHellos(path: string): Map<string, ClientHello[]> {
  const streams = new Map<string, { prefix: Prefix; bytes: number[] }>();
  for (const { source, destination, seq, payload, syn } of tcpSegments(path)) {
    const key = `${source} ${destination}`;
    if (syn || !streams.has(key)) streams.set(key, { prefix: new Prefix(syn ? seq + 1 : null), bytes: [] });
    const { prefix, bytes } = streams.get(key)!;
    prefix.push(syn ? seq + 1 : seq, payload, 0, payload.length, (from, at, end) =>
      bytes.push(...from.subarray(at, end)),
    );
  }
  return new Map([...streams].map(([key, { bytes }]) => [key, hellosIn(bytes)]));
}

function hellosIn(stream: readonly number[]): ClientHello[] {
  const messages: number[] = [];
  // Behind a dialogue in the clear, such as SOCKS, the first record is the one that begins with a ClientHello.
  const start = stream.findIndex((byte, at) => byte === 22 && stream[at + 1] === 3 && stream[at + 5] === 1);
  for (let at = start < 0 ? stream.length : start; at + 5 <= stream.length; ) {
    const [type, , , high, low] = stream.slice(at, at + 5) as [number, number, number, number, number];
    const next = at + 5 + high * 256 + low;
    if ((type !== 20 && type !== 22) || next > stream.length) break;
    if (type === 22) messages.push(...stream.slice(at + 5, next));
    at = next;
  }
  const bytes = Uint8Array.from(messages);
  const hellos: ClientHello[] = [];
  for (let at = 0; at + 4 <= bytes.length && bytes[at] === 1; ) {
    const end = at + 4 + bytes[at + 1]! * 65536 + bytes[at + 2]! * 256 + bytes[at + 3]!;
    const hello = end <= bytes.length ? decodeClientHello(bytes, at + 4, end) : null;
    if (hello === null) break;
    hellos.push(hello);
    at = end;
  }
  return hellos;
}
