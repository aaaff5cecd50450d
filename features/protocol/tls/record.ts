/**
 * TLS record header (RFC 8446 5.1, RFC 5246 6.2.1):
 *
 *     struct { ContentType type; ProtocolVersion version; uint16 length; } // then `length` bytes
 */
import { uint16, uint24 } from './bytes.ts';
import { ContentType, HandshakeType } from './constants.ts';
import { TLS_LIMITS } from './limits.ts';

/** Offsets in the header. */
const TYPE = 0;
const VERSION = 1;
const LENGTH = 3;
export const RECORD_HEADER_LEN = 5;

/** Offsets in a record that starts a handshake message (RFC 8446 4: type, then three bytes of length). */
const MESSAGE_TYPE = RECORD_HEADER_LEN;
const MESSAGE_LEN = MESSAGE_TYPE + 1;
/** Where the message's body starts. */
export const HELLO_BODY = MESSAGE_LEN + 3;

/** RFC 5246 6.2.3 allows 2^14 + 2048 in a protected record; RFC 8446 5.2 allows less. */
const MAX_PROTECTED_LEN = (1 << 14) + 2048;
/** RFC 8446 5.1: a record in the clear holds at most 2^14 bytes. */
const MAX_PLAIN_LEN = 1 << 14;

/** Offsets in an SSL 2.0 framed ClientHello (RFC 5246 E.2). */
const V2_TYPE = 2;
const V2_VERSION = 3;
const V2_CIPHERS_LEN = 5;
const V2_SESSION_LEN = 7;
const V2_CHALLENGE_LEN = 9;
const V2_HEADER_LEN = 11;

/** True if the five bytes at `at` are a plausible record header. Needs `RECORD_HEADER_LEN` bytes there. */
export function isRecordHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at + TYPE]!;
  if (type < ContentType.ChangeCipherSpec || type > ContentType.Heartbeat) return false;
  // RFC 8446 5.1: the version is 0x0301 or 0x0303 and to be ignored; nobody sends more than 0x0304.
  if (bytes[at + VERSION] !== 3 || bytes[at + VERSION + 1]! > 4) return false;
  return recordLength(bytes, at) <= MAX_PROTECTED_LEN;
}

/** True if type, version and length are those of a record; see `isRecordHeader`. */
export function isRecord(type: number, version: number, length: number): boolean {
  if (type < ContentType.ChangeCipherSpec || type > ContentType.Heartbeat) return false;
  return version >= 0x0300 && version <= 0x0304 && length <= MAX_PROTECTED_LEN;
}

/**
 * Whether `[at, end)`, the payload of a segment, may begin with a record: header after header stands where the one before
 * says. The last record may go on behind the end. By chance one header fits one of two million segments.
 *
 * @param version that the records have, 0 if it is not known
 */
export function beginsWithRecords(bytes: Uint8Array, at: number, end: number, version: number): boolean {
  if (end - at < RECORD_HEADER_LEN) return false;
  while (end - at >= RECORD_HEADER_LEN) {
    const length = recordLength(bytes, at);
    if (!isRecordHeader(bytes, at) || length === 0) return false;
    if (version !== 0 && uint16(bytes, at + VERSION) !== version) return false;
    at += RECORD_HEADER_LEN + length;
  }
  return at >= end || (bytes[at]! >= ContentType.ChangeCipherSpec && bytes[at]! <= ContentType.Heartbeat);
}

/** Bytes of the ClientHello in SSL 2.0 framing at `at`, its two bytes of length included. */
export function ssl2Length(bytes: Uint8Array, at: number): number {
  return 2 + (uint16(bytes, at) & 0x7fff);
}

/** Content type of the record at `at`. */
export function recordType(bytes: Uint8Array, at: number): number {
  return bytes[at + TYPE]!;
}

/** Bytes that follow the header at `at`. */
export function recordLength(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at + LENGTH);
}

/**
 * Whether `[at, end)` can be the start of a stream that opens with a ClientHello or ServerHello. Meant for the first
 * payload bytes of every flow: a flow that is not TLS costs one comparison. With fewer than six bytes it says whether
 * those present fit.
 */
export function looksLikeTls(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at];
  if (first === ContentType.Handshake && at < end) return fitsHello(bytes, at, end);
  return first !== undefined && first >= 0x80 && isSsl2ClientHello(bytes, at, end);
}

function fitsHello(bytes: Uint8Array, at: number, end: number): boolean {
  const length = end - at;
  if (length > VERSION && bytes[at + VERSION] !== 3) return false;
  if (length > VERSION + 1 && bytes[at + VERSION + 1]! > 4) return false;
  if (length >= RECORD_HEADER_LEN) {
    const body = recordLength(bytes, at);
    if (body === 0 || body > MAX_PLAIN_LEN) return false;
  }
  return length <= MESSAGE_TYPE || bytes[at + MESSAGE_TYPE]! <= HandshakeType.ServerHello;
}

/**
 * Where the hello that `[at, end)` begins with ends, if all of it is there and in the first record; else 0, and a reader
 * has to look closer. The body starts at `at + HELLO_BODY`.
 */
export function wholeHelloEnd(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < HELLO_BODY || bytes[at] !== ContentType.Handshake || !fitsHello(bytes, at, end)) return 0;
  if (bytes[at + MESSAGE_TYPE] === HandshakeType.HelloRequest) return 0;
  const length = uint24(bytes, at + MESSAGE_LEN);
  const isTooLarge = HELLO_BODY - MESSAGE_TYPE + length > TLS_LIMITS.messageBytes;
  const helloEnd = at + HELLO_BODY + length;
  const recordEnd = at + RECORD_HEADER_LEN + recordLength(bytes, at);
  return isTooLarge || helloEnd > recordEnd || helloEnd > end ? 0 : helloEnd;
}

/** True if the whole hello at `at` is the client's. */
export function isClientHello(bytes: Uint8Array, at: number): boolean {
  return bytes[at + MESSAGE_TYPE] === HandshakeType.ClientHello;
}

/** True if `[at, end)` is an alert record in the clear: two bytes, warning or fatal (RFC 8446 6). */
export function looksLikeAlert(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < RECORD_HEADER_LEN + 2 || bytes[at + TYPE] !== ContentType.Alert) return false;
  const level = bytes[at + RECORD_HEADER_LEN]!;
  return isRecordHeader(bytes, at) && recordLength(bytes, at) === 2 && (level === 1 || level === 2);
}

/** True if `[at, end)` starts with a ClientHello in SSL 2.0 framing, all of whose lengths agree. */
export function isSsl2ClientHello(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < V2_HEADER_LEN || bytes[at]! < 0x80 || bytes[at + V2_TYPE] !== HandshakeType.ClientHello) return false;
  const version = uint16(bytes, at + V2_VERSION);
  if (version !== 2 && version >>> 8 !== 3) return false;
  const ciphers = uint16(bytes, at + V2_CIPHERS_LEN);
  const session = uint16(bytes, at + V2_SESSION_LEN);
  const challenge = uint16(bytes, at + V2_CHALLENGE_LEN);
  if (ciphers === 0 || ciphers % 3 !== 0 || (session !== 0 && session !== 16)) return false;
  if (challenge < 16 || challenge > 32) return false;
  return (uint16(bytes, at) & 0x7fff) === V2_HEADER_LEN - 2 + ciphers + session + challenge;
}
