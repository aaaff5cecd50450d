/**
 * DTLS records in the clear (RFC 6347 4.1, RFC 9147 4), and the fragments of handshake messages in them (RFC 6347 4.2.2):
 *
 *     type(8) version(16) epoch(16) sequence_number(48) length(16)
 *     msg_type(8) length(24) message_seq(16) fragment_offset(24) fragment_length(24) // then the fragment
 */
import { uint16, uint24 } from '../tls/bytes.ts';
import { ContentType } from '../tls/constants.ts';

const TYPE = 0;
const VERSION = 1;
const EPOCH = 3;
const LENGTH = 11;
export const RECORD_HEADER = 13;

const MESSAGE_TYPE = 0;
const MESSAGE_LENGTH = 1;
const MESSAGE_SEQUENCE = 4;
const FRAGMENT_OFFSET = 6;
const FRAGMENT_LENGTH = 9;
export const FRAGMENT_HEADER = 12;

/** RFC 6347 4.1, RFC 9147 5.3; the last is the draft that OpenSSL 0.9.8 and Cisco speak. */
const VERSIONS: readonly number[] = [0xfeff, 0xfefd, 0xfefc, 0x0100];

/** DTLS's own, beside those of TLS. */
export const HelloVerifyRequest = 3;
/** The largest type of a message that may begin a handshake. */
const LAST_FIRST = HelloVerifyRequest;

/** One record, found again and again in the same memory. */
export class DtlsRecord {
  type = 0;
  /** The payload is `[bodyAt, bodyEnd)`, its end perhaps behind that of the capture. */
  bodyAt = 0;
  bodyEnd = 0;
  isEncrypted = false;

  /** Reads the header at `at`; false if there is none or the record is longer than its datagram. */
  read(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
    if (end - at < RECORD_HEADER) return false;
    this.type = bytes[at + TYPE]!;
    if (this.type < ContentType.ChangeCipherSpec || this.type > ContentType.Heartbeat) return false;
    if (!VERSIONS.includes(uint16(bytes, at + VERSION))) return false;
    this.isEncrypted = uint16(bytes, at + EPOCH) !== 0;
    this.bodyAt = at + RECORD_HEADER;
    this.bodyEnd = this.bodyAt + uint16(bytes, at + LENGTH);
    return this.bodyEnd <= wireEnd;
  }
}

/** One fragment of a handshake message, likewise. */
export class DtlsFragment {
  type = 0;
  messageLength = 0;
  sequence = 0;
  offset = 0;
  /** The fragment is `[at, end)`, its end perhaps behind that of the capture. */
  at = 0;
  end = 0;

  /** Reads the header at `at` in a record that ends at `recordEnd`; false if there is none or it contradicts itself. */
  read(bytes: Uint8Array, at: number, end: number, recordEnd: number): boolean {
    if (end - at < FRAGMENT_HEADER || recordEnd - at < FRAGMENT_HEADER) return false;
    this.type = bytes[at + MESSAGE_TYPE]!;
    this.messageLength = uint24(bytes, at + MESSAGE_LENGTH);
    this.sequence = uint16(bytes, at + MESSAGE_SEQUENCE);
    this.offset = uint24(bytes, at + FRAGMENT_OFFSET);
    this.at = at + FRAGMENT_HEADER;
    this.end = this.at + uint24(bytes, at + FRAGMENT_LENGTH);
    return this.end <= recordEnd && this.offset + this.end - this.at <= this.messageLength;
  }

  /** It may be of the first message of a side. */
  get isFirstFlight(): boolean {
    return this.type <= LAST_FIRST;
  }
}

const record = new DtlsRecord();
const fragment = new DtlsFragment();

/** Whether the datagram `[at, end)` begins with a fragment of a hello. */
export function looksLikeDtls(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  if (at >= end || bytes[at] !== ContentType.Handshake || !record.read(bytes, at, end, wireEnd)) return false;
  if (record.isEncrypted) return false;
  return (
    fragment.read(bytes, record.bodyAt, end, record.bodyEnd) && fragment.isFirstFlight && fragment.messageLength > 0
  );
}
