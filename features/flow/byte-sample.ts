/** What the first bytes of a side look like: text, structure, or noise such as ciphertext. */

/** Bytes looked at: the entropy of more says little more, and of noise stays below log2 of the number of bytes. */
export const SAMPLE_BYTES = 64;

export interface ByteSample {
  /** Shannon entropy of the bytes seen as drawn from one source, bits a byte: 0 to 6. */
  entropy: number;
  /** Share of bytes that are printable ASCII, tab, line feed or carriage return. */
  printable: number;
}

const counts = new Uint8Array(256);
/** n log2 n for each count that a byte can have. */
const TERMS = Float64Array.from({ length: SAMPLE_BYTES + 1 }, (_, n) => (n === 0 ? 0 : n * Math.log2(n)));

/** Looks at the first bytes of `view[at, end)`, of which there is at least one. */
export function sampleBytes(view: DataView, at: number, end: number, out: ByteSample): void {
  const stop = end - at < SAMPLE_BYTES ? end : at + SAMPLE_BYTES;
  let printable = 0;
  for (let i = at; i < stop; i++) {
    const byte = view.getUint8(i);
    counts[byte]!++;
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) printable++;
  }
  const length = stop - at;
  let sum = 0;
  for (let i = at; i < stop; i++) {
    const byte = view.getUint8(i);
    sum += TERMS[counts[byte]!]!;
    counts[byte] = 0;
  }
  out.entropy = Math.max(0, Math.log2(length) - sum / length);
  out.printable = printable / length;
}
