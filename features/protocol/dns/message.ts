/**
 * DNS messages (RFC 1035 4.1):
 *
 *     uint16 id, flags, questions, answers, authorities, additional; // then as many
 *     question: name; uint16 type, class;
 *     record: name; uint16 type, class; uint32 ttl; uint16 length; byte[length] data;
 */

import { CLEAR_LIMITS } from '../clear-limits.ts';
import { uint16 } from '../tls/bytes.ts';
import { nameEnd } from './name.ts';

export const HEADER = 12;
const FLAGS = 2;
const QUESTIONS = 4;
const ANSWERS = 6;
const OTHERS = 8;
const RESPONSE_FLAG = 0x8000;
const QUESTION_TAIL = 4;
/** Behind the name of a record. */
const TTL = 4;
const DATA_LENGTH = 8;
const DATA = 10;

/** Types of records (IANA) whose data is read. */
export const RecordType = {
  A: 1,
  Ns: 2,
  Cname: 5,
  Ptr: 12,
  Mx: 15,
  Txt: 16,
  Aaaa: 28,
  Srv: 33,
  Opt: 41,
  Svcb: 64,
  Https: 65,
} as const;

/** Names of the types that are asked for (IANA); others are written `TYPE` and their number (RFC 3597 5). */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  29: 'LOC',
  33: 'SRV',
  35: 'NAPTR',
  37: 'CERT',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  44: 'SSHFP',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  51: 'NSEC3PARAM',
  52: 'TLSA',
  59: 'CDS',
  60: 'CDNSKEY',
  61: 'OPENPGPKEY',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  257: 'CAA',
};

export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `TYPE${type}`;
}

/** Where the parts of one message are; one object for all messages. */
export class DnsMessage {
  isResponse = false;
  /** What became of the question (RFC 1035 4.1.1), without what EDNS adds. */
  rcode = 0;
  questions = 0;
  answers = 0;
  /** Records of the authority and the additional section. */
  others = 0;
  /** Where the first question starts, its type, and where the questions end. */
  readonly questionAt = HEADER;
  type = 0;
  answersAt = 0;
  /** The record that `record` has found: where its name, type and data are. */
  recordType = 0;
  ttl = 0;
  dataAt = 0;
  dataEnd = 0;

  /** Finds header and questions of `bytes[at, end)`; false if this is no message. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < HEADER) return false;
    const flags = uint16(bytes, at + FLAGS);
    this.isResponse = (flags & RESPONSE_FLAG) !== 0;
    this.rcode = flags & 15;
    this.questions = uint16(bytes, at + QUESTIONS);
    this.answers = uint16(bytes, at + ANSWERS);
    this.others = uint16(bytes, at + OTHERS) + uint16(bytes, at + OTHERS + 2);
    if (this.questions > CLEAR_LIMITS.dnsQuestions) return false;
    // A message about nothing may report an error (RFC 1035 4.1.1 FORMERR) and no more.
    if (this.questions + this.answers + this.others === 0) {
      this.answersAt = end;
      return this.isResponse && end - at === HEADER;
    }
    let next = at + HEADER;
    for (let i = 0; i < this.questions; i++) {
      const tail = nameEnd(bytes, next, end);
      if (tail < 0 || tail + QUESTION_TAIL > end) return false;
      if (i === 0) this.type = uint16(bytes, tail);
      next = tail + QUESTION_TAIL;
    }
    this.answersAt = next;
    return true;
  }

  /** The response code with the upper bits that an OPT record has (RFC 6891 6.1.3), in a message found by `read`. */
  rcodeOf(bytes: Uint8Array, end: number): number {
    let at = this.answersAt;
    const count = Math.min(this.answers + this.others, CLEAR_LIMITS.dnsRecords);
    for (let i = 0; i < count && at >= 0; i++) {
      at = this.record(bytes, at, end);
      if (at >= 0 && this.recordType === RecordType.Opt) return ((this.ttl >>> 24) << 4) | this.rcode;
    }
    return this.rcode;
  }

  /** Finds the record at `at`; returns where the next one is, -1 if it is cut off. */
  record(bytes: Uint8Array, at: number, end: number): number {
    const tail = nameEnd(bytes, at, end);
    if (tail < 0 || tail + DATA > end) return -1;
    this.recordType = uint16(bytes, tail);
    this.ttl = uint16(bytes, tail + TTL) * 0x1_0000 + uint16(bytes, tail + TTL + 2);
    this.dataAt = tail + DATA;
    this.dataEnd = this.dataAt + uint16(bytes, tail + DATA_LENGTH);
    return this.dataEnd <= end ? this.dataEnd : -1;
  }
}
