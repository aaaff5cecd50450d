/**
 * ClientHello (RFC 8446 4.1.2; RFC 5246 7.4.1.2), after the four bytes of the handshake header:
 *
 *     ProtocolVersion legacy_version; Random random[32]; opaque session_id<0..32>; CipherSuite cipher_suites<2..2^16-2>;
 *     opaque compression_methods<1..2^8-1>; Extension extensions<0..2^16-1>; // the last may be absent before TLS 1.3
 */
import { isVector8, isVector16, uint8s, uint16, uint16s } from './bytes.ts';
import { ExtensionType } from './constants.ts';
import { readExtensions } from './extensions.ts';
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
  /** encrypted_client_hello is present, in earnest or as GREASE (RFC 9849): the two look alike. */
  readonly hasEncryptedHello: boolean;
  /** Extensions whose contents contradict their own lengths; their values are left empty. */
  readonly brokenExtensions: number;
}

/** The fields while they are being read. */
type Draft = { -readonly [Name in keyof ClientHello]: ClientHello[Name] };

/** Decodes the body `bytes[at, end)`; null if its lengths do not add up. Nothing of `bytes` is kept. */
export function decodeClientHello(bytes: Uint8Array, at: number, end: number): ClientHello | null {
  if (end - at < FIXED_LEN) return null;
  const sessionLen = bytes[at + SESSION_LEN]!;
  const ciphersAt = at + SESSION + sessionLen;
  if (sessionLen > MAX_SESSION_LEN || end - ciphersAt < 2) return null;
  const compressionsAt = ciphersAt + 2 + uint16(bytes, ciphersAt);
  if ((compressionsAt - ciphersAt) % 2 !== 0 || end - compressionsAt < 1) return null;
  const extensionsAt = compressionsAt + 1 + bytes[compressionsAt]!;
  if (extensionsAt > end) return null;
  const hello: Draft = {
    legacyVersion: uint16(bytes, at + VERSION),
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
    hasEncryptedHello: false,
    brokenExtensions: 0,
  };
  if (extensionsAt === end) return hello;
  return isVector16(bytes, extensionsAt, end) && readExtensions(hello, bytes, extensionsAt + 2, end, readExtension)
    ? hello
    : null;
}

/** Shared by the lists that most hellos fill later; never written to. */
const NONE: readonly number[] = [];

/** Reads one extension; false if it contradicts itself. Types that are not named here are only listed. */
function readExtension(hello: Draft, type: number, bytes: Uint8Array, at: number, end: number): boolean {
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
    case ExtensionType.EncryptedClientHello:
      hello.hasEncryptedHello = true;
      return true;
    default:
      return true;
  }
}

/** RFC 6066 3: `ServerName server_name_list<1..2^16-1>`; only host_name (0) exists, and only the first one counts. */
function readServerName(hello: Draft, bytes: Uint8Array, at: number, end: number): boolean {
  const NAME_TYPE = 2;
  const NAME_LEN = 3;
  const NAME = 5;
  if (!isVector16(bytes, at, end) || end - at < NAME || bytes[at + NAME_TYPE] !== 0) return false;
  const length = uint16(bytes, at + NAME_LEN);
  if (length === 0 || length > end - at - NAME) return false;
  if (length <= TLS_LIMITS.nameBytes) hello.sni = printableText(bytes, at + NAME, at + NAME + length);
  return true;
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
