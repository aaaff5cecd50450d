/**
 * The digests of core/digest.ts in plain JavaScript, for where there is no Node: a browser's Web Crypto answers later, and
 * fingerprints are needed at once. Slower than node:crypto, and not meant for secrets.
 */
import type { Ciphers } from '../core/ciphers.ts';
import type { Digests } from '../core/digest.ts';
import { plainCiphers } from './ciphers-plain.ts';

const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;
const PAD = 0x80;

const PRIMES = [...Array(312).keys()].filter((n) => n > 1 && ![...Array(n).keys()].some((d) => d > 1 && n % d === 0));
/** The first 32 bits behind the point. All three hashes have such constants, so that nobody could choose them. */
const fraction = (x: number) => ((x - Math.floor(x)) * 2 ** 32) | 0;

/** RFC 1321 3.4: T, and how far each round turns. */
const MD5_SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
const MD5_TURNS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;
const MD5_START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

/** FIPS 180-4 4.2.1 and 5.3.1. */
const SHA1_ROUNDS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6] as const;
const SHA1_START = [...MD5_START, 0xc3d2e1f0];

/** FIPS 180-4 4.2.2 and 5.3.3. */
const SHA256_ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const SHA256_START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

export const plainDigests: Digests & Ciphers = {
  ...plainCiphers(sha256),
  md5Hex: (text) => hex(md5(utf8(text))),
  sha256Hex: (text) => hex(sha256(utf8(text))),
  sha256HexOf: (bytes) => hex(sha256(bytes)),
  sha1HexOf: (bytes) => hex(sha1(bytes)),
  sha1Base64: (bytes) => base64(sha1(bytes)),
};

function md5(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.from(MD5_START);
  const words = new Int32Array(16);
  eachBlock(bytes, true, (view, at) => {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i, true);
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mixed =
        round === 0 ? (b & c) | (~b & d) : round === 1 ? (b & d) | (c & ~d) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const word = round === 0 ? i : round === 1 ? 5 * i + 1 : round === 2 ? 3 * i + 5 : 7 * i;
      const sum = (a + mixed + MD5_SINES[i]! + words[word & 15]!) | 0;
      [a, d, c] = [d, c, b];
      b = (b + left(sum, MD5_TURNS[round as 0][i & 3]!)) | 0;
    }
    addTo(state, [a, b, c, d]);
  });
  return bytesOf(state, true);
}

function sha1(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.from(SHA1_START);
  const words = new Int32Array(80);
  eachBlock(bytes, false, (view, at) => {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 80; i++) {
      words[i] = left(words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!, 1);
    }
    let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const round = Math.floor(i / 20);
      const mixed = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const sum = (left(a, 5) + mixed + e + SHA1_ROUNDS[round as 0] + words[i]!) | 0;
      [e, d, c, b, a] = [d, c, left(b, 30), a, sum];
    }
    addTo(state, [a, b, c, d, e]);
  });
  return bytesOf(state, false);
}

function sha256(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.from(SHA256_START);
  const words = new Int32Array(64);
  eachBlock(bytes, false, (view, at) => {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const [early, late] = [words[i - 15]!, words[i - 2]!];
      const s0 = left(early, 25) ^ left(early, 14) ^ (early >>> 3);
      const s1 = left(late, 15) ^ left(late, 13) ^ (late >>> 10);
      words[i] = words[i - 16]! + s0 + words[i - 7]! + s1;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const s1 = left(e, 26) ^ left(e, 21) ^ left(e, 7);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + SHA256_ROUNDS[i]! + words[i]!) | 0;
      const s0 = left(a, 30) ^ left(a, 19) ^ left(a, 10);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    addTo(state, [a, b, c, d, e, f, g, h]);
  });
  return bytesOf(state, false);
}

/** The blocks of a message, the last ones padded with its length in bits: RFC 1321 3.1 and FIPS 180-4 5.1.1. */
function eachBlock(bytes: Uint8Array, isLittleEndian: boolean, take: (view: DataView, at: number) => void): void {
  const blocks = Math.ceil((bytes.length + 1 + LENGTH_BYTES) / BLOCK_BYTES);
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = PAD;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - LENGTH_BYTES, BigInt(bytes.length) * 8n, isLittleEndian);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) take(view, at);
}

function left(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function addTo(state: Int32Array, words: readonly number[]): void {
  words.forEach((word, i) => {
    state[i]! += word;
  });
}

function bytesOf(state: Int32Array, isLittleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * state.length));
  for (let i = 0; i < state.length; i++) view.setInt32(4 * i, state[i]!, isLittleEndian);
  return new Uint8Array(view.buffer);
}

const encoder = new TextEncoder();
function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** RFC 4648 4. */
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const group = (a! << 16) | (b << 8) | c;
    for (let i = 0; i < 4; i++) text += at + i > bytes.length ? '=' : BASE64[(group >> (18 - 6 * i)) & 63];
  }
  return text;
}
