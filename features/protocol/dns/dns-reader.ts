/**
 * DNS (RFC 1035) over UDP, and over TCP with two bytes of length before each message (RFC 7766 8); multicast DNS (RFC 6762)
 * and LLMNR (RFC 4795) are the same on ports of their own. Recognised by port: a message has no mark of its own.
 */
import { type Packet, Protocol } from '../../packet/packet.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';
import type { SharedTexts } from '../shared-texts.ts';
import type { StreamProtocol, StreamReader } from '../stream-watch.ts';
import { addressTextOf } from './address-text.ts';
import { DnsMessage, RecordType } from './message.ts';
import { NameReader } from './name.ts';
import type { ResolvedNames } from './resolved-names.ts';

export interface DnsSummary {
  /** Of the first question; of a first message without one the name and type of its first answer. */
  readonly name: string | null;
  readonly type: number | null;
  /** Of the first response. */
  readonly rcode: number | null;
  /** Addresses and names in all responses, in their order, each once. */
  readonly answers: readonly string[] | null;
  /** Bytes of TXT data in all responses, null if there is none. */
  readonly txtBytes: number | null;
  readonly queries: number;
}

const DNS = 53;
const MULTICAST_DNS = 5353;
const LLMNR = 5355;

const LENGTH = 2;
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

/** What the readers of all flows share. */
interface Shared {
  readonly names: NameReader;
  readonly message: DnsMessage;
  readonly resolved: ResolvedNames;
}

/** @param resolved learns which client was told which address */
export function dnsProtocol(texts: SharedTexts, resolved: ResolvedNames): StreamProtocol<DnsSummary> {
  const shared = { names: new NameReader(texts), message: new DnsMessage(), resolved };
  return {
    transports: [Protocol.Tcp, Protocol.Udp],
    begins: (_bytes, _at, _end, { sourcePort, destinationPort }) => isDnsPort(sourcePort) || isDnsPort(destinationPort),
    reader: (transport) => new DnsReader(shared, transport === Protocol.Tcp),
  };
}

function isDnsPort(port: number): boolean {
  return port === DNS || port === MULTICAST_DNS || port === LLMNR;
}

export class DnsReader implements StreamReader<DnsSummary> {
  readonly #shared: Shared;
  /** Messages that came in part, by side; null over UDP. */
  readonly #frames: readonly [FrameReader, FrameReader] | null;
  #messages = 0;
  #faults = 0;
  #name: string | null = null;
  #type: number | null = null;
  #rcode: number | null = null;
  #answers: string[] | null = null;
  #txtBytes: number | null = null;
  #queries = 0;
  isOver = false;

  constructor(shared: Shared, isStream: boolean) {
    this.#shared = shared;
    this.#frames = isStream ? [new FrameReader(), new FrameReader()] : null;
  }

  glance(): boolean {
    return false;
  }

  feed(side: 0 | 1, bytes: Uint8Array, at: number, end: number, packet: Packet): boolean {
    if (this.#frames === null) this.#message(bytes, at, end, packet);
    else this.#frames[side].feed(bytes, at, end, (from, start, stop) => this.#message(from, start, stop, packet));
    return !this.isOver;
  }

  summary(): DnsSummary | null {
    if (this.#messages === 0) return null;
    return {
      name: this.#name,
      type: this.#type,
      rcode: this.#rcode,
      answers: this.#answers?.slice() ?? null,
      txtBytes: this.#txtBytes,
      queries: this.#queries,
    };
  }

  #message(bytes: Uint8Array, at: number, end: number, packet: Packet): void {
    const { message, names } = this.#shared;
    if (!message.read(bytes, at, end)) {
      this.#fail();
      return;
    }
    const name = message.questions > 0 ? names.read(bytes, at, at + message.questionAt, end) : null;
    if (message.questions > 0 && name === null) {
      this.#fail();
      return;
    }
    this.#messages++;
    if (!message.isResponse) this.#queries++;
    if (this.#name === null && name !== null) {
      this.#name = name;
      this.#type = message.type;
    } else if (this.#name === null) this.#nameOfRecord(bytes, at, end);
    if (!message.isResponse) return;
    this.#rcode ??= message.rcodeOf(bytes, end);
    this.#readAnswers(bytes, at, end, name, packet);
  }

  /** A message without a question: an answer in multicast DNS, or an inverse query (RFC 1035 6.4). */
  #nameOfRecord(bytes: Uint8Array, at: number, end: number): void {
    const { message, names } = this.#shared;
    if (message.answers === 0 || message.record(bytes, message.answersAt, end) < 0) return;
    this.#name = names.read(bytes, at, message.answersAt, end);
    this.#type = this.#name === null ? null : message.recordType;
  }

  /** What begins with something else is not DNS. */
  #fail(): void {
    if (this.#messages === 0 && ++this.#faults >= CLEAR_LIMITS.dnsFaults) this.isOver = true;
  }

  #readAnswers(bytes: Uint8Array, start: number, end: number, name: string | null, packet: Packet): void {
    const { message } = this.#shared;
    const isUnicast = packet.sourcePort !== MULTICAST_DNS && packet.destinationPort !== MULTICAST_DNS;
    const count = Math.min(message.answers, CLEAR_LIMITS.dnsRecords);
    let at = message.answersAt;
    for (let i = 0; i < count; i++) {
      const next = message.record(bytes, at, end);
      if (next < 0) return;
      if (isUnicast && name !== null) this.#resolve(bytes, name, packet);
      this.#readData(bytes, start);
      at = next;
    }
  }

  /** An address that the receiver of the packet is told. */
  #resolve(bytes: Uint8Array, name: string, { view, addressAt, ipVersion, us }: Packet): void {
    const { recordType, dataAt, dataEnd, ttl } = this.#shared.message;
    const length = ipVersion === 4 ? 4 : 16;
    if (recordType !== (ipVersion === 4 ? RecordType.A : RecordType.Aaaa) || dataEnd - dataAt !== length) return;
    this.#shared.resolved.add(view, addressAt + length, bytes, dataAt, ipVersion, name, ttl, us);
  }

  #readData(bytes: Uint8Array, start: number): void {
    const { recordType, dataAt, dataEnd } = this.#shared.message;
    const length = dataEnd - dataAt;
    if (recordType === RecordType.A || recordType === RecordType.Aaaa) {
      if (length === (recordType === RecordType.A ? 4 : 16)) this.#add(addressTextOf(bytes, dataAt, dataEnd));
    } else if (recordType === RecordType.Txt) this.#txtBytes = (this.#txtBytes ?? 0) + length;
    else {
      const before = BEFORE_NAME[recordType];
      if (before === undefined) return;
      const name = this.#shared.names.read(bytes, start, dataAt + before, dataEnd);
      if (name !== null && name !== '.') this.#add(name);
    }
  }

  #add(answer: string): void {
    this.#answers ??= [];
    if (this.#answers.length < CLEAR_LIMITS.dnsAnswers && !this.#answers.includes(answer)) this.#answers.push(answer);
  }
}

/** Cuts a stream into messages. */
class FrameReader {
  /** Length and message that came in part. */
  #held = new Uint8Array(0);
  #heldLength = 0;
  /** Bytes of a message too long to be kept that are still to come. */
  #skip = 0;

  feed(bytes: Uint8Array, at: number, end: number, take: (bytes: Uint8Array, at: number, end: number) => void): void {
    while (at < end) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - at);
        this.#skip -= skipped;
        at += skipped;
      } else if (this.#heldLength > 0) at = this.#hold(bytes, at, end, take);
      else if (end - at >= LENGTH && at + LENGTH + lengthOf(bytes, at) <= end) {
        const next = at + LENGTH + lengthOf(bytes, at);
        take(bytes, at + LENGTH, next);
        at = next;
      } else at = this.#hold(bytes, at, end, take);
    }
  }

  /** Adds what belongs to the message that is held; returns where the next begins. */
  #hold(
    bytes: Uint8Array,
    at: number,
    end: number,
    take: (bytes: Uint8Array, at: number, end: number) => void,
  ): number {
    if (this.#held.length < LENGTH) this.#held = new Uint8Array(LENGTH);
    while (at < end && this.#heldLength < LENGTH) this.#held[this.#heldLength++] = bytes[at++]!;
    if (this.#heldLength < LENGTH) return at;
    const length = lengthOf(this.#held, 0);
    if (length > CLEAR_LIMITS.dnsMessageBytes) {
      this.#heldLength = 0;
      this.#skip = length;
      return at;
    }
    const whole = LENGTH + length;
    const wanted = Math.min(whole, this.#heldLength + end - at);
    if (this.#held.length < wanted) {
      const larger = new Uint8Array(Math.min(whole, Math.max(wanted, 2 * this.#held.length)));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    while (this.#heldLength < wanted) this.#held[this.#heldLength++] = bytes[at++]!;
    if (this.#heldLength === whole) {
      this.#heldLength = 0;
      take(this.#held, LENGTH, whole);
    }
    return at;
  }
}

function lengthOf(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
