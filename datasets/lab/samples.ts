/** The captures under datasets/samples: small enough to ship, some to learn from, some to be judged on, one to show. */
import { join } from 'node:path';
import { fnv1a, Prng } from '../../core/prng.ts';
import { Output } from '../../features/files/output.ts';
import type { Role } from './capture/manifest.ts';
import { CLEAN_TAP, drawTap, type Tap } from './capture/tap.ts';
import { type RecordedCapture, recordCapture } from './generate.ts';
import { type CaptureJob, captureName, writeManifest } from './set.ts';

export interface SamplesOptions {
  /** Directory for the captures and manifest.json; there already. */
  readonly outDir: string;
  readonly seed: number;
  /** Called as each capture is written. */
  readonly onCapture?: (capture: { readonly file: string; readonly flows: number; readonly bytes: number }) => void;
}

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
const DEMO_MESSAGES = 180;
const DEMO_FLOWS = 16;
const DEMO_SECONDS = 3_600;

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
      windowSeconds: role === 'demo' ? DEMO_SECONDS : WINDOW_SECONDS,
      messagesMedian: role === 'demo' ? DEMO_MESSAGES : MESSAGES,
      gzip: role !== 'demo',
      flowsPerSite: role === 'demo' ? 1.2 : 2.5,
      tap: role === 'demo' ? CLEAN_TAP : sampleTap(new Prng((seed ^ fnv1a(`${name} tap`)) | 0)),
    },
  }));
}

function sampleTap(prng: Prng): Tap {
  const tap = drawTap(prng);
  return { ...tap, snapLength: Math.min(tap.snapLength, SNAP_LENGTH) };
}

/** @throws FlowlampError OUTPUT_UNWRITABLE */
export async function generateSamples({ outDir, seed, onCapture }: SamplesOptions): Promise<void> {
  const jobs = planSamples(seed);
  const recorded: RecordedCapture[] = [];
  for (const { file, options } of jobs) {
    const output = new Output(join(outDir, file));
    try {
      const capture = await recordCapture(options, (bytes) => output.write(bytes));
      output.finish();
      recorded.push(capture);
      onCapture?.({ file, flows: capture.flows.length, bytes: capture.bytes });
    } finally {
      output.abandon();
    }
  }
  writeManifest(outDir, seed, jobs, recorded);
}
