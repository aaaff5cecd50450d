/**
 * The clock of a pcapng interface: `if_tsresol` gives the unit (a negative power of 10, or of 2 when the top bit is
 * set), `if_tsoffset` seconds to add. Times are 64-bit counts of that unit and become whole microseconds, exact in a
 * double until the year 2255, and the nanoseconds beyond.
 */

export interface Clock {
  readonly kind: 'microseconds' | 'nanoseconds' | 'other';
  /** Units in a second. */
  readonly perSecond: bigint;
  /** Seconds to add. */
  readonly offset: number;
}

export interface Moment {
  us: number;
  ns: number;
}

const TWO_32 = 4_294_967_296;

export const MICROSECOND_CLOCK: Clock = { kind: 'microseconds', perSecond: 1_000_000n, offset: 0 };

/** @param resolution the byte of `if_tsresol` */
export function readClock(resolution: number, offset: number): Clock {
  const binary = (resolution & 0x80) !== 0;
  const exponent = resolution & 0x7f;
  const perSecond = (binary ? 2n : 10n) ** BigInt(exponent);
  const kind = perSecond === 1_000_000n ? 'microseconds' : perSecond === 1_000_000_000n ? 'nanoseconds' : 'other';
  return { kind, perSecond, offset: Number.isSafeInteger(offset) ? offset : 0 };
}

/** Writes the time of the 64-bit count `high:low` into `out`. */
export function tellTime(clock: Clock, high: number, low: number, out: Moment): void {
  switch (clock.kind) {
    case 'microseconds':
      out.us = high * TWO_32 + low;
      out.ns = 0;
      break;
    case 'nanoseconds': {
      // Long division by 1000 in two steps that each fit a double exactly.
      const quotient = Math.floor(high / 1000);
      const rest = (high - quotient * 1000) * TWO_32 + low;
      const us = Math.floor(rest / 1000);
      out.us = quotient * TWO_32 + us;
      out.ns = rest - us * 1000;
      break;
    }
    case 'other': {
      const count = (BigInt(high) << 32n) | BigInt(low);
      const ns = (count * 1_000_000_000n) / clock.perSecond;
      out.us = Number(ns / 1000n);
      out.ns = Number(ns % 1000n);
      break;
    }
  }
  // A hostile count or offset leaves what a double and an Arrow timestamp can hold; such times stop at the edge.
  out.us = Math.min(Math.max(out.us + clock.offset * 1e6, 0), Number.MAX_SAFE_INTEGER);
}
