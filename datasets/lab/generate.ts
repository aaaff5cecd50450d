/**
 * The lab's two doors: one capture in memory, or the whole set of samples on disk. Everything is drawn from the seed; only
 * ciphertext (and with it a byte or two of handshake length) differs between runs.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { fnv1a, Prng } from '../../core/prng.ts';
import { addressText, macAddress } from './capture/address.ts';
import {
  encodeManifest,
  type LabelledCapture,
  type LabelledFlow,
  type Manifest,
  NOTE,
  type Role,
} from './capture/manifest.ts';
import { encodePcap } from './capture/pcap.ts';
import { type Client, drawDurationUs, drawPopulation, type Site } from './capture/population.ts';
import { drawReturn, type Visit, Visits } from './capture/returns.ts';
import { playSession, type SessionPlan } from './capture/session.ts';
import { type Label, SECOND_US } from './dialogue/message.ts';
import { openPlain } from './encapsulation/plain.ts';
import { drawClientShape } from './encapsulation/shapes.ts';
import { openTls } from './encapsulation/tls.ts';
import { drawEvasions, type EvasionOptions, evadeSettings, MODEST_EVASIONS } from './evasion/plan.ts';
import type { CapturedFrame } from './transport/connection.ts';

export interface CaptureOptions {
  readonly seed: number;
  /** Names the capture and, with the seed, decides everything in it. */
  readonly name: string;
  /** Number of the network, 0 to 127: captures with different numbers share no address. */
  readonly network: number;
  /** Connections to play; a few may fall outside the window and are left out. */
  readonly flows: number;
  /** Share of mining connections, 0 to 1. */
  readonly miningShare: number;
  /** Length of the recording, seconds. */
  readonly windowSeconds: number;
  /** Longest session, seconds; 3600 when left out. */
  readonly sessionSecondsMax?: number;
  /** Median of the message count at which sessions are cut off, the same for both labels; never, when left out. */
  readonly messagesMedian?: number;
  /** Expected connections per site; 2.5 when left out. */
  readonly flowsPerSite?: number;
  /** Who evades, and how hard; a modest share when left out. */
  readonly evasions?: EvasionOptions;
}

export interface GeneratedCapture {
  /** A classic pcap file. */
  readonly pcap: Uint8Array;
  readonly flows: readonly LabelledFlow[];
  readonly packets: number;
}

/** Sessions in flight at once: hides the event-loop turns that each TLS message costs. */
const CONCURRENCY = 16;
/** Share of the window before the recording in which sessions may have begun: a few are caught in the middle. */
const LEAD_SHARE = 0.03;
/** Fewer recorded packets than this and a flow is left out altogether. */
const PACKETS_MIN = 4;
const EPOCH_SECONDS = Date.UTC(2025, 2, 3) / 1000;

export async function generateCapture(options: CaptureOptions): Promise<GeneratedCapture> {
  checkOptions(options);
  const prng = new Prng((options.seed ^ fnv1a(options.name)) | 0);
  const evasions = options.evasions ?? MODEST_EVASIONS;
  const flowsPerSite = options.flowsPerSite ?? 2.5;
  const population = drawPopulation(prng.fork('population'), { ...options, flowsPerSite, evasions });
  const gatewayMac = macAddress(prng);
  const chainSeed = prng.uint32();
  const windowUs = options.windowSeconds * SECOND_US;
  const epochSeconds = EPOCH_SECONDS + options.network * 86_400 + prng.below(72_000);
  const shared: Shared = { gatewayMac, chainSeed, windowUs, evasions, taken: new Set(), visits: new Visits() };

  const miningCount = Math.round(options.flows * options.miningShare);
  const planned = Array.from({ length: options.flows }, (_, i) => {
    const draw = prng.fork(`flow${i}`);
    const label: Label = i < miningCount ? 'mining' : 'other';
    const sites = population.sites[label];
    // Every site is visited once before any is visited again.
    const unvisited = sites[i < miningCount ? i : i - miningCount];
    const earlier = unvisited ? null : drawReturn(draw.fork('return'), shared.visits, label, windowUs);
    const site = unvisited ?? earlier?.site ?? draw.pick(sites);
    return planSession(draw, options, site, earlier?.client ?? draw.pick(population.clients), earlier, shared);
  });
  const played = await inParallel(planned, ({ session }) => playSession(session));

  const frames: CapturedFrame[] = [];
  const flows: LabelledFlow[] = [];
  played.forEach((all, i) => {
    const recorded = all.filter((frame) => frame.atUs >= 0 && frame.atUs < windowUs);
    if (recorded.length < PACKETS_MIN) return;
    for (const frame of recorded) frames.push(frame);
    flows.push(planned[i]!.flow);
  });
  frames.sort((a, b) => a.atUs - b.atUs);
  return { pcap: encodePcap(frames, epochSeconds), flows: prng.shuffle(flows), packets: frames.length };
}

function checkOptions({ flows, miningShare, windowSeconds, network }: CaptureOptions): void {
  const wrong =
    (!(Number.isInteger(flows) && flows > 0) && `flows is ${flows}`) ||
    (!(miningShare >= 0 && miningShare <= 1) && `miningShare is ${miningShare}`) ||
    (!(windowSeconds > 0) && `windowSeconds is ${windowSeconds}`) ||
    (!(Number.isInteger(network) && network >= 0 && network < 128) && `network is ${network}`);
  if (wrong) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: wrong,
      expected: 'flows > 0, miningShare in 0..1, windowSeconds > 0, network in 0..127',
      action: 'correct the option and generate again',
    });
  }
}

/** What all sessions of a capture have in common. */
interface Shared {
  readonly gatewayMac: Uint8Array;
  readonly chainSeed: number;
  readonly windowUs: number;
  /** Address and port pairs in use, so that no two connections share them. */
  readonly taken: Set<string>;
  readonly evasions: EvasionOptions;
  readonly visits: Visits;
}

interface Planned {
  readonly flow: LabelledFlow;
  readonly session: SessionPlan;
}

/** @param earlier the visit this one follows, when the client comes back. */
function planSession(
  prng: Prng,
  options: CaptureOptions,
  site: Site,
  client: Client,
  earlier: Visit | null,
  shared: Shared,
): Planned {
  const { gatewayMac, chainSeed, windowUs, taken, visits } = shared;
  const ip = site.ip.length === 16 ? client.ip6 : client.ip4;
  let port = prng.integer(32_768, 60_999);
  const key = () => `${ip.join()}/${port}/${site.ip.join()}/${site.port}`;
  while (taken.has(key())) port++;
  taken.add(key());
  const drawnShape = drawClientShape(prng.fork('shape'));
  const { tls, dialogue, host } = site;
  const lengthUs = Math.min(drawDurationUs(prng), (options.sessionSecondsMax ?? 3_600) * SECOND_US);
  const evading = prng.fork('evasions');
  const evasions = drawEvasions(evading, 'session', { dialogue, sealed: tls !== null }, shared.evasions);
  const settings = evadeSettings(
    { host, sendsName: (earlier?.shape ?? drawnShape).sendsName, durationUs: lengthUs, difficulty: 1 },
    evasions,
    evading,
  );
  const { durationUs, sendsName, difficulty } = settings;
  const shape = { ...drawnShape, ...earlier?.shape, sendsName };
  const startUs = earlier?.backUs ?? Math.round(prng.between(-LEAD_SHARE, 0.92) * windowUs);
  const visit = earlier?.visit ?? 0;
  visits.add({ site, client, shape, visit, endUs: startUs + durationUs });
  const session: SessionPlan = {
    dialogue,
    openChannel: async () => (tls ? openTls(tls, shape) : openPlain()),
    client: { endpoint: { mac: client.mac, ip, port }, stack: client.stack },
    server: { endpoint: { mac: gatewayMac, ip: site.ip, port: site.port }, stack: site.stack },
    path: site.path,
    host,
    startUs,
    durationUs,
    captureEndUs: windowUs,
    messagesMax: options.messagesMedian
      ? Math.round(options.messagesMedian * Math.min(3, prng.logNormal(1, 0.5)))
      : Number.POSITIVE_INFINITY,
    seed: prng.uint32(),
    operatorSeed: site.operatorSeed,
    chainSeed,
    visit,
    difficulty,
    evasions,
  };
  const active = [...site.evasions, ...evasions].map(({ name, strength }) => [name, strength]);
  const flow: LabelledFlow = {
    src_ip: addressText(ip),
    src_port: port,
    dst_ip: addressText(site.ip),
    dst_port: site.port,
    protocol: 'tcp',
    label: dialogue.label,
    dialogue: dialogue.name,
    encapsulation: site.encapsulation,
    group: site.group,
    ...(active.length > 0 ? { evasions: Object.fromEntries(active) as Record<string, number> } : {}),
  };
  return { flow, session };
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i]!);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
  return results;
}

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
