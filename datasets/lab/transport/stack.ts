/**
 * A host's TCP/IP stack as seen from outside: TTL, window, options, acknowledgements, Nagle, keep-alive. Drawn per host and
 * never per application, so that it cannot tell what the host is doing.
 */
import type { Prng } from '../../../core/prng.ts';
import { MILLISECOND_US, SECOND_US } from '../dialogue/message.ts';

export interface Stack {
  readonly ttl: number;
  /** Window of the SYN, bytes, unscaled. */
  readonly synWindow: number;
  /** Window scale shift. */
  readonly windowShift: number;
  /** Window later on, bytes before the shift is taken off. */
  readonly windowBytes: number;
  readonly timestamps: boolean;
  /** How long a lone segment may wait for its acknowledgement, microseconds. */
  readonly delayedAckUs: number;
  /** The first segment after a pause is acknowledged at once. */
  readonly quickAck: boolean;
  /** Segments that one acknowledgement covers: two (RFC 5681), or more where the card joins what comes in a row (GRO). */
  readonly ackEvery: number;
  /** A small segment waits while another is on its way (RFC 1122, 4.2.3.4). */
  readonly nagle: boolean;
  /** Mean time for which a program stops reading once its buffer is full, microseconds; 0: it always keeps up. */
  readonly readStallUs: number;
  /** Idle time before a keep-alive probe, microseconds; 0: never. */
  readonly keepAliveUs: number;
  /** Probes carry one old byte (some stacks) or none. */
  readonly keepAliveByte: boolean;
  /** Start of the timestamp clock, milliseconds. */
  readonly clockMs: number;
}

/** Receive buffers of hosts that read slowly, bytes: what small devices set. */
const SMALL_BUFFERS = [16_384, 32_768];

/**
 * Families after Linux, Windows and macOS; shares chosen for a network of mostly servers and clients on Linux. Nagle is off in
 * browsers, Go and libuv programs that ask for it, and on where nobody cared: a third. Stretched acknowledgements are RFC
 * 2525's 2.13, common since GRO. Slow readers are chosen rare. Linux acknowledges at once at the beginning and after a pause,
 * unless its program answers quickly; on the recordings that the lab is fitted to, the pools' hosts do.
 */
export function drawStack(prng: Prng): Stack {
  const family = prng.pickWeighted([
    {
      weight: 6,
      value: { ttl: 64, synWindow: 64240, windowShift: 7, timestamps: true, delayedAckUs: 40 * MILLISECOND_US },
    },
    {
      weight: 3,
      value: {
        ttl: 128,
        synWindow: 64240,
        windowShift: 8,
        timestamps: false,
        delayedAckUs: prng.pick([50, 50, 200]) * MILLISECOND_US, // 200: Windows until 8
      },
    },
    {
      weight: 1,
      value: { ttl: 64, synWindow: 65535, windowShift: 6, timestamps: true, delayedAckUs: 100 * MILLISECOND_US },
    },
  ]);
  const slow = prng.chance(0.1);
  return {
    ...family,
    windowBytes: slow ? prng.pick(SMALL_BUFFERS) : prng.pick([64_256, 131_072, 262_144]),
    quickAck: prng.chance(0.4),
    ackEvery: prng.chance(0.3) ? prng.pick([4, 8, 16, 32]) : 2,
    nagle: prng.chance(0.33),
    readStallUs: slow ? prng.integer(50, 800) * MILLISECOND_US : 0,
    keepAliveUs: prng.chance(0.2) ? prng.pick([30, 45, 60, 75]) * SECOND_US : 0,
    keepAliveByte: prng.chance(0.4),
    clockMs: prng.uint32() >>> 1,
  };
}
