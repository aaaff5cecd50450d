/**
 * The flows that look most alike, message by message: nearest neighbours on sizes, directions and times of the first
 * messages, which match or beat far larger models on many public sets ("When Simple Model Just Works", arXiv 2506.08655).
 */

/** Messages that are compared. */
export const COMPARED_MESSAGES = 32;
export const NEIGHBOURS = 5;
/** A byte and the logarithm of a gap count on one scale: a full segment is 1, and so is a gap of ten seconds over 10 us. */
const SEGMENT_BYTES = 1460;
const GAP_SCALE = Math.log(1e6);
/** Shared by all classes, so that no probability is 0. */
const SMOOTHING = 0.1;

/** Numbers per sequence: a signed size and a gap for each message. */
export const SEQUENCE_WIDTH = 2 * COMPARED_MESSAGES;

/**
 * Puts a sequence on the scale on which it is compared; what is beyond its end is 0.
 *
 * @param sizes payload bytes, negative from the responder
 * @param timesUs when each message came
 * @param out SEQUENCE_WIDTH numbers from `at` on
 */
export function sequenceInto(sizes: Int32Array, timesUs: Float64Array, out: Float32Array, at: number): void {
  const length = Math.min(sizes.length, COMPARED_MESSAGES);
  for (let i = 0; i < length; i++) {
    out[at + i] = Math.max(-1, Math.min(1, sizes[i]! / SEGMENT_BYTES));
    const gap = i === 0 || i >= timesUs.length ? 0 : Math.max(0, timesUs[i]! - timesUs[i - 1]!);
    out[at + COMPARED_MESSAGES + i] = Math.log1p(gap / 10) / GAP_SCALE;
  }
}

/**
 * Probabilities from the classes of the NEIGHBOURS nearest known sequences by Manhattan distance, by looking at all of
 * them; of equally near ones the first.
 *
 * @param known row-major [known, SEQUENCE_WIDTH]
 * @param asked row-major [asked, SEQUENCE_WIDTH]
 * @returns row-major [asked, classes]
 */
export function nearestClasses(
  known: Float32Array,
  labels: Int32Array,
  classCount: number,
  asked: Float32Array,
): Float32Array {
  const rows = asked.length / SEQUENCE_WIDTH;
  const out = new Float32Array(rows * classCount);
  const near = new Float64Array(NEIGHBOURS);
  const who = new Int32Array(NEIGHBOURS);
  for (let row = 0; row < rows; row++) {
    near.fill(Number.POSITIVE_INFINITY);
    who.fill(-1);
    for (let other = 0; other < labels.length; other++) {
      const distance = distanceBelow(asked, row * SEQUENCE_WIDTH, known, other * SEQUENCE_WIDTH, near[NEIGHBOURS - 1]!);
      if (distance >= near[NEIGHBOURS - 1]!) continue;
      let place = NEIGHBOURS - 1;
      for (; place > 0 && near[place - 1]! > distance; place--) {
        near[place] = near[place - 1]!;
        who[place] = who[place - 1]!;
      }
      near[place] = distance;
      who[place] = other;
    }
    const found = who.filter((other) => other >= 0);
    for (let k = 0; k < classCount; k++)
      out[row * classCount + k] = SMOOTHING / (found.length + SMOOTHING * classCount);
    for (const other of found) {
      out[row * classCount + labels[other]!]! += 1 / (found.length + SMOOTHING * classCount);
    }
  }
  return out;
}

/** The distance, or any number not below `bound` once that is passed. */
function distanceBelow(a: Float32Array, atA: number, b: Float32Array, atB: number, bound: number): number {
  let sum = 0;
  for (let i = 0; i < SEQUENCE_WIDTH; i += 8) {
    for (let j = i; j < i + 8; j++) sum += Math.abs(a[atA + j]! - b[atB + j]!);
    if (sum >= bound) return sum;
  }
  return sum;
}
