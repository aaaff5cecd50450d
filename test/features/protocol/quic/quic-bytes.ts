/**
 * Test-only: QUIC packets made the slow way round, from RFC 9001 5 and with nothing of the product: keys by node's own
 * HKDF, one packet at a time.
 */
import { createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import { concat, hex } from '../tls/hello-bytes.ts';

export const V1 = {
  number: 0x00000001,
  salt: hex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'),
  prefix: 'quic',
  shift: 0,
};
export const V2 = {
  number: 0x6b3343cf,
  salt: hex('0dede3def700a6db819381be6e269dcbf9bd2ed9'),
  prefix: 'quicv2',
  shift: 1,
};
export const DRAFT_29 = { ...V1, number: 0xff00001d, salt: hex('afbfec289993d24c9e9786f19c6111e04390a899') };
export type Version = typeof V1;
export type Who = 'client' | 'server';

const EMPTY = new Uint8Array(0);

/** HKDF-Expand-Label (RFC 8446 7.1) of a secret. Node expands only what it has extracted, so by hand: one block. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const text = new TextEncoder().encode(`tls13 ${label}`);
  const info = concat(Uint8Array.of(0, length, text.length), text, Uint8Array.of(0));
  const block = createHmac('sha256', secret)
    .update(concat(info, Uint8Array.of(1)))
    .digest();
  return new Uint8Array(block).slice(0, length);
}

export function initialSecret(version: Version, dcid: Uint8Array, who: Who): Uint8Array {
  const label = new TextEncoder().encode(`tls13 ${who} in`);
  const info = concat(Uint8Array.of(0, 32, label.length), label, Uint8Array.of(0));
  return new Uint8Array(hkdfSync('sha256', dcid, version.salt, info, 32));
}

export function packetKeys(version: Version, dcid: Uint8Array, who: Who) {
  const secret = initialSecret(version, dcid, who);
  const part = (name: string, length: number) => expandLabel(secret, `${version.prefix} ${name}`, length);
  return { key: part('key', 16), iv: part('iv', 12), hp: part('hp', 16) };
}

/** A variable-length integer, in two bytes or as many more as it needs. */
export function varint(value: number): Uint8Array {
  if (value < 0x4000) return Uint8Array.of(0x40 | (value >> 8), value);
  return Uint8Array.of(0x80 | (value >>> 24), value >> 16, value >> 8, value);
}

export interface InitialParts {
  readonly version?: Version;
  readonly who?: Who;
  /** What the keys come from. */
  readonly keyDcid: Uint8Array;
  readonly dcid?: Uint8Array;
  readonly scid?: Uint8Array;
  readonly token?: Uint8Array;
  readonly number?: number;
  readonly numberBytes?: number;
  readonly frames: Uint8Array;
  /** Frames are padded to so many bytes. */
  readonly padTo?: number;
}

/** An Initial packet with its protection on. */
export function initial(parts: InitialParts): Uint8Array {
  const { version = V1, who = 'client', keyDcid, number = 0, numberBytes = 1 } = parts;
  const { dcid = who === 'client' ? keyDcid : EMPTY, scid = EMPTY, token = EMPTY } = parts;
  const { key, iv, hp } = packetKeys(version, keyDcid, who);
  const padding = new Uint8Array(Math.max(0, (parts.padTo ?? 0) - parts.frames.length));
  const text = concat(parts.frames, padding);
  const numbers = hex(number.toString(16).padStart(2 * numberBytes, '0'));
  const header = concat(
    longHeader(version.number, ((0 + version.shift) << 4) | (numberBytes - 1), dcid, scid),
    token.length < 64 ? Uint8Array.of(token.length) : varint(token.length),
    token,
    varint(numberBytes + text.length + 16),
    numbers,
  );
  const nonce = iv.slice();
  numbers.forEach((byte, i) => {
    nonce[12 - numberBytes + i]! ^= byte;
  });
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  cipher.setAAD(header);
  const sealed = concat(cipher.update(text), cipher.final(), cipher.getAuthTag());
  const packet = concat(header, sealed);
  const numberAt = header.length - numberBytes;
  const mask = createCipheriv('aes-128-ecb', hp, null).update(packet.subarray(numberAt + 4, numberAt + 20));
  packet[0]! ^= mask[0]! & 0x0f;
  for (let i = 0; i < numberBytes; i++) packet[numberAt + i]! ^= mask[1 + i]!;
  return packet;
}

/** @param low the type and the low bits of the first byte */
export function longHeader(version: number, low: number, dcid: Uint8Array, scid: Uint8Array): Uint8Array {
  const number = Uint8Array.of(version >>> 24, version >> 16, version >> 8, version);
  return concat(Uint8Array.of(0xc0 | low), number, Uint8Array.of(dcid.length), dcid, Uint8Array.of(scid.length), scid);
}

/** A packet whose contents nobody here can read. */
export function opaque(version: Version, type: number, dcid: Uint8Array, scid: Uint8Array, length = 100): Uint8Array {
  const low = ((type + version.shift) & 3) << 4;
  return concat(longHeader(version.number, low, dcid, scid), varint(length), new Uint8Array(length).fill(0x5a));
}

export function retry(version: Version, dcid: Uint8Array, scid: Uint8Array): Uint8Array {
  const low = ((3 + version.shift) & 3) << 4;
  return concat(longHeader(version.number, low, dcid, scid), hex('746f6b656e'), new Uint8Array(16));
}

export function negotiation(dcid: Uint8Array, scid: Uint8Array, ...versions: number[]): Uint8Array {
  const list = versions.map((version) => hex(version.toString(16).padStart(8, '0')));
  return concat(longHeader(0, 0, dcid, scid), ...list);
}

/** CRYPTO frame (RFC 9000 19.6). */
export function crypto(offset: number, data: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(6), varint(offset), varint(data.length), data);
}
