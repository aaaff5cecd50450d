/** Damage done to bytes, from a seed: what transmission, disks and attackers do to captures. */
import type { Prng } from '../../core/prng.ts';

/** Values that break length arithmetic: the ends of every width, and their neighbours. */
const EXTREMES = [0, 1, 2, 3, 4, 7, 8, 0x0f, 0x10, 0x14, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff] as const;
const WIDE_EXTREMES = [...EXTREMES, 0x1_0000, 0x4_0000, 0x4_0001, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/** Puts an extreme value of 1, 2 or 4 bytes, in either byte order, somewhere. */
function putExtreme(bytes: Uint8Array, length: number, random: Prng): void {
  const width = random.pick([1, 2, 4]);
  if (length < width) return;
  const value = random.pick(WIDE_EXTREMES);
  const at = random.below(length - width + 1);
  const little = random.chance(0.5);
  for (let i = 0; i < width; i++) bytes[at + i] = value >>> (8 * (little ? i : width - 1 - i));
}

function flipBits(bytes: Uint8Array, length: number, random: Prng): void {
  for (let flips = random.integer(1, 8); flips > 0; flips--) bytes[random.below(length)]! ^= 1 << random.below(8);
}

function overwrite(bytes: Uint8Array, length: number, random: Prng): void {
  const at = random.below(length);
  const end = Math.min(length, at + random.integer(1, 32));
  for (let i = at; i < end; i++) bytes[i] = random.uint32();
}

/** Writes a piece of `other` over a piece of the bytes. */
function splice(bytes: Uint8Array, length: number, other: Uint8Array, random: Prng): void {
  if (other.length === 0) return;
  const from = random.below(other.length);
  const piece = other.subarray(from, from + random.integer(1, 256));
  const at = random.below(length);
  bytes.set(piece.subarray(0, length - at), at);
}

/** Moves the tail forwards or backwards, as a lost or a repeated piece does. */
function shift(bytes: Uint8Array, length: number, random: Prng): number {
  const at = random.below(length);
  const by = random.integer(1, 24);
  if (random.chance(0.5)) {
    bytes.copyWithin(at, Math.min(length, at + by), length);
    return Math.max(at, length - by);
  }
  const longer = Math.min(bytes.length, length + by);
  bytes.copyWithin(Math.min(longer, at + by), at, length);
  return longer;
}

/**
 * Damages `bytes[0, length)` in place, one to four times.
 *
 * @param other where foreign pieces come from
 * @returns the new length, at most `bytes.length`
 */
export function mutate(bytes: Uint8Array, length: number, other: Uint8Array, random: Prng): number {
  for (let rounds = random.integer(1, 4); rounds > 0 && length > 0; rounds--) {
    switch (random.below(6)) {
      case 0:
        flipBits(bytes, length, random);
        break;
      case 1:
        putExtreme(bytes, length, random);
        break;
      case 2:
        overwrite(bytes, length, random);
        break;
      case 3:
        splice(bytes, length, other, random);
        break;
      case 4:
        length = shift(bytes, length, random);
        break;
      default:
        length = random.below(length + 1);
    }
  }
  return length;
}
