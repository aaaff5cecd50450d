/** What DNS messages (RFC 1035) say, into the records of the flows that they belong to. */
import type { Packet } from '../../packet/packet.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';
import type { SharedTexts } from '../shared-texts.ts';
import { writeAddress } from './address-text.ts';
import type { DnsRecord, RecordMemory } from './dns-record.ts';
import { DnsMessage, RecordType } from './message.ts';
import { NameText } from './name.ts';
import type { ResolvedNames } from './resolved-names.ts';

const DNS = 53;
const MULTICAST_DNS = 5353;
const LLMNR = 5355;

/** Recognised by port: a message has no mark of its own. Multicast DNS is RFC 6762, LLMNR RFC 4795. */
export function isDns({ sourcePort, destinationPort }: Packet): boolean {
  return isDnsPort(sourcePort) || isDnsPort(destinationPort);
}

function isDnsPort(port: number): boolean {
  return port === DNS || port === MULTICAST_DNS || port === LLMNR;
}

/**
 * Bytes before the name in the data of each type: RFC 1035 3.3, RFC 2782 (priority, weight, port) and RFC 9460 2.1 (priority;
 * `.` is the owner itself).
 */
const BEFORE_NAME: Readonly<Record<number, number>> = {
  [RecordType.Cname]: 0,
  [RecordType.Ptr]: 0,
  [RecordType.Ns]: 0,
  [RecordType.Mx]: 2,
  [RecordType.Srv]: 6,
  [RecordType.Svcb]: 2,
  [RecordType.Https]: 2,
};

/** Eight fields of four digits and seven colons, with room for how IPv4 addresses are written in them. */
const LONGEST_ADDRESS = 64;

/** Reads one message after the other; one object for all flows. */
export class DnsMessages {
  readonly #resolved: ResolvedNames;
  readonly #message = new DnsMessage();
  /** The name in the first question of the message, and one of its records. */
  readonly #asked: NameText;
  readonly #told: NameText;
  readonly #address = new Uint8Array(LONGEST_ADDRESS);

  /** @param resolved learns which client was told which address */
  constructor(texts: SharedTexts, resolved: ResolvedNames) {
    this.#resolved = resolved;
    this.#asked = new NameText(texts);
    this.#told = new NameText(texts);
  }

  /** Finds header and questions of `bytes[at, end)`; false if this is no message. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    const message = this.#message;
    if (!message.read(bytes, at, end)) return false;
    return message.questions === 0 || this.#asked.read(bytes, at, at + message.questionAt, end);
  }

  /**
   * Adds what the message says that was read last, and is still there, to the record of its flow.
   *
   * @param packet what it came with
   * @returns false if the record has no room for all of it
   */
  tell(record: DnsRecord, bytes: Uint8Array, at: number, end: number, packet: Packet, memory: RecordMemory): boolean {
    const message = this.#message;
    if (!message.isResponse) record.countQuery();
    if (!record.hasName && !this.#tellName(record, bytes, at, end, memory)) return false;
    if (!message.isResponse) return true;
    if (record.rcode === null) record.setRcode(message.rcodeOf(bytes, end));
    return this.#tellAnswers(record, bytes, at, end, packet, memory);
  }

  #tellName(record: DnsRecord, bytes: Uint8Array, start: number, end: number, memory: RecordMemory): boolean {
    const message = this.#message;
    if (message.questions > 0) return record.setName(this.#asked.bytes, this.#asked.length, message.type, memory);
    // A message without a question: an answer in multicast DNS, or an inverse query (RFC 1035 6.4).
    if (message.answers === 0 || message.record(bytes, message.answersAt, end) < 0) return true;
    const told = this.#told;
    if (!told.read(bytes, start, message.answersAt, end)) return true;
    return record.setName(told.bytes, told.length, message.recordType, memory);
  }

  #tellAnswers(
    record: DnsRecord,
    bytes: Uint8Array,
    start: number,
    end: number,
    packet: Packet,
    memory: RecordMemory,
  ): boolean {
    const message = this.#message;
    const isUnicast = packet.sourcePort !== MULTICAST_DNS && packet.destinationPort !== MULTICAST_DNS;
    const isResolving = isUnicast && message.questions > 0;
    const count = Math.min(message.answers, CLEAR_LIMITS.dnsRecords);
    let at = message.answersAt;
    let hasRoom = true;
    for (let i = 0; i < count; i++) {
      const next = message.record(bytes, at, end);
      if (next < 0) break;
      if (isResolving) this.#resolve(bytes, packet);
      if (hasRoom) hasRoom = this.#tellData(record, bytes, start, memory);
      at = next;
    }
    return hasRoom;
  }

  /** An address that the receiver of the packet is told. */
  #resolve(bytes: Uint8Array, { view, addressAt, ipVersion, us }: Packet): void {
    const { recordType, dataAt, dataEnd, ttl } = this.#message;
    const length = ipVersion === 4 ? 4 : 16;
    if (recordType !== (ipVersion === 4 ? RecordType.A : RecordType.Aaaa) || dataEnd - dataAt !== length) return;
    this.#resolved.add(view, addressAt + length, bytes, dataAt, ipVersion, this.#asked, ttl, us);
  }

  #tellData(record: DnsRecord, bytes: Uint8Array, start: number, memory: RecordMemory): boolean {
    const { recordType, dataAt, dataEnd } = this.#message;
    const length = dataEnd - dataAt;
    if (recordType === RecordType.A || recordType === RecordType.Aaaa) {
      if (length !== (recordType === RecordType.A ? 4 : 16)) return true;
      return record.addAnswer(this.#address, writeAddress(bytes, dataAt, dataEnd, this.#address), memory);
    }
    if (recordType === RecordType.Txt) record.addTxtBytes(length);
    const before = BEFORE_NAME[recordType];
    const told = this.#told;
    if (before === undefined || !told.read(bytes, start, dataAt + before, dataEnd) || told.isRoot) return true;
    return record.addAnswer(told.bytes, told.length, memory);
  }
}
