/**
 * The point where a capture was taken and how: drawn per capture, never per session, so that both labels of a capture are
 * recorded alike.
 */
import { fnv1a, Prng } from '../../../core/prng.ts';
import { WHOLE_FRAMES } from './pcap.ts';

export interface Tap {
  /** Bytes kept of each frame. */
  readonly snapLength: number;
  readonly resolution: 'us' | 'ns';
  /** Share of the sessions that were under way when the recording began: they are caught in the middle. */
  readonly underwayShare: number;
  /** Share of the sites of which only one direction comes by here, the other taking another way. */
  readonly oneSidedShare: number;
  /** Taken on the client's own host, not on the way. */
  readonly onHost: boolean;
  /** How the host that captures joins segments: not, what it sends (TSO), or what it receives as well (GRO). */
  readonly offload: 'none' | 'sent' | 'both';
}

/** Everything, from the beginning, on a span port: a few sessions are caught in the middle. */
export const CLEAN_TAP: Tap = {
  snapLength: WHOLE_FRAMES,
  resolution: 'us',
  underwayShare: 0.03,
  oneSidedShare: 0,
  onHost: false,
  offload: 'none',
};

/** The tap of a capture, drawn apart from all else in it: another way to take it changes nothing of what it is of. */
export function tapOf(seed: number, captureName: string): Tap {
  return drawTap(new Prng((seed ^ fnv1a(`${captureName} tap`)) | 0));
}

/**
 * Chosen: most captures are what tcpdump takes with its defaults, and every other way occurs often enough that a set of some
 * tens of captures has it. A hundred bytes hold the headers, 1,500 are a common buffer; nanoseconds are Wireshark's and
 * hardware taps' habit; asymmetric routes are common between networks and rare inside one. Nearly half of the captures are
 * taken on a host.
 */
export function drawTap(prng: Prng): Tap {
  const offload = prng.pickWeighted([
    { weight: 75, value: 'none' as const },
    { weight: 15, value: 'sent' as const },
    { weight: 10, value: 'both' as const },
  ]);
  return {
    snapLength: prng.pickWeighted([
      { weight: 88, value: WHOLE_FRAMES },
      { weight: 4, value: 1_500 },
      { weight: 4, value: 256 },
      { weight: 4, value: 96 },
    ]),
    resolution: prng.chance(0.3) ? 'ns' : 'us',
    underwayShare: prng.pickWeighted([
      { weight: 70, value: 0.03 },
      { weight: 20, value: 0.2 },
      { weight: 10, value: 0.6 },
    ]),
    oneSidedShare: prng.pickWeighted([
      { weight: 88, value: 0 },
      { weight: 9, value: 0.3 },
      { weight: 3, value: 1 },
    ]),
    onHost: offload !== 'none' || prng.chance(0.3),
    offload,
  };
}
