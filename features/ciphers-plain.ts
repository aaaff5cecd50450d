/**
 * The ciphers of core/ciphers.ts in plain JavaScript. They open what anybody may open (QUIC's first packets), so nothing here
 * hides how long it takes: not for secrets.
 */
import type { Ciphers } from '../core/ciphers.ts';

const BLOCK_BYTES = 16;
const ROUNDS = 10;
const TAG_BYTES = 16;
/** Block counters of GCM: of what masks the tag, and of the first block of text (NIST SP 800-38D 7.1). */
const TAG_BLOCK = 1;
const FIRST_BLOCK = 2;
const HASH_BLOCK_BYTES = 64;

/** x times 2 in GF(2^8), FIPS 197 4.2.1. */
const double = (x: number) => ((x << 1) ^ (x & 0x80 ? 0x11b : 0)) & 0xff;

const S_BOX = substitutions();

/** FIPS 197 5.1.1: the inverse in GF(2^8), and then an affine map. */
function substitutions(): Uint8Array {
  const powers: number[] = [];
  for (let i = 0, x = 1; i < 255; i++, x ^= double(x)) powers.push(x);
  const box = new Uint8Array(256);
  powers.forEach((x, i) => {
    const inverse = powers[(255 - i) % 255]!;
    const turned = [0, 1, 2, 3, 4].map((bits) => (inverse << bits) | (inverse >> (8 - bits)));
    box[x] = turned.reduce((sum, part) => sum ^ part, 0x63);
  });
  box[0] = 0x63;
  return box;
}

/** @param sha256 what HMAC is made of */
export function plainCiphers(sha256: (bytes: Uint8Array) => Uint8Array): Ciphers {
  return {
    hmacSha256: (key, data) => hmac(sha256, key, data),
    aes128Block: (key, block) => encryptBlock(expandKey(key), block),
    openAes128Gcm: open,
    peekAes128Gcm: (key, nonce, beginning) => counted(expandKey(key), nonce, beginning),
  };
}

/** RFC 2104 2. */
function hmac(hash: (bytes: Uint8Array) => Uint8Array, key: Uint8Array, data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(HASH_BLOCK_BYTES);
  padded.set(key.length > HASH_BLOCK_BYTES ? hash(key) : key);
  const within = (byte: number, text: Uint8Array) => {
    const bytes = new Uint8Array(HASH_BLOCK_BYTES + text.length);
    padded.forEach((part, i) => {
      bytes[i] = part ^ byte;
    });
    bytes.set(text, HASH_BLOCK_BYTES);
    return hash(bytes);
  };
  return within(0x5c, within(0x36, data));
}

/** FIPS 197 5.2: 11 round keys of 16 bytes. */
function expandKey(key: Uint8Array): Uint8Array {
  const keys = new Uint8Array(BLOCK_BYTES * (ROUNDS + 1));
  keys.set(key.subarray(0, BLOCK_BYTES));
  let constant = 1;
  for (let at = BLOCK_BYTES; at < keys.length; at += 4) {
    const isFirst = at % BLOCK_BYTES === 0;
    for (let i = 0; i < 4; i++) {
      const before = isFirst ? S_BOX[keys[at - 4 + ((i + 1) & 3)]!]! : keys[at - 4 + i]!;
      keys[at + i] = keys[at - BLOCK_BYTES + i]! ^ before;
    }
    if (!isFirst) continue;
    keys[at]! ^= constant;
    constant = double(constant);
  }
  return keys;
}

/** FIPS 197 5.1. */
function encryptBlock(keys: Uint8Array, block: Uint8Array): Uint8Array {
  const state = Uint8Array.from(block.subarray(0, BLOCK_BYTES), (byte, i) => byte ^ keys[i]!);
  const shifted = new Uint8Array(BLOCK_BYTES);
  for (let round = 1; round <= ROUNDS; round++) {
    // Row r of column c comes from column c + r.
    for (let i = 0; i < BLOCK_BYTES; i++) shifted[i] = S_BOX[state[(i + 4 * (i & 3)) & 15]!]!;
    for (let i = 0; i < BLOCK_BYTES; i++) {
      const column = i & ~3;
      const [a, b, c, d] = [0, 1, 2, 3].map((r) => shifted[column + ((i + r) & 3)]!) as [
        number,
        number,
        number,
        number,
      ];
      const mixed = round === ROUNDS ? a : double(a) ^ double(b) ^ b ^ c ^ d;
      state[i] = mixed ^ keys[BLOCK_BYTES * round + i]!;
    }
  }
  return state;
}

/** Counter mode from the first block of text on: encrypts and decrypts alike. */
function counted(keys: Uint8Array, nonce: Uint8Array, text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let at = 0, number = FIRST_BLOCK; at < text.length; at += BLOCK_BYTES, number++) {
    const mask = encryptBlock(keys, counterBlock(nonce, number));
    for (let i = at; i < Math.min(at + BLOCK_BYTES, text.length); i++) out[i] = text[i]! ^ mask[i - at]!;
  }
  return out;
}

function counterBlock(nonce: Uint8Array, number: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(nonce);
  new DataView(block.buffer).setUint32(BLOCK_BYTES - 4, number);
  return block;
}

/** NIST SP 800-38D 7.2. */
function open(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  const tagAt = sealed.length - TAG_BYTES;
  if (tagAt < 0) return null;
  const keys = expandKey(key);
  const text = sealed.subarray(0, tagAt);
  const sum = hashed(encryptBlock(keys, new Uint8Array(BLOCK_BYTES)), associated, text);
  const mask = encryptBlock(keys, counterBlock(nonce, TAG_BLOCK));
  const isGenuine = sum.every((byte, i) => (byte ^ mask[i]!) === sealed[tagAt + i]);
  return isGenuine ? counted(keys, nonce, text) : null;
}

/** GHASH of the associated data, the text, and the lengths of both in bits (NIST SP 800-38D 6.4 and 7.1). */
function hashed(key: Uint8Array, associated: Uint8Array, text: Uint8Array): Uint8Array {
  const factor = new DataView(key.buffer);
  const sum = new Uint8Array(BLOCK_BYTES);
  const lengths = new DataView(new ArrayBuffer(BLOCK_BYTES));
  lengths.setUint32(4, 8 * associated.length);
  lengths.setUint32(12, 8 * text.length);
  for (const part of [associated, text, new Uint8Array(lengths.buffer)]) {
    for (let at = 0; at < part.length; at += BLOCK_BYTES) {
      for (let i = at; i < Math.min(at + BLOCK_BYTES, part.length); i++) sum[i - at]! ^= part[i]!;
      multiply(sum, factor);
    }
  }
  return sum;
}

/** `sum` times the factor in GF(2^128), bits from the left: NIST SP 800-38D 6.3. */
function multiply(sum: Uint8Array, factor: DataView): void {
  const v = [0, 4, 8, 12].map((at) => factor.getInt32(at)) as [number, number, number, number];
  const z: [number, number, number, number] = [0, 0, 0, 0];
  for (let bit = 0; bit < 128; bit++) {
    if ((sum[bit >> 3]! >> (7 - (bit & 7))) & 1) for (let i = 0; i < 4; i++) z[i as 0] ^= v[i as 0];
    const last = v[3] & 1;
    for (let i = 3; i > 0; i--) v[i as 1] = (v[i as 1] >>> 1) | (v[(i - 1) as 0] << 31);
    v[0] = (v[0] >>> 1) ^ (last === 0 ? 0 : 0xe1000000);
  }
  const out = new DataView(sum.buffer);
  for (let i = 0; i < 4; i++) out.setInt32(4 * i, z[i]!);
}
