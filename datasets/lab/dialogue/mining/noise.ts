/**
 * The sizes of Stratum V2's Noise channel (specification, chapter 4): Noise_NX over secp256k1 with ElligatorSwift keys, then
 * AES-GCM or ChaCha20-Poly1305, each frame a sealed header and a sealed payload. The bytes are random, as ciphertext looks.
 */
import type { Prng } from '../../../../core/prng.ts';

/** An ElligatorSwift-encoded public key. */
const KEY_BYTES = 64;
const MAC_BYTES = 16;
/** Version, validity and Schnorr signature of the authority over the server's key. */
const CERTIFICATE_BYTES = 74;
/** Extension type, message type, length: u16, u8, u24. */
const HEADER_BYTES = 6;
/** Longest Noise message (65,535 bytes) without its MAC: longer payloads are sealed in pieces. */
const PIECE_BYTES = 65_519;

const random = (prng: Prng, length: number) => prng.bytes(new Uint8Array(length));

/** First act, from the miner: its ephemeral key in the clear. 64 bytes. */
export const firstAct = (prng: Prng) => random(prng, KEY_BYTES);

/** Second act, from the pool: ephemeral key, sealed static key, sealed certificate. 234 bytes. */
export const secondAct = (prng: Prng) =>
  random(prng, KEY_BYTES + (KEY_BYTES + MAC_BYTES) + (CERTIFICATE_BYTES + MAC_BYTES));

/** Bytes on the wire of one frame with so many bytes of payload. */
export function frameBytes(payloadBytes: number): number {
  return HEADER_BYTES + MAC_BYTES + payloadBytes + MAC_BYTES * Math.ceil(payloadBytes / PIECE_BYTES);
}

/** Frames written at once. */
export function sealedFrames(prng: Prng, ...payloads: readonly number[]): Uint8Array {
  return random(
    prng,
    payloads.reduce((sum, payload) => sum + frameBytes(payload), 0),
  );
}
