/**
 * The plain reader that features/protocol/tls/flow-reader.ts is held to: the two hellos of a TLS connection, read from the in-order bytes of both sides. Which side is the client is told by
 * the messages, not assumed. A hello may span records and deliveries (RFC 8446 5.1: "handshake messages MAY be
 * fragmented across several records"); only then is anything copied.
 */
import { uint24 } from '../../features/protocol/tls/bytes.ts';
import { ContentType, HandshakeType } from '../../features/protocol/tls/constants.ts';
import type { HelloReader } from '../../features/protocol/tls/hello-reader.ts';
import { TLS_LIMITS } from '../../features/protocol/tls/limits.ts';
import {
  isRecordHeader,
  isSsl2ClientHello,
  looksLikeAlert,
  looksLikeTls,
  RECORD_HEADER_LEN,
  recordLength,
  recordType,
} from '../../features/protocol/tls/record.ts';

/** Deliveries per side searched for a hello: STARTTLS, SOCKS and CONNECT talk in the clear first. */
export const SEARCH_DELIVERIES = 12;

export const TlsStatus = {
  /** More bytes are wanted. */
  Reading: 0,
  /** Both hellos are known. */
  Done: 1,
  /** No hello where one would be: not TLS, or the capture began later. */
  NoHandshake: 2,
  /** The server answered the ClientHello with a fatal alert; see `alert`. */
  Refused: 3,
  /** A hello was promised or seen, but what followed contradicts the protocol. */
  Malformed: 4,
  /** A message is larger than the limit. */
  TooLarge: 5,
} as const;
export type TlsStatus = (typeof TlsStatus)[keyof typeof TlsStatus];

export type Side = 0 | 1;

/** Handshake header: type and length (RFC 8446 4). */
const MESSAGE_LEN = 1;
const MESSAGE_HEADER_LEN = 4;

/** AlertLevel (RFC 8446 6). */
const FATAL = 2;

/** Where one side is in its stream. */
const Phase = { Searching: 0, Records: 1, Finished: 2 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** What one side has to remember between deliveries. */
class SideState {
  phase: Phase = Phase.Searching;
  /** Deliveries in which no hello began. */
  searched = 0;
  /** Type of the current record and payload bytes still to come. */
  recordType = 0;
  recordLeft = 0;
  /** A record header cut by the end of a delivery. */
  header: Uint8Array | null = null;
  headerHeld = 0;
  /** The start of a message cut by the end of a record or delivery. */
  message: Uint8Array | null = null;
  messageHeld = 0;
}

/**
 * @typeParam Client what is kept of a ClientHello
 * @typeParam Server what is kept of a ServerHello
 */
export class TlsHandshake<Client, Server> {
  status: TlsStatus = TlsStatus.Reading;
  clientHello: Client | null = null;
  serverHello: Server | null = null;
  /** The side that sent the ClientHello (or did not send the ServerHello); null until known. */
  clientSide: Side | null = null;
  /** The client spoke SSL 2.0 framing (RFC 5246 E.2): there is no ClientHello to show. */
  isSsl2Client = false;
  /** AlertDescription of the server's refusal (RFC 8446 6.2). */
  alert: number | null = null;

  readonly #hellos: HelloReader<Client, Server>;
  readonly #sides: readonly [SideState, SideState] = [new SideState(), new SideState()];

  constructor(hellos: HelloReader<Client, Server>) {
    this.#hellos = hellos;
  }

  /** Goes on behind the hello that the side has said, one of the two, which was read elsewhere. */
  goOnFrom(side: Side, client: Client | null, server: Server | null): void {
    this.clientHello = client;
    this.serverHello = server;
    this.#settle(client === null ? other(side) : side, this.#sides[side]);
  }

  /** True once nothing more is wanted of the side. */
  hasSpoken(side: Side): boolean {
    return this.#sides[side].phase === Phase.Finished;
  }

  /** Takes the next in-order stream bytes of one side. The view is borrowed: nothing of it is kept. */
  feed(side: Side, bytes: Uint8Array, at: number, end: number): void {
    if (this.status !== TlsStatus.Reading || at >= end) return;
    const state = this.#sides[side];
    if (state.phase === Phase.Searching) this.#search(side, state, bytes, at, end);
    while (at < end && state.phase === Phase.Records && this.status === TlsStatus.Reading) {
      if (state.recordLeft === 0) {
        at = this.#header(state, bytes, at, end);
        continue;
      }
      const stop = Math.min(end, at + state.recordLeft);
      state.recordLeft -= stop - at;
      if (state.recordType === ContentType.Handshake) this.#handshake(side, state, bytes, at, stop);
      else this.#other(state, bytes, at, stop);
      at = stop;
    }
  }

  /** Looks for a hello at the start of a delivery: before STARTTLS, SOCKS or CONNECT the sides talk in the clear. */
  #search(side: Side, state: SideState, bytes: Uint8Array, at: number, end: number): void {
    // Fewer than six bytes fit too easily to be believed anywhere but at the start of the stream.
    const enough = state.searched === 0 || end - at > RECORD_HEADER_LEN;
    if (enough && looksLikeTls(bytes, at, end)) {
      if (isSsl2ClientHello(bytes, at, end)) this.#ssl2(side, state);
      else state.phase = Phase.Records;
    } else if (this.#answersClient(side) && looksLikeAlert(bytes, at, end)) {
      state.phase = Phase.Records;
    } else if (++state.searched >= SEARCH_DELIVERIES) {
      this.#fail(this.clientSide === null ? TlsStatus.NoHandshake : TlsStatus.Malformed);
    }
  }

  #answersClient(side: Side): boolean {
    return this.clientSide !== null && this.clientSide !== side;
  }

  #ssl2(side: Side, state: SideState): void {
    this.isSsl2Client = true;
    this.#settle(side, state);
  }

  /** Reads a record header, in place if it is whole, and returns where its payload starts. */
  #header(state: SideState, bytes: Uint8Array, at: number, end: number): number {
    if (state.headerHeld === 0 && end - at >= RECORD_HEADER_LEN) {
      this.#enterRecord(state, bytes, at);
      return at + RECORD_HEADER_LEN;
    }
    state.header ??= new Uint8Array(RECORD_HEADER_LEN);
    while (at < end && state.headerHeld < RECORD_HEADER_LEN) state.header[state.headerHeld++] = bytes[at++]!;
    if (state.headerHeld === RECORD_HEADER_LEN) {
      state.headerHeld = 0;
      this.#enterRecord(state, state.header, 0);
    }
    return at;
  }

  #enterRecord(state: SideState, bytes: Uint8Array, at: number): void {
    if (!isRecordHeader(bytes, at)) {
      this.#fail(this.#disappointment(state));
      return;
    }
    state.recordType = recordType(bytes, at);
    state.recordLeft = recordLength(bytes, at);
    // RFC 8446 5.1: no empty handshake fragments, and no other record inside a message.
    const inMessage = state.messageHeld > 0;
    const isHandshake = state.recordType === ContentType.Handshake;
    if (isHandshake ? state.recordLeft === 0 : inMessage) this.#fail(TlsStatus.Malformed);
  }

  /** Nothing of TLS was seen if neither side has sent a hello or the beginning of one. */
  #disappointment(state: SideState): TlsStatus {
    return this.clientSide === null && state.messageHeld === 0 ? TlsStatus.NoHandshake : TlsStatus.Malformed;
  }

  /** Handshake bytes: messages that are whole are read in place, the start of one that is not is kept. */
  #handshake(side: Side, state: SideState, bytes: Uint8Array, at: number, end: number): void {
    if (state.messageHeld > 0) at = this.#extend(side, state, bytes, at, end);
    while (at < end && state.phase === Phase.Records && this.status === TlsStatus.Reading) {
      const size = end - at < MESSAGE_HEADER_LEN ? Number.POSITIVE_INFINITY : this.#messageSize(bytes, at);
      if (this.status !== TlsStatus.Reading) return;
      const stop = Math.min(end, at + size);
      if (size > end - at) this.#keep(state, bytes, at, stop);
      else this.#message(side, state, bytes, at, stop);
      at = stop;
    }
  }

  /** Header and body of the message at `at`; ends the reading if it is too large or no message that may come here. */
  #messageSize(bytes: Uint8Array, at: number): number {
    const size = MESSAGE_HEADER_LEN + uint24(bytes, at + MESSAGE_LEN);
    if (bytes[at]! > HandshakeType.ServerHello) {
      this.#fail(this.clientSide === null ? TlsStatus.NoHandshake : TlsStatus.Malformed);
    } else if (size > TLS_LIMITS.messageBytes) this.#fail(TlsStatus.TooLarge);
    return size;
  }

  /** Adds to the kept message; reads it when it is whole. Returns the first byte that does not belong to it. */
  #extend(side: Side, state: SideState, bytes: Uint8Array, at: number, end: number): number {
    if (state.messageHeld < MESSAGE_HEADER_LEN) {
      const stop = Math.min(end, at + MESSAGE_HEADER_LEN - state.messageHeld);
      this.#keep(state, bytes, at, stop);
      at = stop;
      if (state.messageHeld < MESSAGE_HEADER_LEN) return at;
    }
    const size = this.#messageSize(state.message!, 0);
    if (this.status !== TlsStatus.Reading) return end;
    const stop = Math.min(end, at + size - state.messageHeld);
    this.#keep(state, bytes, at, stop);
    if (state.messageHeld < size) return stop;
    const message = state.message!;
    state.message = null;
    state.messageHeld = 0;
    this.#message(side, state, message, 0, size);
    return stop;
  }

  #keep(state: SideState, bytes: Uint8Array, at: number, end: number): void {
    const needed = state.messageHeld + end - at;
    if (state.message === null || needed > state.message.length) {
      const { messageStartBytes, messageBytes } = TLS_LIMITS;
      const doubled = Math.max(needed, messageStartBytes, 2 * (state.message?.length ?? 0));
      // What is needed never exceeds the limit: the size of the message has been checked.
      const grown = new Uint8Array(Math.min(doubled, messageBytes));
      if (state.message !== null) grown.set(state.message.subarray(0, state.messageHeld));
      state.message = grown;
    }
    state.message.set(bytes.subarray(at, end), state.messageHeld);
    state.messageHeld = needed;
  }

  #message(side: Side, state: SideState, bytes: Uint8Array, at: number, end: number): void {
    const type = bytes[at]!;
    const body = at + MESSAGE_HEADER_LEN;
    if (type === HandshakeType.HelloRequest) return;
    const isClient = type === HandshakeType.ClientHello;
    const hello = isClient ? this.#hellos.client(bytes, body, end) : this.#hellos.server(bytes, body, end);
    const client = isClient ? side : other(side);
    // A second opinion on who the client is contradicts the protocol.
    if (hello === null || (this.clientSide !== null && this.clientSide !== client)) {
      this.#fail(TlsStatus.Malformed);
      return;
    }
    if (isClient) this.clientHello = hello as Client;
    else this.serverHello = hello as Server;
    this.#settle(client, state);
  }

  /** One side has said its hello: the rest of its stream is of no interest. */
  #settle(client: Side, state: SideState): void {
    this.clientSide = client;
    state.phase = Phase.Finished;
    state.header = null;
    if (this.serverHello !== null && (this.clientHello !== null || this.isSsl2Client)) this.status = TlsStatus.Done;
  }

  /** A record that is no handshake, where a hello was expected. */
  #other(state: SideState, bytes: Uint8Array, at: number, end: number): void {
    const isAlert = state.recordType === ContentType.Alert && end - at === 2 && state.recordLeft === 0;
    if (!isAlert || this.clientSide === null) {
      this.#fail(this.#disappointment(state));
      return;
    }
    // RFC 6066 3: a server that does not know the name may warn (112) and go on.
    if (bytes[at] !== FATAL) return;
    this.alert = bytes[at + 1]!;
    this.#fail(TlsStatus.Refused);
  }

  #fail(status: TlsStatus): void {
    this.status = status;
    for (const state of this.#sides) {
      state.message = null;
      state.header = null;
      state.phase = Phase.Finished;
    }
  }
}

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}
