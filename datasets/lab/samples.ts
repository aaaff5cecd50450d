/** The captures under datasets/samples: small enough to ship, some to learn from, some to be judged on, one to show. */
import type { Role } from './capture/manifest.ts';
import { CLEAN_TAP, type Tap, tapOf } from './capture/tap.ts';
import { type CaptureJob, captureName } from './set.ts';

/** The seed of the captures under datasets/samples. */
export const SAMPLES_SEED = 20_250_303;

const TRAIN_CAPTURES = 14;
const TEST_CAPTURES = 4;
const FLOWS = 120;
const WINDOW_SECONDS = 3_600;
const MINING_SHARE = 0.35;
/** Keeps the shipped captures within twenty megabytes; the real thing goes on for hours. */
const MESSAGES = 180;
/** The demo is to show names and certificates, the others sizes and times: headers and the first bytes of what they carry. */
const SNAP_LENGTH = 160;
const DEMO_FLOWS = 16;

/** What to generate, in the order of the manifest. */
export function planSamples(seed: number): CaptureJob[] {
  const names = (role: Role, count: number) =>
    Array.from({ length: count }, (_, i) => ({ role, name: role === 'demo' ? role : captureName(role, i, count) }));
  const all = [...names('train', TRAIN_CAPTURES), ...names('test', TEST_CAPTURES), ...names('demo', 1)];
  return all.map(({ role, name }, i) => ({
    file: role === 'demo' ? `${name}.pcap` : `${name}.pcap.gz`,
    role,
    options: {
      seed,
      name,
      network: i + 1,
      flows: role === 'demo' ? DEMO_FLOWS : FLOWS,
      miningShare: MINING_SHARE,
      windowSeconds: WINDOW_SECONDS,
      messagesMedian: MESSAGES,
      gzip: role !== 'demo',
      flowsPerSite: role === 'demo' ? 1.2 : 2.5,
      tap: role === 'demo' ? CLEAN_TAP : sampleTap(seed, name),
    },
  }));
}

function sampleTap(seed: number, name: string): Tap {
  const tap = tapOf(seed, name);
  return { ...tap, snapLength: Math.min(tap.snapLength, SNAP_LENGTH) };
}
