/**
 * ServerHello (RFC 8446 4.1.3; RFC 5246 7.4.1.3), after the four bytes of the handshake header:
 *
 *     ProtocolVersion legacy_version; Random random[32]; opaque legacy_session_id_echo<0..32>; CipherSuite cipher_suite;
 *     uint8 compression_method; Extension extensions<0..2^16-1>; // the last may be absent before TLS 1.3
 */
import { isVector16, uint16 } from './bytes.ts';
import { ExtensionType, isShortDraft } from './constants.ts';
import { visitExtensions } from './extensions.ts';
import { escapedText } from './text.ts';

const VERSION = 0;
const RANDOM = 2;
const RANDOM_LEN = 32;
const SESSION_LEN = RANDOM + RANDOM_LEN;
const SESSION = SESSION_LEN + 1;
/** Up to and including the length of the session id. */
const FIXED_LEN = SESSION;
const MAX_SESSION_LEN = 32;

/** RFC 8446 4.1.3: a ServerHello with this random, SHA-256 of "HelloRetryRequest", is a HelloRetryRequest. */
const HELLO_RETRY_REQUEST = Uint8Array.from([
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
  0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
]);

export interface ServerHello {
  readonly legacyVersion: number;
  /** The version chosen: supported_versions if sent (RFC 8446 4.2.1), else the legacy version. */
  readonly version: number;
  readonly sessionId: Uint8Array;
  readonly cipher: number;
  readonly compression: number;
  /** Types in the order sent. */
  readonly extensions: readonly number[];
  /** The protocol chosen in the clear (TLS 1.2 and before), printable; null if none. */
  readonly alpn: string | null;
  /** The server asks for another ClientHello; cipher and version are already its choice. */
  readonly isRetryRequest: boolean;
  /** The group of the server's key share, or the one that a HelloRetryRequest asks for (RFC 8446 4.2.8); null if none. */
  readonly group: number | null;
  /** TLS 1.3: the server accepted the client's pre-shared key, which usually is a resumed session. */
  readonly hasPreSharedKey: boolean;
  /** Extensions whose contents contradict their own lengths; their values are left empty. */
  readonly brokenExtensions: number;
}

interface Draft extends Omit<{ -readonly [Name in keyof ServerHello]: ServerHello[Name] }, 'extensions'> {
  extensions: number[];
}

/** Where the cipher suite stands in the body `bytes[at, end)`; -1 if the lengths before the extensions do not add up. */
export function serverCipherAt(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < FIXED_LEN) return -1;
  const short = isShortDraft(uint16(bytes, at + VERSION));
  const sessionLen = short ? 0 : bytes[at + SESSION_LEN]!;
  const cipherAt = short ? at + SESSION_LEN : at + SESSION + sessionLen;
  return sessionLen > MAX_SESSION_LEN || cipherAt + chosenLen(short) > end ? -1 : cipherAt;
}

/** Bytes of the cipher suite and, where it is sent, the compression method. */
function chosenLen(short: boolean): number {
  return short ? 2 : 3;
}

/** Where the extensions of the body at `at` begin; its cipher suite is at `cipherAt`. */
export function serverExtensionsAt(bytes: Uint8Array, at: number, cipherAt: number): number {
  return cipherAt + chosenLen(isShortDraft(uint16(bytes, at + VERSION)));
}

/** Decodes the body `bytes[at, end)`; null if its lengths do not add up. Nothing of `bytes` is kept. */
export function decodeServerHello(bytes: Uint8Array, at: number, end: number): ServerHello | null {
  const cipherAt = serverCipherAt(bytes, at, end);
  if (cipherAt < 0) return null;
  const legacyVersion = uint16(bytes, at + VERSION);
  const short = isShortDraft(legacyVersion);
  const hello: Draft = {
    legacyVersion,
    version: legacyVersion,
    sessionId: short ? new Uint8Array(0) : bytes.slice(at + SESSION, cipherAt),
    cipher: uint16(bytes, cipherAt),
    compression: short ? 0 : bytes[cipherAt + 2]!,
    extensions: [],
    alpn: null,
    group: null,
    isRetryRequest: isRetryRandom(bytes, at + RANDOM),
    hasPreSharedKey: false,
    brokenExtensions: 0,
  };
  return visitExtensions(hello, bytes, cipherAt + chosenLen(short), end, readExtension) ? hello : null;
}

/** True if the body at `at`, whose fixed fields are there, is a HelloRetryRequest. */
export function isRetryRequest(bytes: Uint8Array, at: number): boolean {
  return isRetryRandom(bytes, at + RANDOM);
}

function isRetryRandom(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < RANDOM_LEN; i++) if (bytes[at + i] !== HELLO_RETRY_REQUEST[i]) return false;
  return true;
}

function readExtension(hello: Draft, type: number, bytes: Uint8Array, at: number, end: number): void {
  hello.extensions.push(type);
  if (!readContents(hello, type, bytes, at, end)) hello.brokenExtensions++;
}

/** False if the contents contradict themselves. Types that are not named here are only listed. */
function readContents(hello: Draft, type: number, bytes: Uint8Array, at: number, end: number): boolean {
  switch (type) {
    case ExtensionType.SupportedVersions:
      if (end - at !== 2) return false;
      hello.version = uint16(bytes, at);
      return true;
    case ExtensionType.KeyShare:
    case ExtensionType.DraftKeyShare:
      if (end - at < 2) return false;
      hello.group = uint16(bytes, at);
      return true;
    case ExtensionType.PreSharedKey:
      hello.hasPreSharedKey = true;
      return true;
    case ExtensionType.Alpn:
      // RFC 7301 3.1: the list has exactly one name.
      if (!isVector16(bytes, at, end) || end - at < 3 || at + 3 + bytes[at + 2]! !== end) return false;
      hello.alpn = escapedText(bytes, at + 3, end);
      return true;
    default:
      return true;
  }
}
