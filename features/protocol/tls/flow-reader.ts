/**
 * Reads TLS flows from hello to end. Of every stream it is known where the next record header stands: a segment that
 * ends before it costs a subtraction, and its payload is not touched. Bodies are read only of handshakes and alerts in
 * the clear; messages that are whole in a segment are read where they lie.
 */
import { uint16 } from './bytes.ts';
import { sessionMark } from './client-hello.ts';
import { ContentType, HandshakeType } from './constants.ts';
import { EarlySegments } from './early-segments.ts';
import type { ChainReader, ClientTraits, HelloReader, ServerTraits } from './hello-reader.ts';
import { TLS_LIMITS } from './limits.ts';
import { MessageBuffers } from './message-buffers.ts';
import { beginsWithRecords, isRecord, RECORD_HEADER_LEN, recordLength, recordType } from './record.ts';
import { type RecordStream, StreamMode, type TlsFlow } from './tls-flow.ts';

/** Handshake header: type and length (RFC 8446 4). */
const MESSAGE_HEADER_LEN = 4;
/** Types of handshake messages are below (RFC 8446 B.3, and next_protocol of old drafts, 67). */
const MOST_MESSAGE_TYPE = 67;
/** AlertLevel, AlertDescription (RFC 8446 6). */
const ALERT_LEN = 2;
/** A client that has no certificate sends an empty list (RFC 5246 7.4.6): three bytes of length. */
const EMPTY_CHAIN = 3;
/** ECCurveType named_curve (RFC 8422 5.4), before the curve. */
const NAMED_CURVE = 3;

/** Of a message cut by the end of a segment: the rest of this one and the next are nearly all there is. */
const FIRST_BYTES = 4096;

/** Bytes of one segment, and when it was captured. */
export interface Arrival {
  readonly us: number;
  readonly ns: number;
}

/** What is worth being kept for somebody. */
export interface Wanted {
  /** The log of records. */
  readonly records: boolean;
  /** What certificates say; that there are some is seen all the same. */
  readonly chains: boolean;
}

/** What becomes of the records. */
export interface RecordLog<Flow> {
  add(flow: Flow, side: 0 | 1, type: number, version: number, length: number, when: Arrival): void;
}

export class FlowReader<Client extends ClientTraits, Server extends ServerTraits, Chain> {
  readonly #hellos: HelloReader<Client, Server> & ChainReader<Chain>;
  readonly #log: RecordLog<TlsFlow<Client, Server, Chain>>;
  readonly #mostBytes: number;
  readonly #wanted: Wanted;
  readonly #buffers = new MessageBuffers();
  /** Flows that hold bytes, the one that began first at the front, and how many bytes they hold together. */
  readonly #holders = new Set<TlsFlow<Client, Server, Chain>>();
  #held = 0;
  /** Handshakes given up half-read, because too many were being read at once. */
  givenUp = 0;

  /** @param mostBytes of messages half-read and early segments, all flows together */
  constructor(
    hellos: HelloReader<Client, Server> & ChainReader<Chain>,
    log: RecordLog<TlsFlow<Client, Server, Chain>>,
    mostBytes: number,
    wanted: Wanted,
  ) {
    this.#hellos = hellos;
    this.#log = log;
    this.#mostBytes = mostBytes;
    this.#wanted = wanted;
  }

  /**
   * Takes the payload `bytes[at, end)` of a segment.
   *
   * @param sequence number of its first byte
   * @param length by the headers: more than is captured where the capture cuts packets
   */
  push(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    sequence: number,
    length: number,
    bytes: Uint8Array,
    at: number,
    end: number,
    when: Arrival,
  ): void {
    const stream = flow.stream(side);
    if (stream.mode === StreamMode.Following) {
      const ahead = this.#aheadOf(stream, sequence);
      if (ahead > 0) this.#keepEarly(flow, side, stream, sequence, bytes, at, end, when);
      else this.#goOn(flow, side, stream, bytes, at - ahead, end, when);
    } else if (stream.mode === StreamMode.Seeking) this.#seek(flow, side, stream, sequence, bytes, at, end, when);
    // What the capture cut off cannot come any more.
    if (at + length > end && stream.mode === StreamMode.Following && ((sequence + length - stream.next) | 0) > 0) {
      this.#lose(flow, stream);
    }
  }

  /** The flow's bytes are not wanted any more. */
  forget(flow: TlsFlow<Client, Server, Chain>): void {
    if (!this.#holders.has(flow)) return;
    this.#drop(flow, flow.streamA);
    this.#drop(flow, flow.streamB);
    this.#holders.delete(flow);
  }

  /** How far behind the awaited byte the segment begins. */
  #aheadOf(stream: RecordStream, sequence: number): number {
    const ahead = (sequence - stream.next) | 0;
    // The first data is nowhere near where the SYN said: another SYN, or a forged one. Data decides.
    if (stream.hasStepped || stream.early !== null || Math.abs(ahead) <= TLS_LIMITS.window) return ahead;
    stream.next = sequence | 0;
    return 0;
  }

  #goOn(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    bytes: Uint8Array,
    at: number,
    end: number,
    when: Arrival,
  ): void {
    if (at >= end) return;
    this.#advance(flow, side, stream, bytes, at, end, when);
    while (stream.early !== null && stream.mode === StreamMode.Following) {
      const before = stream.early.bytes;
      const segment = stream.early.take(stream.next);
      this.#held -= before - stream.early.bytes;
      if (segment === null) break;
      const from = (stream.next - segment.sequence) | 0;
      this.#advance(flow, side, stream, segment.bytes, from, segment.bytes.length, segment);
    }
    if (stream.early !== null && stream.early.bytes === 0) this.#dropEarly(flow, stream);
  }

  /** Reads `bytes[at, end)`, which begins at the byte that is wanted. */
  #advance(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    bytes: Uint8Array,
    at: number,
    end: number,
    when: Arrival,
  ): void {
    while (at < end && stream.mode === StreamMode.Following) {
      if (stream.bodyLeft > 0) {
        const stop = Math.min(end, at + stream.bodyLeft);
        stream.bodyLeft -= stop - at;
        stream.next = (stream.next + stop - at) | 0;
        if (stream.bodyType === ContentType.Alert) this.#alert(stream, bytes, at, stop);
        else this.#handshake(flow, side, stream, bytes, at, stop);
        at = stop;
      } else if (stream.headerHeld === 0 && end - at >= RECORD_HEADER_LEN) {
        stream.next = (stream.next + RECORD_HEADER_LEN) | 0;
        at = this.#enter(
          flow,
          side,
          stream,
          recordType(bytes, at),
          uint16(bytes, at + 1),
          recordLength(bytes, at),
          at + RECORD_HEADER_LEN,
          end,
          when,
        );
      } else {
        const byte = bytes[at++]!;
        stream.next = (stream.next + 1) | 0;
        if (++stream.headerHeld < RECORD_HEADER_LEN) {
          stream.header = (stream.header << 8) | byte;
          continue;
        }
        const { header } = stream;
        stream.headerHeld = stream.header = 0;
        const [type, version, length] = [header >>> 24, (header >>> 8) & 0xffff, ((header & 0xff) << 8) | byte];
        at = this.#enter(flow, side, stream, type, version, length, at, end, when);
      }
    }
  }

  /** A record begins; its body does at `at`. Returns where to read on, perhaps behind the end. */
  #enter(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    type: number,
    version: number,
    length: number,
    at: number,
    end: number,
    when: Arrival,
  ): number {
    if (!isRecord(type, version, length)) {
      this.#lose(flow, stream);
      return end;
    }
    if (stream.hasStepped) flow.isCertain = true;
    stream.hasStepped = true;
    stream.version = version;
    stream.count(type);
    stream.bytes += length;
    if (this.#wanted.records && stream.logged < TLS_LIMITS.records)
      this.#log.add(flow, side, type, version, length, when);
    if (type === ContentType.ApplicationData) {
      // Early data is not under the keys of this handshake.
      if (flow.server !== null || flow.client === null) stream.isProtected = true;
    } else if (type === ContentType.ChangeCipherSpec) this.#changeCipher(flow, side, stream);
    else if (type === ContentType.Handshake && stream.isDark) stream.isProtected = true;
    else if (type === ContentType.Handshake || (type === ContentType.Alert && length === ALERT_LEN && !stream.isDark)) {
      stream.bodyType = type;
      stream.bodyLeft = length;
      return at;
    }
    stream.next = (stream.next + length) | 0;
    if (at + length === end) flow.isCertain = true;
    return at + length;
  }

  /** RFC 5246 7.1: what follows is encrypted. TLS 1.3 sends the record to please middleboxes (RFC 8446 D.4). */
  #changeCipher(flow: TlsFlow<Client, Server, Chain>, side: 0 | 1, stream: RecordStream): void {
    const { client, server } = flow;
    if (server === null ? client?.hasEarlyData === true : server.isTls13 || flow.isRetried) return;
    stream.isDark = true;
    this.#dropMessage(flow, stream);
    if (server !== null && side !== flow.clientSide && !flow.isFull && stream.gaps === 0) flow.isAbbreviated = true;
  }

  #alert(stream: RecordStream, bytes: Uint8Array, at: number, end: number): void {
    for (; at < end; at++) {
      if (stream.alertHeld === 0) stream.alertHeld = bytes[at]! + 1;
      else {
        stream.alertLevel = stream.alertHeld - 1;
        stream.alertDescription = bytes[at]!;
        stream.alertHeld = 0;
      }
    }
  }

  /** Handshake bytes: messages that are whole are read in place, the start of one that is not is kept. */
  #handshake(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): void {
    while (at < end && !stream.isDark) {
      if (stream.skip > 0) {
        const step = Math.min(stream.skip, end - at);
        stream.skip -= step;
        at += step;
      } else if (stream.message !== null) at = this.#extend(flow, side, stream, bytes, at, end);
      else if (stream.headHeld === 0 && end - at >= MESSAGE_HEADER_LEN) {
        const length = (bytes[at + 1]! << 16) | uint16(bytes, at + 2);
        at = this.#begin(flow, side, stream, bytes[at]!, length, bytes, at + MESSAGE_HEADER_LEN, end);
      } else {
        const byte = bytes[at++]!;
        if (++stream.headHeld < MESSAGE_HEADER_LEN) {
          stream.head = (stream.head << 8) | byte;
          continue;
        }
        const { head } = stream;
        stream.headHeld = stream.head = 0;
        at = this.#begin(flow, side, stream, head >>> 16, ((head & 0xffff) << 8) | byte, bytes, at, end);
      }
    }
  }

  /** A message begins; its body does at `at`. Returns where to read on. */
  #begin(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    type: number,
    length: number,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): number {
    if (type > MOST_MESSAGE_TYPE) {
      stream.isDark = true;
      return end;
    }
    if (!this.#wants(flow, side, type, length) || length > TLS_LIMITS.messageBytes) {
      stream.skip = length;
      return at;
    }
    if (end - at >= length) {
      this.#message(flow, side, stream, type, bytes, at, at + length);
      return at + length;
    }
    stream.messageType = type;
    stream.messageLength = length;
    stream.messageHeld = 0;
    // What a segment more would hold; then it doubles, so that a lie costs what it sends.
    stream.message = this.#buffers.take(Math.min(length, FIRST_BYTES));
    this.#hold(flow, stream.message.length);
    return stream.message === null ? end : this.#extend(flow, side, stream, bytes, at, end);
  }

  /** Whether the message is to be read; what its header alone says is noted. */
  #wants(flow: TlsFlow<Client, Server, Chain>, side: 0 | 1, type: number, length: number): boolean {
    const isClient = side === flow.clientSide;
    switch (type) {
      case HandshakeType.ClientHello:
        return flow.client === null && flow.clientSide !== 1 - side;
      case HandshakeType.ServerHello:
        return !isClient && (flow.server === null || flow.server.isRetryRequest);
      case HandshakeType.Certificate:
        if (isClient) {
          flow.hasClientCertificate = length > EMPTY_CHAIN;
          return false;
        }
        flow.isFull = true;
        return flow.chain === null && this.#wanted.chains;
      case HandshakeType.ServerKeyExchange:
        flow.isFull = true;
        return !isClient;
      case HandshakeType.CertificateRequest:
        flow.asksCertificate = true;
        return false;
      case HandshakeType.ServerHelloDone:
        flow.isFull = true;
    }
    return false;
  }

  /** Adds to the message that is being put together; reads it when it is whole. */
  #extend(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): number {
    const { messageHeld, messageLength } = stream;
    const stop = Math.min(end, at + messageLength - messageHeld);
    const needed = messageHeld + stop - at;
    let message = stream.message!;
    if (needed > message.length) {
      const grown = this.#buffers.take(needed);
      grown.set(message.subarray(0, messageHeld));
      this.#buffers.give(message);
      stream.message = grown;
      this.#hold(flow, grown.length - message.length);
      if (stream.message === null) return end;
      message = grown;
    }
    message.set(bytes.subarray(at, stop), messageHeld);
    stream.messageHeld = needed;
    if (needed < messageLength) return stop;
    this.#message(flow, side, stream, stream.messageType, message, 0, messageLength);
    this.#dropMessage(flow, stream);
    return stop;
  }

  #message(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    type: number,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): void {
    switch (type) {
      case HandshakeType.ClientHello:
        flow.client = this.#hellos.client(bytes, at, end);
        if (flow.client === null) break;
        flow.sessionMark = sessionMark(bytes, at);
        flow.clientSide = side;
        flow.isCertain = true;
        return;
      case HandshakeType.ServerHello: {
        const server = this.#hellos.server(bytes, at, end);
        if (server === null) break;
        flow.server = server;
        flow.clientSide = 1 - side;
        flow.isCertain = true;
        if (server.isRetryRequest) {
          flow.isRetried = true;
          flow.retryGroup = server.group ?? -1;
        } else if (!server.isTls13) {
          flow.isSessionEchoed = flow.sessionMark !== 0 && sessionMark(bytes, at) === flow.sessionMark;
        }
        return;
      }
      case HandshakeType.Certificate:
        flow.chain = this.#hellos.chain(bytes, at, end);
        return;
      case HandshakeType.ServerKeyExchange:
        // Finite-field parameters begin with the length of a prime: 0x03.. is one of more than six thousand bits.
        if (end - at >= 3 && bytes[at] === NAMED_CURVE) flow.exchangeGroup = uint16(bytes, at + 1);
        return;
    }
    // A hello that contradicts itself: what follows is not believed either.
    stream.isDark = true;
  }

  /** A segment that came before bytes that are wanted. */
  #keepEarly(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    sequence: number,
    bytes: Uint8Array,
    at: number,
    end: number,
    when: Arrival,
  ): void {
    stream.early ??= new EarlySegments();
    if (stream.early.hold(sequence | 0, bytes, at, end, when.us, when.ns)) {
      this.#hold(flow, end - at);
      return;
    }
    // The missing bytes do not come: goes on where one of the early segments begins with a record.
    const segments = stream.early.inOrder(stream.next);
    this.#lose(flow, stream);
    for (const early of segments) {
      this.push(flow, side, early.sequence, early.bytes.length, early.bytes, 0, early.bytes.length, early);
    }
    this.push(flow, side, sequence, end - at, bytes, at, end, when);
  }

  /** It is not known any more where the next header is. */
  #lose(flow: TlsFlow<Client, Server, Chain>, stream: RecordStream): void {
    if (stream.hasStepped) {
      stream.gaps++;
      // Whether the keys were changed in the gap is not known.
      stream.isDark = true;
    }
    stream.mode = StreamMode.Seeking;
    stream.bodyLeft = stream.headerHeld = stream.header = 0;
    this.#drop(flow, stream);
  }

  #seek(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    stream: RecordStream,
    sequence: number,
    bytes: Uint8Array,
    at: number,
    end: number,
    when: Arrival,
  ): void {
    // What lies before the gap was read or is lost.
    if (stream.hasStepped && ((sequence - stream.next) | 0) < 0) return;
    if (beginsWithRecords(bytes, at, end, stream.version)) {
      stream.mode = StreamMode.Following;
      stream.next = sequence | 0;
      this.#goOn(flow, side, stream, bytes, at, end, when);
    } else if (++stream.seeks > (flow.isCertain ? TLS_LIMITS.seeks : TLS_LIMITS.doubtfulSeeks)) {
      stream.mode = StreamMode.Silent;
    }
  }

  /** The flow holds so many bytes more; if all together hold too many, those that began first are given up. */
  #hold(flow: TlsFlow<Client, Server, Chain>, bytes: number): void {
    this.#holders.add(flow);
    this.#held += bytes;
    if (this.#held <= this.#mostBytes) return;
    for (const first of this.#holders) {
      if (this.#held <= this.#mostBytes) return;
      if (holds(first.streamA)) this.#lose(first, first.streamA);
      if (holds(first.streamB)) this.#lose(first, first.streamB);
      this.givenUp++;
    }
  }

  /** Lets go of what the stream holds. */
  #drop(flow: TlsFlow<Client, Server, Chain>, stream: RecordStream): void {
    this.#dropMessage(flow, stream);
    if (stream.early !== null) this.#dropEarly(flow, stream);
    stream.headHeld = stream.head = stream.skip = 0;
  }

  #dropMessage(flow: TlsFlow<Client, Server, Chain>, stream: RecordStream): void {
    if (stream.message === null) return;
    this.#held -= stream.message.length;
    this.#buffers.give(stream.message);
    stream.message = null;
    this.#settle(flow);
  }

  #dropEarly(flow: TlsFlow<Client, Server, Chain>, stream: RecordStream): void {
    this.#held -= stream.early!.bytes;
    stream.early = null;
    this.#settle(flow);
  }

  #settle(flow: TlsFlow<Client, Server, Chain>): void {
    if (!holds(flow.streamA) && !holds(flow.streamB)) this.#holders.delete(flow);
  }
}

function holds({ early, message }: RecordStream): boolean {
  return early !== null || message !== null;
}
