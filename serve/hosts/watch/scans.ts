/**
 * Scanning, as worms do that bring miners along: attempts at SSH, sweeps of services that run what strangers send. Told for
 * what it is: it weighs nothing for mining.
 */
import type { Finding } from '../../../core/table.ts';
import { EvidenceSource } from '../../evidence/source.ts';
import { HOST_LIMITS } from '../limits.ts';
import type { SeenFlow } from '../seen-flow.ts';
import { LatestUsed } from './latest-used.ts';
import { RecentEvents } from './recent-events.ts';

const WINDOW_SECONDS = 60;
/** An attempt at SSH is over by then: servers cut who does not log in after two minutes, guessers are done in seconds. */
const ATTEMPT_SECONDS = 30;
/** A log-in that fails takes some 20 packets of the client. */
const ATTEMPT_PACKETS = 40;

interface Scan {
  /** What the column `scans` calls it. */
  readonly name: string;
  /** What a sentence calls it. */
  readonly of: string;
  /** Attempts, wherever they go, or different servers: a client may ask its own server as often as it likes. */
  readonly counts: 'events' | 'keys';
  /** Within a minute; more than so many are a scan. */
  readonly moreThan: number;
  readonly fits: (flow: SeenFlow) => boolean;
}

const at =
  (...ports: number[]) =>
  ({ port }: SeenFlow) =>
    port !== null && ports.includes(port);

/** To add a scan, add a line. */
export const SCANS: readonly Scan[] = [
  { name: 'ssh', of: 'SSH', counts: 'events', moreThan: 50, fits: (flow) => isSshAttempt(flow) },
  { name: 'redis', of: 'Redis (6379)', counts: 'keys', moreThan: 20, fits: at(6379) },
  { name: 'docker', of: 'the Docker API (2375, 2376)', counts: 'keys', moreThan: 20, fits: at(2375, 2376) },
  { name: 'kubelet', of: 'kubelets (10250)', counts: 'keys', moreThan: 20, fits: at(10250) },
];

function isSshAttempt({ port, isSsh, isLastPart, seconds, fwdPackets }: SeenFlow): boolean {
  return (port === 22 || isSsh) && isLastPart && seconds <= ATTEMPT_SECONDS && fwdPackets <= ATTEMPT_PACKETS;
}

/** Whether the flow is what scans are made of, many or few. */
export function mayScan(flow: SeenFlow): boolean {
  return SCANS.some(({ fits }) => fits(flow));
}

export class ScanWatch {
  readonly #recent: LatestUsed<RecentEvents>;

  constructor(clients: number = HOST_LIMITS.scanners) {
    this.#recent = new LatestUsed(clients, () => new RecentEvents(HOST_LIMITS.scanEvents, WINDOW_SECONDS));
  }

  /** Clients and their scans given up for want of room. */
  get dropped(): number {
    return this.#recent.dropped;
  }

  /** Takes a flow, and says how much of which scans its client has done within one minute at most. */
  add(flow: SeenFlow): ReadonlyMap<string, number> | null {
    if (!flow.isTcp || !flow.isFirstPart) return null;
    let found: Map<string, number> | null = null;
    for (const { name, counts, moreThan, fits } of SCANS) {
      if (!fits(flow)) continue;
      const peak = this.#recent.of(`${name} ${flow.client}`).add(flow.beganAt, keyOf(flow.server));
      if (peak[counts] > moreThan) found = (found ?? new Map<string, number>()).set(name, peak[counts]);
    }
    return found;
  }
}

/** @param most of each scan within one minute, as `ScanWatch.add` says */
export function scanFindings(most: ReadonlyMap<string, number>): Finding[] {
  return SCANS.filter(({ name }) => most.has(name)).map(({ name, of, counts, moreThan }) => ({
    source: EvidenceSource.Host,
    finding: sentence(of, counts, most.get(name)!, moreThan),
    weight: 0,
  }));
}

function sentence(of: string, counts: 'events' | 'keys', peak: number, moreThan: number): string {
  const many = peak >= HOST_LIMITS.scanEvents ? `${HOST_LIMITS.scanEvents} or more` : String(peak);
  const what = counts === 'events' ? `${many} short connections to ${of}` : `${of} at ${many} different servers`;
  return `Scanning: ${what} within a minute (more than ${moreThan} are told); worms that bring miners do so. Look at what runs on this host.`;
}

/** FNV-1a of the text, 32 bits. */
function keyOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
