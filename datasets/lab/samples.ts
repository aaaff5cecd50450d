/** The captures under datasets/samples: small enough to ship, some to learn from, some to be judged on, one to show. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { encodeManifest, type LabelledCapture, type Manifest, NOTE, type Role } from './capture/manifest.ts';
import { generateCapture } from './generate.ts';

export interface SamplesOptions {
  /** Directory for the captures and manifest.json; made if missing. */
  readonly outDir: string;
  readonly seed: number;
  readonly trainCaptures?: number;
  readonly testCaptures?: number;
  /** Connections per train and test capture. */
  readonly flowsPerCapture?: number;
  readonly miningShare?: number;
  /** Called as each capture is written. */
  readonly onCapture?: (capture: { readonly file: string; readonly flows: number; readonly bytes: number }) => void;
}

export interface SamplesSummary {
  readonly manifest: Manifest;
  readonly bytes: number;
}

/** The seed of the captures under datasets/samples. */
export const SAMPLES_SEED = 20_250_303;

const HOUR_SECONDS = 3_600;
/** Keeps the shipped captures within six megabytes. */
const SAMPLE_MESSAGES = 26;
const DEMO_FLOWS = 16;
const DEMO_SECONDS = 600;

export async function generateSamples(options: SamplesOptions): Promise<SamplesSummary> {
  const {
    outDir,
    seed,
    trainCaptures = 8,
    testCaptures = 3,
    flowsPerCapture = 51,
    miningShare = 0.35,
    onCapture,
  } = options;
  const train = names('train', trainCaptures);
  const test = names('test', testCaptures);
  const captures: LabelledCapture[] = [];
  let bytes = 0;
  let network = 1;
  for (const { name, role } of [...train, ...test, ...names('demo', 1)]) {
    const demo = role === 'demo';
    const capture = await generateCapture({
      seed,
      name,
      network: network++,
      flows: demo ? DEMO_FLOWS : flowsPerCapture,
      miningShare,
      windowSeconds: demo ? DEMO_SECONDS : HOUR_SECONDS,
      messagesMedian: SAMPLE_MESSAGES,
      flowsPerSite: demo ? 1.2 : 2.5,
    });
    const file = `${name}.pcap`;
    write(outDir, file, capture.pcap);
    captures.push({ file, role, flows: capture.flows });
    bytes += capture.pcap.length;
    onCapture?.({ file, flows: capture.flows.length, bytes: capture.pcap.length });
  }
  const manifest: Manifest = { version: 1, generated: true, note: NOTE, seed, captures };
  write(outDir, 'manifest.json', encodeManifest(manifest));
  return { manifest, bytes };
}

function names(role: Role, count: number): { readonly name: string; readonly role: Role }[] {
  return Array.from({ length: count }, (_, i) => ({
    name: role === 'demo' ? 'demo' : `${role}-${String(i + 1).padStart(2, '0')}`,
    role,
  }));
}

function write(outDir: string, file: string, content: Uint8Array | string): void {
  try {
    mkdirSync(outDir, { recursive: true });
    writeFileSync(join(outDir, file), content);
  } catch (cause) {
    throw new FlowlampError(ErrorCode.OutputUnwritable, {
      happened: `${join(outDir, file)} cannot be written`,
      expected: 'a directory this process may write to',
      action: 'choose another output directory',
      cause,
    });
  }
}
