/**
 * Google QUIC, as it was before the IETF's: its handshake message CHLO in the clear ("QUIC Crypto", Langley and Chang,
 * 2016), and the packets that carry it up to Q043 and in Q046 ("QUIC Wire Layout Specification", Hamilton et al., 2016).
 *
 *     public flags(8) connection id(64) version(32) packet number(8-48) hash(96) [private flags(8)] frames   // to Q043
 *     flags(8) version(32) lengths of both ids(4+4) ids packet number(8-32) hash(96) frames                  // Q046
 */
import { printableText } from '../tls/text.ts';
import { QUIC_LIMITS } from './limits.ts';

/** Public flags of a client: it names its version and the connection. */
const PublicFlag = { Version: 0x01, ConnectionId: 0x08, Unused: 0xc0 } as const;
const CONNECTION_ID = 8;
const PUBLIC_VERSION = 1 + CONNECTION_ID;
const VERSION_BYTES = 4;
/** FNV-1a of what follows, shortened: the "encryption" of those who have no keys yet. */
const HASH_BYTES = 12;
/** Bytes of the packet number by two bits of the public flags. */
const NUMBER_BYTES = [1, 2, 4, 6] as const;

/** Up to this version there were private flags, and up to the other integers were little-endian. */
const LAST_PRIVATE_FLAGS = 33;
const LAST_LITTLE_ENDIAN = 38;
/** The versions with a long header in which the hello is in the clear. */
const FIRST_LONG = 44;
const LAST_LONG = 46;

const Q = 0x51;
const ZERO = 0x30;
const CHLO = [0x43, 0x48, 0x4c, 0x4f] as const;

/** STREAM frame: `1fdooossB`; of the others only those that may come before it are skipped. */
const STREAM = 0x80;
const ACK = 0x40;
const ACK_MASK = 0xc0;
const CRYPTO_STREAM = 1;

/** What a CHLO says that is kept; null if it does not say it. */
export interface GoogleHello {
  readonly name: string | null;
  readonly userAgent: string | null;
}

/** One packet, found again and again in the same memory. */
export class GooglePacket {
  /** 24 of Q024. */
  version = 0;
  connectionIdLength = 0;
  #framesAt = 0;

  /** Reads the header that `[at, end)` begins with; false if there is none that names such a version. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < PUBLIC_VERSION + VERSION_BYTES) return false;
    const flags = bytes[at]!;
    if ((flags & 0x80) !== 0) return this.#readLong(bytes, at);
    const wanted = PublicFlag.Version | PublicFlag.ConnectionId;
    if ((flags & (wanted | PublicFlag.Unused)) !== wanted) return false;
    this.version = googleVersion(bytes, at + PUBLIC_VERSION);
    if (this.version < 0 || this.version >= FIRST_LONG) return false;
    this.connectionIdLength = CONNECTION_ID;
    const hashAt = at + PUBLIC_VERSION + VERSION_BYTES + NUMBER_BYTES[(flags >> 4) & 3]!;
    this.#framesAt = hashAt + HASH_BYTES + (this.version <= LAST_PRIVATE_FLAGS ? 1 : 0);
    return true;
  }

  #readLong(bytes: Uint8Array, at: number): boolean {
    this.version = googleVersion(bytes, at + 1);
    if (this.version < FIRST_LONG || this.version > LAST_LONG) return false;
    const lengths = bytes[at + 1 + VERSION_BYTES]!;
    this.connectionIdLength = idLength(lengths >> 4);
    const numberAt = at + 2 + VERSION_BYTES + this.connectionIdLength + idLength(lengths & 0x0f);
    this.#framesAt = numberAt + (bytes[at]! & 3) + 1 + HASH_BYTES;
    return true;
  }

  /** The CHLO of the packet, if it begins in its first STREAM frame. */
  hello(bytes: Uint8Array, end: number): GoogleHello | null {
    const at = this.#streamDataAt(bytes, end);
    return at < 0 ? null : readGoogleHello(bytes, at, end);
  }

  #streamDataAt(bytes: Uint8Array, end: number): number {
    let at = this.#framesAt;
    if (at < end && (bytes[at]! & ACK_MASK) === ACK) return -1; // an answer to the server: its hello is the second
    if (end - at < 2 || (bytes[at]! & STREAM) === 0) return -1;
    const type = bytes[at]!;
    const idBytes = (type & 3) + 1;
    const offsetBits = (type >> 2) & 7;
    at++;
    if (integer(bytes, at, idBytes, end, this.version <= LAST_LITTLE_ENDIAN) !== CRYPTO_STREAM) return -1;
    const offsetBytes = offsetBits === 0 ? 0 : offsetBits + 1;
    return at + idBytes + offsetBytes + ((type & 0x20) !== 0 ? 2 : 0);
  }
}

/** Lengths of connection ids in Q046: 0, or 4 to 18 as 1 to 15. */
function idLength(bits: number): number {
  return bits === 0 ? 0 : bits + 3;
}

/** 43 of `Q043`, -1 for anything else. */
function googleVersion(bytes: Uint8Array, at: number): number {
  const tens = bytes[at + 2]! - ZERO;
  const ones = bytes[at + 3]! - ZERO;
  const isVersion = bytes[at] === Q && bytes[at + 1] === ZERO && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  return isVersion ? tens * 10 + ones : -1;
}

function integer(bytes: Uint8Array, at: number, length: number, end: number, isLittle: boolean): number {
  if (end - at < length) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[isLittle ? at + length - 1 - i : at + i]!;
  return value;
}

/** True if `[at, end)` begins with a CHLO, as far as it is there. */
export function isGoogleHello(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at >= CHLO.length && CHLO.every((byte, i) => bytes[at + i] === byte);
}

/**
 *     CHLO, number of tags(16) padding(16) { tag(32) end of its value(32) }... values        // little-endian
 *
 * Null if it is no CHLO. Of one that the packet or the capture cut, what is there: the tags come first, and the padding
 * that makes it long before the values.
 */
export function readGoogleHello(bytes: Uint8Array, at: number, end: number): GoogleHello | null {
  const TAGS = 8;
  const TAG_BYTES = 8;
  if (end - at < TAGS || !isGoogleHello(bytes, at, end)) return null;
  const count = bytes[at + 4]! | (bytes[at + 5]! << 8);
  const valuesAt = at + TAGS + count * TAG_BYTES;
  if (count > QUIC_LIMITS.tags || valuesAt > end) return null;
  let name: string | null = null;
  let userAgent: string | null = null;
  let from = valuesAt;
  for (let i = 0; i < count; i++) {
    const tagAt = at + TAGS + i * TAG_BYTES;
    const to = valuesAt + integer(bytes, tagAt + 4, 4, end, true);
    // Ends never go back, and nothing is read that is not there.
    if (to < from || to > end) break;
    if (to - from <= QUIC_LIMITS.userAgentBytes) {
      if (isTag(bytes, tagAt, 'SNI\0')) name = printableText(bytes, from, to);
      else if (isTag(bytes, tagAt, 'UAID')) userAgent = printableText(bytes, from, to);
    }
    from = to;
  }
  return { name: name === '' ? null : name, userAgent };
}

/** True once the CHLO that `[at, end)` begins with is all there. */
export function isWholeGoogleHello(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 8) return false;
  const count = bytes[at + 4]! | (bytes[at + 5]! << 8);
  const valuesAt = at + 8 + 8 * count;
  if (count === 0 || count > QUIC_LIMITS.tags) return true;
  return valuesAt <= end && valuesAt + integer(bytes, valuesAt - 4, 4, end, true) <= end;
}

function isTag(bytes: Uint8Array, at: number, tag: string): boolean {
  for (let i = 0; i < tag.length; i++) if (bytes[at + i] !== tag.charCodeAt(i)) return false;
  return true;
}
