/**
 * One capture: a network of clients and sites, the sessions between them, and what a tap records of those. Everything is
 * drawn from the seed; only ciphertext (and with it a byte or two of handshake length) differs between runs.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { fnv1a, Prng } from '../../core/prng.ts';
import { addressText, macAddress } from './capture/address.ts';
import { GzipPieces } from './capture/gzip.ts';
import type { LabelledFlow } from './capture/manifest.ts';
import { joinOffloaded } from './capture/offload.ts';
import { PcapWriter } from './capture/pcap.ts';
import { type Client, drawDurationUs, drawPopulation, type Site } from './capture/population.ts';
import { type Recordable, record } from './capture/recording.ts';
import { drawReturn, type Visit, Visits } from './capture/returns.ts';
import { type Seen, seenPackets } from './capture/seen.ts';
import { playSession, type SessionPlan } from './capture/session.ts';
import { CLEAN_TAP, type Tap } from './capture/tap.ts';
import { type Choice, chosenDialogues, chosenEncapsulations } from './choice.ts';
import { joined } from './dialogue/bytes.ts';
import { type Label, SECOND_US } from './dialogue/message.ts';
import { hasTls } from './encapsulation/channel.ts';
import { drawClientShape } from './encapsulation/shapes.ts';
import { drawEvasions, type EvasionOptions, evadeSettings, MODEST_EVASIONS } from './evasion/plan.ts';
import type { Frames } from './transport/frames.ts';
import { fromHost } from './transport/path.ts';

export interface CaptureOptions {
  readonly seed: number;
  /** Names the capture and, with the seed, decides everything in it. */
  readonly name: string;
  /** Number of the network, 0 to 127: captures with different numbers share no address. */
  readonly network: number;
  /** Connections to play. One of which next to nothing was recorded is left out: of the capture's count a few may lack. */
  readonly flows: number;
  /** Share of mining connections, 0 to 1. */
  readonly miningShare: number;
  /** Length of the recording, seconds. */
  readonly windowSeconds: number;
  /** Virtual time that every session lasts, give or take a tenth, seconds; drawn from minutes to an hour when left out. */
  readonly sessionSeconds?: number;
  /** Longest session, seconds; 3600 when left out. */
  readonly sessionSecondsMax?: number;
  /** Median of the message count at which sessions are cut off, the same for both labels; never, when left out. */
  readonly messagesMedian?: number;
  /** Expected connections per site; 2.5 when left out. */
  readonly flowsPerSite?: number;
  /** Whether the file is compressed. */
  readonly gzip?: boolean;
  /** Where and how it was recorded; a clean tap when left out. */
  readonly tap?: Tap;
  /** What is drawn from; everything when left out. */
  readonly choice?: Choice;
  /** Who evades, and how hard; a modest share when left out. */
  readonly evasions?: EvasionOptions;
}

/** Captures with different numbers of networks have no address in common: that many numbers there are. */
export const NETWORKS = 128;

/** A network has addresses for as many. */
export const FLOWS_PER_CAPTURE_MAX = 2_000;

/** What the sessions of one dialogue came to. */
export interface DialogueTally {
  readonly dialogue: string;
  readonly label: Label;
  flows: number;
  packets: number;
  /** Of whole frames, whatever was kept of them. */
  bytes: number;
}

/** What there is to say of a capture that has been written. */
export interface RecordedCapture {
  readonly flows: readonly LabelledFlow[];
  readonly packets: number;
  /** Of the file. */
  readonly bytes: number;
  /** By dialogue, in no order. */
  readonly tallies: readonly DialogueTally[];
}

export interface GeneratedCapture extends RecordedCapture {
  /** A classic pcap file, perhaps compressed. */
  readonly pcap: Uint8Array;
}

/** Fewer recorded packets than this and a flow is left out altogether. */
const PACKETS_MIN = 4;
const EPOCH_SECONDS = Date.UTC(2025, 2, 3) / 1000;

/** The capture in memory. */
export async function generateCapture(options: CaptureOptions): Promise<GeneratedCapture> {
  const parts: Uint8Array[] = [];
  const recorded = await recordCapture(options, (bytes) => {
    parts.push(bytes.slice());
  });
  return { ...recorded, pcap: joined(parts) };
}

/**
 * Generates a capture and hands on its bytes as they become final.
 *
 * @param write copies the bytes before it returns
 * @param onFlow called as each session has been played
 * @throws FlowlampError OPTION_INVALID
 */
export async function recordCapture(
  options: CaptureOptions,
  write: (bytes: Uint8Array) => void,
  onFlow?: () => void,
): Promise<RecordedCapture> {
  checkOptions(options);
  const prng = new Prng((options.seed ^ fnv1a(options.name)) | 0);
  const { choice = {}, flowsPerSite = 2.5, evasions = MODEST_EVASIONS } = options;
  const population = drawPopulation(prng.fork('population'), {
    ...options,
    flowsPerSite,
    dialogues: chosenDialogues(choice),
    encapsulations: chosenEncapsulations(choice),
    evasions,
  });
  const gatewayMac = macAddress(prng);
  const chainSeed = prng.uint32();
  const windowUs = options.windowSeconds * SECOND_US;
  const epochSeconds = EPOCH_SECONDS + options.network * 86_400 + prng.below(72_000);
  const tap = options.tap ?? CLEAN_TAP;
  const shared: Shared = { gatewayMac, chainSeed, windowUs, tap, evasions, taken: new Set(), visits: new Visits() };

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
  const packed = options.gzip === true ? new GzipPieces(write) : null;
  const pcap = new PcapWriter({ epochSeconds, ...tap }, packed === null ? write : (bytes) => packed.write(bytes));
  const packets = new Uint32Array(planned.length);
  const bytes = new Float64Array(planned.length);
  await record(
    planned.map((plan) => recordable(plan, windowUs, tap)),
    (atUs, frame, session) => {
      packets[session]!++;
      bytes[session]! += frame.length;
      pcap.frame(atUs, frame);
    },
    onFlow,
  );
  packed?.finish();
  const tallies = new Map<string, DialogueTally>();
  planned.forEach(({ flow: { dialogue, label } }, i) => {
    if (packets[i] === 0) return;
    const tally = tallies.get(dialogue) ?? { dialogue, label, flows: 0, packets: 0, bytes: 0 };
    tallies.set(dialogue, tally);
    tally.flows++;
    tally.packets += packets[i]!;
    tally.bytes += bytes[i]!;
  });
  return {
    flows: prng.shuffle(planned.filter((_, i) => packets[i]! > 0).map(({ flow }) => flow)),
    packets: packets.reduce((sum, count) => sum + count, 0),
    bytes: packed?.bytes ?? pcap.bytes,
    tallies: [...tallies.values()],
  };
}

/** A session that was over, or all but, before the recording began takes place again during it. */
function recordable({ session, seen, againUs }: Planned, windowUs: number, tap: Tap): Recordable {
  const playAt = async (startUs: number): Promise<Frames> => {
    const { packets, encode } = await playSession({ ...session, startUs });
    const recorded = joinOffloaded(seenPackets(packets, seen, windowUs), tap.offload);
    return encode(recorded.length < PACKETS_MIN ? [] : recorded);
  };
  return {
    startUs: session.startUs,
    play: async () => {
      const frames = await playAt(session.startUs);
      return frames.count > 0 || againUs <= session.startUs ? frames : playAt(againUs);
    },
  };
}

function checkOptions({ flows, miningShare, windowSeconds, network }: CaptureOptions): void {
  const wrong =
    (!(Number.isInteger(flows) && flows > 0 && flows <= FLOWS_PER_CAPTURE_MAX) && `flows is ${flows}`) ||
    (!(miningShare >= 0 && miningShare <= 1) && `miningShare is ${miningShare}`) ||
    (!(windowSeconds > 0) && `windowSeconds is ${windowSeconds}`) ||
    (!(Number.isInteger(network) && network >= 0 && network < NETWORKS) && `network is ${network}`);
  if (wrong) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: wrong,
      expected: `flows in 1..${FLOWS_PER_CAPTURE_MAX}, miningShare in 0..1, windowSeconds > 0, network in 0..${NETWORKS - 1}`,
      action: 'correct the option and generate again',
    });
  }
}

/** What all sessions of a capture have in common. */
interface Shared {
  readonly gatewayMac: Uint8Array;
  readonly chainSeed: number;
  readonly windowUs: number;
  readonly tap: Tap;
  /** Address and port pairs in use, so that no two connections share them. */
  readonly taken: Set<string>;
  readonly evasions: EvasionOptions;
  readonly visits: Visits;
}

interface Planned {
  readonly flow: LabelledFlow;
  readonly session: SessionPlan;
  readonly seen: Seen;
  /** When it takes place if it was over before the recording began, microseconds. */
  readonly againUs: number;
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
  const { gatewayMac, chainSeed, windowUs, tap, taken, visits } = shared;
  const ip = site.ip.length === 16 ? client.ip6 : client.ip4;
  let port = prng.integer(32_768, 60_999);
  const key = () => `${ip.join()}/${port}/${site.ip.join()}/${site.port}`;
  while (taken.has(key())) port++;
  taken.add(key());
  const { wrapping, dialogue, host } = site;
  const drawnShape = drawClientShape(prng.fork('shape'));
  const evading = prng.fork('evasions');
  const subject = { dialogue, sealed: hasTls(wrapping.name) };
  const evasions = drawEvasions(evading, 'session', subject, shared.evasions);
  const { durationUs, sendsName, difficulty } = evadeSettings(
    {
      host,
      sendsName: (earlier?.shape ?? drawnShape).sendsName,
      durationUs: drawSessionUs(prng, options),
      difficulty: 1,
    },
    evasions,
    evading,
  );
  const shape = { ...drawnShape, ...earlier?.shape, sendsName };
  const wrapSeed = prng.fork('wrapping').uint32();
  const againUs = Math.round(prng.float() * latestStartUs(options));
  const firstUs = prng.chance(tap.underwayShare) ? -Math.round(prng.float() * durationUs) : againUs;
  const startUs = earlier?.backUs ?? firstUs;
  const visit = earlier?.visit ?? 0;
  visits.add({ site, client, shape, visit, endUs: startUs + durationUs });
  const session: SessionPlan = {
    dialogue,
    // Perhaps opened twice: a session may take place again.
    openChannel: () => wrapping.open(new Prng(wrapSeed), shape),
    client: { endpoint: { mac: client.mac, ip, port }, stack: client.stack },
    server: { endpoint: { mac: gatewayMac, ip: site.ip, port: site.port }, stack: site.stack },
    path: tap.onHost ? fromHost(site.path) : site.path,
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
    encapsulation: wrapping.name,
    group: site.group,
    ...(active.length > 0 ? { evasions: Object.fromEntries(active) as Record<string, number> } : {}),
  };
  return { flow, session, seen: site.route.rank < tap.oneSidedShare ? site.route.seen : 'both', againUs };
}

function drawSessionUs(prng: Prng, { sessionSeconds, sessionSecondsMax = 3_600 }: CaptureOptions): number {
  if (sessionSeconds !== undefined) return Math.round(prng.between(0.9, 1.1) * sessionSeconds * SECOND_US);
  return Math.min(drawDurationUs(prng), sessionSecondsMax * SECOND_US);
}

/** Sessions of a given length end within the recording; of others the last few are cut off by its end. */
function latestStartUs({ windowSeconds, sessionSeconds }: CaptureOptions): number {
  if (sessionSeconds === undefined) return 0.92 * windowSeconds * SECOND_US;
  return Math.max(0.05 * windowSeconds, windowSeconds - 1.1 * sessionSeconds) * SECOND_US;
}
