/**
 * The two hellos of a DTLS handshake. Without the cookie (RFC 6347 4.2.1: between session id and cipher suites) a
 * ClientHello has the layout of TLS's, so it is taken out and the rest read as one. A server's hello is the same as it is.
 */
import { Pieces } from '../pieces.ts';
import { ContentType, HandshakeType } from '../tls/constants.ts';
import type { HelloReader } from '../tls/hello-reader.ts';
import { DTLS_LIMITS } from './limits.ts';
import { DtlsFragment, DtlsRecord, HelloVerifyRequest } from './record.ts';

/** Where the length of the session id stands in a ClientHello: behind version and random. */
const SESSION_LENGTH = 34;
/** Objects of a handshake, bytes. */
const BASE_BYTES = 512;

/** Shared by all handshakes: nothing in them lasts longer than a datagram. */
const record = new DtlsRecord();
const fragment = new DtlsFragment();

/** What is kept of a DTLS handshake. */
export class DtlsSummary<Client, Server> {
  client: Client | null = null;
  server: Server | null = null;
  /** The server asked for the cookie that proves the client's address. */
  hasHelloVerify = false;

  copy(): DtlsSummary<Client, Server> {
    return Object.assign(new DtlsSummary<Client, Server>(), this);
  }
}

/** A message that comes in fragments. */
interface Partial {
  readonly type: number;
  readonly sequence: number;
  readonly length: number;
  readonly pieces: Pieces;
}

export class DtlsHandshake<Client, Server> {
  /** Replaced by its copy where a flow is cut. */
  summary = new DtlsSummary<Client, Server>();
  isOver = false;
  readonly #hellos: HelloReader<Client, Server>;
  /** By side. */
  readonly #partials: [Partial | null, Partial | null] = [null, null];
  #datagrams = 0;

  constructor(hellos: HelloReader<Client, Server>) {
    this.#hellos = hellos;
  }

  /** Memory that it takes. */
  get bytes(): number {
    const [one, other] = this.#partials;
    return BASE_BYTES + (one?.pieces.bytes.length ?? 0) + (other?.pieces.bytes.length ?? 0);
  }

  /** Takes the captured part `bytes[at, end)` of a datagram that ended at `wireEnd` on the wire. */
  datagram(side: 0 | 1, bytes: Uint8Array, at: number, end: number, wireEnd: number): void {
    while (!this.isOver && record.read(bytes, at, end, wireEnd)) {
      if (record.type === ContentType.Handshake && !record.isEncrypted) {
        this.#fragments(side, bytes, record.bodyAt, Math.min(end, record.bodyEnd), record.bodyEnd);
      }
      at = record.bodyEnd;
    }
    if (++this.#datagrams >= DTLS_LIMITS.datagrams) this.isOver = true;
  }

  #fragments(side: 0 | 1, bytes: Uint8Array, at: number, end: number, recordEnd: number): void {
    while (!this.isOver && fragment.read(bytes, at, end, recordEnd)) {
      if (fragment.type === HelloVerifyRequest) this.summary.hasHelloVerify = true;
      else if (this.#isWanted(fragment.type)) this.#fragment(side, bytes, Math.min(end, fragment.end));
      at = fragment.end;
    }
  }

  #isWanted(type: number): boolean {
    const { client, server } = this.summary;
    return type === HandshakeType.ClientHello ? client === null : type === HandshakeType.ServerHello && server === null;
  }

  #fragment(side: 0 | 1, bytes: Uint8Array, end: number): void {
    const { type, sequence, offset, messageLength, at } = fragment;
    if (offset === 0 && end - at === messageLength) {
      this.#hello(type, bytes, at, end);
      return;
    }
    let partial = this.#partials[side];
    // Another message, or the client's second hello, which repeats the first with a cookie.
    if (
      partial === null ||
      partial.type !== type ||
      partial.sequence !== sequence ||
      partial.length !== messageLength
    ) {
      partial = { type, sequence, length: messageLength, pieces: new Pieces() };
      this.#partials[side] = partial;
    }
    const { pieces } = partial;
    if (!pieces.put(offset, bytes, at, end) || pieces.ready < messageLength) return;
    this.#partials[side] = null;
    this.#hello(type, pieces.bytes, 0, messageLength);
  }

  #hello(type: number, bytes: Uint8Array, at: number, end: number): void {
    const { summary } = this;
    if (type === HandshakeType.ServerHello) summary.server = this.#hellos.server(bytes, at, end);
    else summary.client = this.#client(bytes, at, end);
    this.isOver = summary.client !== null && summary.server !== null;
  }

  #client(bytes: Uint8Array, at: number, end: number): Client | null {
    const plain = withoutCookie(bytes, at, end);
    return plain === null ? null : this.#hellos.client(plain, 0, plain.length);
  }
}

/** The ClientHello `bytes[at, end)` as TLS would have it; null if the lengths before the cipher suites do not add up. */
export function withoutCookie(bytes: Uint8Array, at: number, end: number): Uint8Array | null {
  const sessionAt = at + SESSION_LENGTH;
  if (sessionAt >= end) return null;
  const cookieAt = sessionAt + 1 + bytes[sessionAt]!;
  if (cookieAt >= end) return null;
  const restAt = cookieAt + 1 + bytes[cookieAt]!;
  if (restAt > end) return null;
  const plain = new Uint8Array(end - at - (restAt - cookieAt));
  plain.set(bytes.subarray(at, cookieAt));
  plain.set(bytes.subarray(restAt, end), cookieAt - at);
  return plain;
}
