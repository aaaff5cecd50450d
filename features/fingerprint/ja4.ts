/**
 * JA4, the TLS client fingerprint (FoxIO, technical_details/JA4.md, BSD 3-Clause): `a_b_c`. The section titles of the
 * definition are quoted where they decide something. Only JA4 itself is free; the rest of JA4+ is not implemented here.
 */
import type { Digests } from '../../core/digest.ts';
import type { ClientHello } from '../protocol/tls/client-hello.ts';
import { ExtensionType } from '../protocol/tls/constants.ts';
import { isGrease, withoutGrease } from './grease.ts';

/** What carries the ClientHello ("QUIC and DTLS"). */
export const Ja4Transport = { Tcp: 't', Quic: 'q', Dtls: 'd' } as const;
export type Ja4Transport = (typeof Ja4Transport)[keyof typeof Ja4Transport];

/** "TLS and DTLS Version"; any other version is '00'. */
const VERSION_CODES: Readonly<Record<number, string>> = {
  772: '13',
  771: '12',
  770: '11',
  769: '10',
  768: 's3',
  2: 's2',
  65279: 'd1',
  65277: 'd2',
  65276: 'd3',
};

/** DTLS versions count downwards (RFC 9147 5.3: 1.3 is 0xfefc, 1.0 is 0xfeff). */
const DTLS_MAJOR = 0xfe;
const EMPTY_HASH = '000000000000';
const HASH_LEN = 12;
const MAX_COUNT = 99;

/** The fingerprint, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
export function ja4(hello: ClientHello, digests: Digests, transport: Ja4Transport = Ja4Transport.Tcp): string {
  return hashed(ja4a(hello, transport), cipherText(hello), extensionText(hello), digests);
}

/** JA4_r: the same with the sorted lists in place of their hashes ("Raw Output"). */
export function ja4Raw(hello: ClientHello, transport: Ja4Transport = Ja4Transport.Tcp): string {
  return raw(ja4a(hello, transport), cipherText(hello), extensionText(hello));
}

/** JA4_o: as JA4, of the lists in the order sent, with SNI and ALPN among the extensions ("Raw Output"). */
export function ja4Original(hello: ClientHello, digests: Digests, transport: Ja4Transport = Ja4Transport.Tcp): string {
  return hashed(ja4a(hello, transport), originalCipherText(hello), originalExtensionText(hello), digests);
}

/** JA4_ro: the same with the lists in place of their hashes ("Raw Output"). */
export function ja4OriginalRaw(hello: ClientHello, transport: Ja4Transport = Ja4Transport.Tcp): string {
  return raw(ja4a(hello, transport), originalCipherText(hello), originalExtensionText(hello));
}

function hashed(first: string, ciphers: string, rest: string, digests: Digests): string {
  return `${first}_${shortHash(ciphers, digests)}_${shortHash(rest, digests)}`;
}

function raw(first: string, ciphers: string, rest: string): string {
  return `${first}_${ciphers}_${rest}`;
}

/** The first section, which needs no hash: transport, version, SNI, counts, ALPN. */
export function ja4a(hello: ClientHello, transport: Ja4Transport): string {
  const version = VERSION_CODES[offeredVersion(hello)] ?? '00';
  const sni = hello.extensions.includes(ExtensionType.ServerName) ? 'd' : 'i';
  return `${transport}${version}${sni}${count(hello.ciphers)}${count(hello.extensions)}${alpnCode(hello.alpnBytes[0])}`;
}

/** The highest of supported_versions if it is there, else the version of the ClientHello. */
function offeredVersion(hello: ClientHello): number {
  let highest = -1;
  for (const version of hello.versions) {
    if (!isGrease(version) && (highest < 0 || isHigher(version, highest))) highest = version;
  }
  return highest < 0 ? hello.legacyVersion : highest;
}

function isHigher(a: number, b: number): boolean {
  return a >>> 8 === DTLS_MAJOR && b >>> 8 === DTLS_MAJOR ? a < b : a > b;
}

function count(values: readonly number[]): string {
  let total = 0;
  for (const value of values) if (!isGrease(value)) total++;
  return String(Math.min(total, MAX_COUNT)).padStart(2, '0');
}

/** "ALPN Extension Value": first and last character, or first and last hexadecimal digit if either is not alphanumeric. */
function alpnCode(name: Uint8Array | undefined): string {
  if (name === undefined || name.length === 0) return '00';
  const first = name[0]!;
  const last = name[name.length - 1]!;
  if (isAlphanumeric(first) && isAlphanumeric(last)) return String.fromCharCode(first, last);
  return (first >>> 4).toString(16) + (last & 0x0f).toString(16);
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** "Cipher hash": sorted. */
function cipherText(hello: ClientHello): string {
  return hexList(sorted(withoutGrease(hello.ciphers)));
}

/** "Extension hash": extensions sorted without SNI and ALPN, then signature algorithms in the order sent. */
function extensionText(hello: ClientHello): string {
  const types: number[] = [];
  for (const type of hello.extensions) {
    if (type !== ExtensionType.ServerName && type !== ExtensionType.Alpn && !isGrease(type)) types.push(type);
  }
  return withAlgorithms(hexList(sorted(types)), hello);
}

function originalCipherText(hello: ClientHello): string {
  return hexList(withoutGrease(hello.ciphers));
}

function originalExtensionText(hello: ClientHello): string {
  return withAlgorithms(hexList(withoutGrease(hello.extensions)), hello);
}

function withAlgorithms(extensions: string, hello: ClientHello): string {
  const algorithms = hexList(withoutGrease(hello.signatureAlgorithms));
  return algorithms === '' ? extensions : `${extensions}_${algorithms}`;
}

/** A typed array sorts numbers without calling back, several times faster than `sort((a, b) => a - b)`. */
function sorted(values: readonly number[]): Uint16Array {
  return new Uint16Array(values).sort();
}

/** Two digits for every byte. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hexList(values: ArrayLike<number>): string {
  const codes: string[] = [];
  for (let i = 0; i < values.length; i++) codes.push(HEX[values[i]! >>> 8]! + HEX[values[i]! & 0xff]!);
  return codes.join(',');
}

function shortHash(text: string, digests: Digests): string {
  return text === '' ? EMPTY_HASH : digests.sha256Hex(text).slice(0, HASH_LEN);
}
