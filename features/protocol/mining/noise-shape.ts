/**
 * The shape of Stratum V2's handshake (its specification, 4.5: Noise_NX over secp256k1): the miner sends its ephemeral key
 * alone, the pool its own, its static key and a certificate, both sealed, and the miner goes on with a sealed frame. All
 * of it is random bytes, so lengths are all there is to tell it by: a hint, never proof.
 */

/** Of a key: encoded by ElligatorSwift, or in drafts before its x-coordinate alone. */
const KEY_BYTES = [64, 32] as const;
const MAC = 16;
/** Version, validity and signature. */
const CERTIFICATE = 74;
/** A sealed header of 6 bytes; and the least SetupConnection: fixed fields, and five texts that may be empty. */
const HEADER = 6 + MAC;
const LEAST_SETUP = 1 + 2 + 2 + 4 + 2 + 5;
const MOST_SETUP = LEAST_SETUP + 5 * 255;
/** Different values among so many random bytes: 64 have 57 on average, and fewer than 40 once in 10^13. */
const LEAST_DIFFERENT = [40, 20] as const;

/** Which of the two forms a first message of the miner may have; -1 for none. */
export function firstAct(bytes: Uint8Array, at: number, end: number): number {
  const form = KEY_BYTES.indexOf((end - at) as (typeof KEY_BYTES)[number]);
  return form >= 0 && differentIn(bytes, at, end) >= LEAST_DIFFERENT[form]! ? form : -1;
}

/** Whether the pool's answer fits a first message of that form. */
export function isSecondAct(form: number, bytes: Uint8Array, at: number, end: number): boolean {
  const key = KEY_BYTES[form]!;
  return end - at === key + key + MAC + CERTIFICATE + MAC && differentIn(bytes, at, end) >= 2 * LEAST_DIFFERENT[form]!;
}

/** Whether the miner's next message may be SetupConnection. */
export function isSetup(at: number, end: number): boolean {
  const payload = end - at - HEADER - MAC;
  return payload >= LEAST_SETUP && payload <= MOST_SETUP;
}

const seen = new Uint32Array(256);
let round = 0;

function differentIn(bytes: Uint8Array, at: number, end: number): number {
  round = (round + 1) >>> 0;
  if (round === 0) seen.fill(0);
  let different = 0;
  for (; at < end; at++) {
    if (seen[bytes[at]!] === round) continue;
    seen[bytes[at]!] = round;
    different++;
  }
  return different;
}
