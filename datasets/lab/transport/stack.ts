/**
 * A host's TCP/IP stack as seen from outside: TTL, window, options, acknowledgement delay, keep-alive. Drawn per host and
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
  /** Idle time before a keep-alive probe, microseconds; 0: never. */
  readonly keepAliveUs: number;
  /** Probes carry one old byte (some stacks) or none. */
  readonly keepAliveByte: boolean;
  /** Start of the timestamp clock, milliseconds. */
  readonly clockMs: number;
}

export function drawStack(prng: Prng): Stack {
  const family = prng.pickWeighted([
    {
      weight: 6,
      value: { ttl: 64, synWindow: 64240, windowShift: 7, timestamps: true, delayedAckUs: 40 * MILLISECOND_US },
    },
    {
      weight: 3,
      value: { ttl: 128, synWindow: 64240, windowShift: 8, timestamps: false, delayedAckUs: 50 * MILLISECOND_US },
    },
    {
      weight: 1,
      value: { ttl: 64, synWindow: 65535, windowShift: 6, timestamps: true, delayedAckUs: 100 * MILLISECOND_US },
    },
  ]);
  return {
    ...family,
    windowBytes: prng.pick([64_256, 131_072, 262_144]),
    keepAliveUs: prng.chance(0.2) ? prng.pick([30, 45, 60, 75]) * SECOND_US : 0,
    keepAliveByte: prng.chance(0.4),
    clockMs: prng.uint32() >>> 1,
  };
}
