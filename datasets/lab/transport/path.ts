/**
 * The way between a client and a server, and where on it the capture was taken. Delays are one-way and split at the tap, so
 * that a recorded answer can never precede the recorded question.
 */
import type { Prng } from '../../../core/prng.ts';
import { MILLISECOND_US } from '../dialogue/message.ts';

export interface Path {
  /** One way, client to tap and back, microseconds: the local network. */
  readonly nearUs: number;
  /** One way, tap to server and back, microseconds. */
  readonly farUs: number;
  /** Mean of the exponential queueing delay added beyond the tap, microseconds. */
  readonly jitterUs: number;
  /** Probability that a data segment is lost. */
  readonly loss: number;
  /** Share of the losses that happen beyond the tap. */
  readonly farLossShare: number;
  /** Probability that a segment with others right behind it is overtaken by one or two of them beyond the tap. */
  readonly reorder: number;
  /** Time a full segment occupies the narrowest link, microseconds. */
  readonly segmentUs: number;
  /** Time after which the tap sees the client's next segment of the same write, microseconds. */
  readonly clientSegmentUs: number;
  /** Maximum segment size announced by both ends, bytes, for IPv4; IPv6 announces 20 less. */
  readonly mss: number;
  /** Routers between tap and server, taken off its TTL. */
  readonly hops: number;
  /** Routers between client and tap. */
  readonly nearHops: number;
}

/**
 * Distributions chosen to look like an access network's: most servers 10 to 100 ms away, most paths clean and in order (parallel
 * links reorder: RFC 4737 says how it is told, Bennett et al. 1999 why).
 */
export function drawPath(prng: Prng): Path {
  const farUs = Math.min(150, Math.max(1, prng.logNormal(16, 0.75))) * MILLISECOND_US;
  const segmentUs = prng.integer(12, 600);
  return {
    nearUs: Math.round(Math.min(8_000, prng.logNormal(400, 0.8))),
    farUs: Math.round(farUs),
    jitterUs: Math.round(farUs * prng.between(0.01, 0.12)),
    loss: prng.chance(0.65) ? 0 : Math.min(0.03, prng.exponential(0.006)),
    farLossShare: 0.5,
    reorder: prng.chance(0.12) ? Math.min(0.05, prng.exponential(0.01)) : 0,
    segmentUs,
    clientSegmentUs: segmentUs,
    mss: prng.pickWeighted([
      { weight: 70, value: 1460 },
      { weight: 10, value: 1452 }, // PPPoE
      { weight: 8, value: 1400 },
      { weight: 7, value: 1380 },
      { weight: 5, value: 536 }, // what is left without the option (RFC 9293, 3.7.1), as behind some protection of servers
    ]),
    hops: prng.integer(6, 18),
    nearHops: 1,
  };
}

/** On a host that sends: a few microseconds from its stack to its own capture, and one or two from segment to segment. */
const HOST_NEAR_US = 8;
const HOST_SEGMENT_US = 2;

/** The same way with the tap on the client's own host, where nothing is lost before it. */
export function fromHost(path: Path): Path {
  const farUs = path.nearUs + path.farUs - HOST_NEAR_US;
  return { ...path, nearUs: HOST_NEAR_US, farUs, clientSegmentUs: HOST_SEGMENT_US, farLossShare: 1, nearHops: 0 };
}

export const roundTripUs = (path: Path) => 2 * (path.nearUs + path.farUs);
