/**
 * Long headers (RFC 8999 5.1, RFC 9000 17.2):
 *
 *     flags(8) version(32) dcid_length(8) dcid scid_length(8) scid           // every version
 *     [token_length(varint) token]  length(varint) packet_number payload     // the token in Initials only
 *
 * A Retry has a token and 16 bytes of tag behind the ids, a Version Negotiation a list of versions.
 */
import { QUIC_LIMITS } from './limits.ts';
import { VarintReader } from './varint.ts';
import { isReservedVersion, quicVersion } from './versions.ts';

const FLAGS = 0;
const VERSION = 1;
const DCID_LENGTH = 5;
const DCID = 6;

const LONG = 0x80;
const FIXED = 0x40;

/** RFC 9000 17.2, as version 1 numbers them. */
export const PacketType = {
  Initial: 0,
  ZeroRtt: 1,
  Handshake: 2,
  Retry: 3,
  VersionNegotiation: 4,
  /** Of a version that is not known: only what every version has can be read. */
  Unknown: 5,
} as const;
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

export class LongHeader {
  at = 0;
  version = 0;
  type: PacketType = PacketType.Unknown;
  dcidAt = 0;
  dcidLength = 0;
  scidAt = 0;
  scidLength = 0;
  tokenLength = 0;
  /** Where the protected packet number begins. */
  numberAt = 0;
  /** Where the packet ends on the wire, perhaps behind the end of the capture; 0 if it lies in what was cut off. */
  packetEnd = 0;
  readonly #varints = new VarintReader();

  /**
   * Reads the header at `at`; false if there is none, or it contradicts itself.
   *
   * @param end of what was captured
   * @param wireEnd of the datagram on the wire, `end` or behind it
   */
  read(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
    if (end - at <= DCID || (bytes[at + FLAGS]! & LONG) === 0) return false;
    this.at = at;
    this.version =
      ((bytes[at + VERSION]! << 24) |
        (bytes[at + VERSION + 1]! << 16) |
        (bytes[at + VERSION + 2]! << 8) |
        bytes[at + VERSION + 3]!) >>>
      0;
    this.type = typeOf(this.version, bytes[at + FLAGS]!);
    this.dcidLength = bytes[at + DCID_LENGTH]!;
    this.dcidAt = at + DCID;
    const scidLengthAt = this.dcidAt + this.dcidLength;
    if (scidLengthAt >= end) return false;
    this.scidLength = bytes[scidLengthAt]!;
    this.scidAt = scidLengthAt + 1;
    const rest = this.scidAt + this.scidLength;
    const longest = QUIC_LIMITS.connectionIdBytes;
    if (rest > end || this.dcidLength > longest || this.scidLength > longest) return false;
    this.tokenLength = this.numberAt = this.packetEnd = 0;
    switch (this.type) {
      case PacketType.Unknown:
        this.packetEnd = wireEnd;
        return isReservedVersion(this.version);
      case PacketType.VersionNegotiation:
        this.numberAt = rest;
        this.packetEnd = wireEnd;
        return wireEnd - rest >= 4 && (wireEnd - rest) % 4 === 0;
      case PacketType.Retry:
        this.packetEnd = wireEnd;
        return (bytes[at + FLAGS]! & FIXED) !== 0 && wireEnd - rest > 16;
      default:
        return (bytes[at + FLAGS]! & FIXED) !== 0 && this.#readLengths(bytes, rest, end, wireEnd);
    }
  }

  /** The list of a Version Negotiation names a version that is known. */
  offersKnownVersion(bytes: Uint8Array, end: number): boolean {
    for (let at = this.numberAt; at + 4 <= end; at += 4) {
      const version = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if (quicVersion(version >>> 0) !== null) return true;
    }
    return false;
  }

  #readLengths(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
    const varints = this.#varints;
    varints.begin(bytes, at, end);
    // What was cut off cannot contradict anything.
    const isCut = wireEnd > end;
    if (this.type === PacketType.Initial) {
      this.tokenLength = varints.next();
      if (this.tokenLength < 0) return isCut;
      if (this.tokenLength > wireEnd - varints.at) return false;
      varints.at += this.tokenLength;
      if (varints.at > end) return true;
    }
    const length = varints.next();
    if (length < 0) return isCut;
    this.numberAt = varints.at;
    this.packetEnd = varints.at + length;
    // RFC 9001 5.4.2: a packet is long enough for a sample behind a packet number of four bytes.
    return length >= 20 && this.packetEnd <= wireEnd;
  }
}

function typeOf(version: number, flags: number): PacketType {
  if (version === 0) return PacketType.VersionNegotiation;
  const known = quicVersion(version);
  if (known === null) return PacketType.Unknown;
  return (((flags >> 4) - known.typeShift) & 3) as PacketType;
}
