/**
 * ClientHello (RFC 8446 4.1.2; RFC 5246 7.4.1.2), after the four bytes of the handshake header:
 *
 *     ProtocolVersion legacy_version; Random random[32]; opaque session_id<0..32>; CipherSuite cipher_suites<2..2^16-2>;
 *     opaque compression_methods<1..2^8-1>; Extension extensions<0..2^16-1>; // the last may be absent before TLS 1.3
 */
import { isVector8, isVector16, uint8s, uint16, uint16s } from './bytes.ts';
import { ExtensionType } from './constants.ts';
import { visitExtensions } from './extensions.ts';
import { TLS_LIMITS } from './limits.ts';
import { escapedText, printableText } from './text.ts';

const VERSION = 0;
const RANDOM = 2;
const SESSION_LEN = RANDOM + 32;
const SESSION = SESSION_LEN + 1;
/** Up to and including the length of the session id. */
const FIXED_LEN = SESSION;
const MAX_SESSION_LEN = 32;

export interface ClientHello {
  readonly legacyVersion: number;
  readonly sessionId: Uint8Array;
  readonly ciphers: readonly number[];
  readonly compressions: readonly number[];
  /** Types in the order sent, GREASE included; empty if there is no extension block. */
  readonly extensions: readonly number[];
  /** supported_versions, GREASE included (RFC 8446 4.2.1). */
  readonly versions: readonly number[];
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** Groups for which a key share is sent (RFC 8446 4.2.8). */
  readonly keyShareGroups: readonly number[];
  /** Protocol names, printable: other bytes are written `\xNN`. */
  readonly alpn: readonly string[];
  /** The same names as they were sent. */
  readonly alpnBytes: readonly Uint8Array[];
  /** Host name if it is printable (RFC 6066 3); untrusted text, and the outer name under ECH. */
  readonly sni: string | null;
  readonly hasPreSharedKey: boolean;
  readonly hasEarlyData: boolean;
  /** A session ticket to resume with (RFC 5077 3.2); an empty extension only asks for one. */
  readonly hasTicket: boolean;
  /** encrypted_client_hello is present, in earnest or as GREASE (RFC 9849): the two look alike. */
  readonly hasEncryptedHello: boolean;
  /** It is of the outer type (RFC 9849 5): the server name may be that of a provider. */
  readonly isOuterHello: boolean;
  /** Extensions whose contents contradict their own lengths; their values are left empty. */
  readonly brokenExtensions: number;
}

/** The fields while they are being read. */
interface Draft extends Omit<{ -readonly [Name in keyof ClientHello]: ClientHello[Name] }, 'extensions'> {
  extensions: number[];
}

/** Where the parts of variable length begin. One object is used again and again. */
export class ClientHelloLayout {
  /** The two bytes of length before the list. */
  ciphersAt = 0;
  /** The byte of length before the list. */
  compressionsAt = 0;
  extensionsAt = 0;

  /** Finds them in the body `bytes[at, end)`; false if the lengths before the extensions do not add up. */
  find(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < FIXED_LEN) return false;
    const sessionLen = bytes[at + SESSION_LEN]!;
    const ciphersAt = at + SESSION + sessionLen;
    if (sessionLen > MAX_SESSION_LEN || end - ciphersAt < 2) return false;
    const compressionsAt = ciphersAt + 2 + uint16(bytes, ciphersAt);
    if ((compressionsAt - ciphersAt) % 2 !== 0 || end - compressionsAt < 1) return false;
    this.ciphersAt = ciphersAt;
    this.compressionsAt = compressionsAt;
    this.extensionsAt = compressionsAt + 1 + bytes[compressionsAt]!;
    return this.extensionsAt <= end;
  }
}

const layout = new ClientHelloLayout();

/** Decodes the body `bytes[at, end)`; null if its lengths do not add up. Nothing of `bytes` is kept. */
export function decodeClientHello(bytes: Uint8Array, at: number, end: number): ClientHello | null {
  if (!layout.find(bytes, at, end)) return null;
  const { ciphersAt, compressionsAt, extensionsAt } = layout;
  const hello: Draft = {
    legacyVersion: legacyVersion(bytes, at),
    sessionId: bytes.slice(at + SESSION, ciphersAt),
    ciphers: uint16s(bytes, ciphersAt + 2, compressionsAt),
    compressions: uint8s(bytes, compressionsAt + 1, extensionsAt),
    extensions: [],
    versions: NONE,
    groups: NONE,
    pointFormats: NONE,
    signatureAlgorithms: NONE,
    keyShareGroups: NONE,
    alpn: [],
    alpnBytes: [],
    sni: null,
    hasPreSharedKey: false,
    hasEarlyData: false,
    hasTicket: false,
    hasEncryptedHello: false,
    isOuterHello: false,
    brokenExtensions: 0,
  };
  return visitExtensions(hello, bytes, extensionsAt, end, readExtension) ? hello : null;
}

/** The version field of the body at `at`, whose fixed fields are there. */
export function legacyVersion(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at + VERSION);
}

/** Shared by the lists that most hellos fill later; never written to. */
const NONE: readonly number[] = [];

function readExtension(hello: Draft, type: number, bytes: Uint8Array, at: number, end: number): void {
  hello.extensions.push(type);
  if (!readContents(hello, type, bytes, at, end)) hello.brokenExtensions++;
}

/** False if the contents contradict themselves. Types that are not named here are only listed. */
function readContents(hello: Draft, type: number, bytes: Uint8Array, at: number, end: number): boolean {
  switch (type) {
    case ExtensionType.ServerName:
      return readServerName(hello, bytes, at, end);
    case ExtensionType.SupportedGroups:
      if (!isVector16(bytes, at, end)) return false;
      hello.groups = uint16s(bytes, at + 2, end);
      return true;
    case ExtensionType.EcPointFormats:
      if (!isVector8(bytes, at, end)) return false;
      hello.pointFormats = uint8s(bytes, at + 1, end);
      return true;
    case ExtensionType.SignatureAlgorithms:
      if (!isVector16(bytes, at, end)) return false;
      hello.signatureAlgorithms = uint16s(bytes, at + 2, end);
      return true;
    case ExtensionType.SupportedVersions:
      if (!isVector8(bytes, at, end)) return false;
      hello.versions = uint16s(bytes, at + 1, end);
      return true;
    case ExtensionType.Alpn:
      return isVector16(bytes, at, end) && readAlpn(hello, bytes, at + 2, end);
    case ExtensionType.KeyShare:
      return isVector16(bytes, at, end) && readKeyShares(hello, bytes, at + 2, end);
    case ExtensionType.PreSharedKey:
      hello.hasPreSharedKey = true;
      return true;
    case ExtensionType.EarlyData:
      hello.hasEarlyData = true;
      return true;
    case ExtensionType.SessionTicket:
      hello.hasTicket = at < end;
      return true;
    case ExtensionType.EncryptedClientHello:
      hello.hasEncryptedHello = true;
      hello.isOuterHello = isOuterHello(bytes, at, end);
      return true;
    default:
      return true;
  }
}

/** RFC 9849 5: the contents begin with ECHClientHelloType, outer (0) or inner (1). */
export function isOuterHello(bytes: Uint8Array, at: number, end: number): boolean {
  return at < end && bytes[at] === 0;
}

/** Length and hash (FNV-1a) of the session id in the body at `at`, whose lengths add up; 0 if there is none. */
export function sessionMark(bytes: Uint8Array, at: number): number {
  const end = at + SESSION + bytes[at + SESSION_LEN]!;
  if (end === at + SESSION) return 0;
  let hash = 0x811c9dc5 | 0;
  for (let i = at + SESSION_LEN; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash | 1;
}

function readServerName(hello: Draft, bytes: Uint8Array, at: number, end: number): boolean {
  const nameAt = hostNameAt(bytes, at, end);
  if (nameAt < 0) return false;
  const length = uint16(bytes, nameAt - 2);
  if (length <= TLS_LIMITS.nameBytes) hello.sni = printableText(bytes, nameAt, nameAt + length);
  return true;
}

/**
 * Where the host name stands in the contents `[at, end)` of server_name, its length in the two bytes before; -1 if they
 * contradict themselves. RFC 6066 3: `ServerName server_name_list<1..2^16-1>`; only host_name (0) exists, and only the
 * first one counts.
 */
export function hostNameAt(bytes: Uint8Array, at: number, end: number): number {
  const NAME_TYPE = 2;
  const NAME_LEN = 3;
  const NAME = 5;
  if (!isVector16(bytes, at, end) || end - at < NAME || bytes[at + NAME_TYPE] !== 0) return -1;
  const length = uint16(bytes, at + NAME_LEN);
  return length === 0 || length > end - at - NAME ? -1 : at + NAME;
}

/** RFC 7301 3.1: `ProtocolName protocol_name_list<2..2^16-1>`, each name one length byte and its bytes. */
function readAlpn(hello: Draft, bytes: Uint8Array, at: number, end: number): boolean {
  const names: string[] = [];
  const raw: Uint8Array[] = [];
  while (at < end) {
    const next = at + 1 + bytes[at]!;
    if (next > end) return false;
    if (names.length < TLS_LIMITS.alpnProtocols) {
      names.push(escapedText(bytes, at + 1, next));
      raw.push(bytes.slice(at + 1, next));
    }
    at = next;
  }
  hello.alpn = names;
  hello.alpnBytes = raw;
  return true;
}

/** RFC 8446 4.2.8: `KeyShareEntry client_shares<0..2^16-1>`, each a group, a two-byte length and the key. */
function readKeyShares(hello: Draft, bytes: Uint8Array, at: number, end: number): boolean {
  const groups: number[] = [];
  while (at < end) {
    if (end - at < 4) return false;
    const next = at + 4 + uint16(bytes, at + 2);
    if (next > end) return false;
    groups.push(uint16(bytes, at));
    at = next;
  }
  hello.keyShareGroups = groups;
  return true;
}
