/** Segments of one stream that came before the bytes they follow: copied, bounded, and forgotten once those have come. */
import { TLS_LIMITS } from './limits.ts';

export interface EarlySegment {
  /** Sequence number of its first byte, as a signed 32-bit integer. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** When it was captured. */
  readonly us: number;
  readonly ns: number;
}

export class EarlySegments {
  #segments: EarlySegment[] = [];
  /** Payload bytes held. */
  bytes = 0;
  /** Early segments seen since the stream last went on. */
  #seen = 0;

  /** Keeps a copy; false if there is no room for it, or too many came in vain. */
  hold(sequence: number, bytes: Uint8Array, at: number, end: number, us: number, ns: number): boolean {
    const { earlyBytes, earlySegments, patience } = TLS_LIMITS;
    if (++this.#seen > patience) return false;
    if (this.#segments.length >= earlySegments || this.bytes + end - at > earlyBytes) return false;
    this.#segments.push({ sequence, bytes: bytes.slice(at, end), us, ns });
    this.bytes += end - at;
    return true;
  }

  /** Takes out a segment that has the byte at `next`, null if none has; those that lie before it are dropped. */
  take(next: number): EarlySegment | null {
    this.#seen = 0;
    for (let i = 0; i < this.#segments.length; ) {
      const segment = this.#segments[i]!;
      // The signed 32-bit difference is right across the wrap for distances below 2^31.
      const ahead = (segment.sequence - next) | 0;
      if (ahead > 0) {
        i++;
        continue;
      }
      this.#segments.splice(i, 1);
      this.bytes -= segment.bytes.length;
      if (ahead + segment.bytes.length > 0) return segment;
    }
    return null;
  }

  /** All that are held, in the order of the stream from `next` on. */
  inOrder(next: number): EarlySegment[] {
    return this.#segments.sort((a, b) => ((a.sequence - next) | 0) - ((b.sequence - next) | 0));
  }
}
