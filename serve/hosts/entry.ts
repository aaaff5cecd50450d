/** What is known of one client, or of one client and one server of its. */
import type { Finding } from '../../core/table.ts';
import { POOL_PORTS } from './findings/pool-ports.ts';
import { Hours, hourOf } from './hours.ts';
import { HOST_LIMITS } from './limits.ts';
import type { SeenFlow } from './seen-flow.ts';
import type { Storm } from './watch/storms.ts';

const NONE: ReadonlySet<never> = new Set();
const NO_SCANS: ReadonlyMap<string, number> = new Map();

export class HostEntry {
  readonly client: string;
  /** Null in the entry of a client. */
  readonly server: string | null;
  firstSeen: bigint;
  lastSeen: bigint;
  rows = 0;
  flows = 0;
  reconnects = 0;
  fwdPackets = 0;
  bwdPackets = 0;
  fwdBytes = 0;
  bwdBytes = 0;
  positives = 0;
  score: number | null = null;
  risk: number | null = null;
  readonly verdicts = new Map<string, number>();
  readonly hours = new Hours();
  /** Of a pair: its worst. */
  storm: Storm | null = null;
  /** Findings of the riskiest flow, all of them: what its risk was made of. */
  basis: readonly Finding[] = [];
  /** Few, and most entries have one or none of them: tens of thousands of sets would be most of what the collector looks at. */
  readonly #ports: number[] = [];
  readonly #names: string[] = [];
  #servers: Set<string> | null = null;
  #poolPorts: Set<number> | null = null;
  #scans: Map<string, number> | null = null;
  #reasons: readonly Reason[] = [];
  #earliestEnd: bigint | null = null;

  constructor({ client, server, firstSeen, lastSeen }: SeenFlow, isPair: boolean) {
    this.client = client;
    this.server = isPair ? server : null;
    this.firstSeen = firstSeen;
    this.lastSeen = lastSeen;
  }

  /** @param isReconnect whether the flow began after an earlier one between the same two had ended */
  add(flow: SeenFlow, isReconnect: boolean): void {
    this.#count(flow, isReconnect);
    if (flow.firstSeen < this.firstSeen) this.firstSeen = flow.firstSeen;
    if (flow.lastSeen > this.lastSeen) this.lastSeen = flow.lastSeen;
    this.#addHours(flow);
    this.verdicts.set(flow.verdict, (this.verdicts.get(flow.verdict) ?? 0) + 1);
    if (flow.isPositive) this.positives++;
    this.score = greater(this.score, flow.score);
    if (this.basis.length === 0 || (flow.risk ?? -1) > (this.risk ?? -1)) this.basis = flow.evidence;
    this.risk = greater(this.risk, flow.risk);
    if (this.server === null) {
      this.#servers ??= new Set();
      if (this.#servers.size < HOST_LIMITS.servers) this.#servers.add(flow.server);
    }
    if (flow.port !== null) keep(this.#ports, flow.port, HOST_LIMITS.ports);
    if (isSpoken(flow) && POOL_PORTS.has(flow.port!)) {
      this.#poolPorts ??= new Set();
      this.#poolPorts.add(flow.port!);
    }
    if (flow.name !== null) keep(this.#names, flow.name.slice(0, HOST_LIMITS.nameLength), HOST_LIMITS.names);
    this.#keepReasons(flow);
  }

  /** @param most of each scan within a minute */
  addScans(most: ReadonlyMap<string, number>): void {
    this.#scans ??= new Map();
    for (const [name, peak] of most) this.#scans.set(name, Math.max(peak, this.#scans.get(name) ?? 0));
  }

  addStorm(storm: Storm): void {
    if (storm.connections >= (this.storm?.connections ?? 0)) this.storm = storm;
  }

  /** Different servers of a client. */
  get servers(): ReadonlySet<string> {
    return this.#servers ?? NONE;
  }

  get ports(): readonly number[] {
    return this.#ports;
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** Usual ports of pools at which both sides spoke. */
  get poolPorts(): ReadonlySet<number> {
    return this.#poolPorts ?? NONE;
  }

  /** Of a client: what it scanned for, and how much of it within a minute. */
  get scans(): ReadonlyMap<string, number> {
    return this.#scans ?? NO_SCANS;
  }

  /** Those of its riskiest flows first, and of those the weightiest. */
  get findings(): readonly Finding[] {
    return this.#reasons.map(({ finding }) => finding);
  }

  /** True for a flow that begins after one that this entry knows had ended: another connection, not a parallel one. */
  isReconnect({ isFirstPart, firstSeen }: SeenFlow): boolean {
    return isFirstPart && this.#earliestEnd !== null && firstSeen > this.#earliestEnd;
  }

  #count(flow: SeenFlow, isReconnect: boolean): void {
    this.rows++;
    if (flow.isFirstPart) this.flows++;
    if (isReconnect) this.reconnects++;
    this.fwdPackets += flow.fwdPackets;
    this.bwdPackets += flow.bwdPackets;
    this.fwdBytes += flow.fwdBytes;
    this.bwdBytes += flow.bwdBytes;
    if (!flow.isLastPart) return;
    if (this.#earliestEnd === null || flow.lastSeen < this.#earliestEnd) this.#earliestEnd = flow.lastSeen;
  }

  /** A flow of fewer packets than hours was not seen in all of them: the clock jumped, or a table says what cannot be. */
  #addHours({ firstSeen, lastSeen, fwdPackets, bwdPackets }: SeenFlow): void {
    const [first, last] = [hourOf(firstSeen), hourOf(lastSeen)];
    if (last - first < fwdPackets + bwdPackets) this.hours.add(first, last);
    else for (const hour of [first, last]) this.hours.add(hour, hour);
  }

  #keepReasons({ evidence, risk }: SeenFlow): void {
    const least = this.#reasons.length < HOST_LIMITS.findings ? null : this.#reasons.at(-1)!;
    const fresh = evidence
      .map((finding): Reason => ({ finding, risk: risk ?? -1 }))
      .filter((reason) => (least === null || byWeight(reason, least) < 0) && !this.#says(reason.finding.finding));
    if (fresh.length === 0) return;
    this.#reasons = [...this.#reasons, ...fresh].sort(byWeight).slice(0, HOST_LIMITS.findings);
  }

  #says(text: string): boolean {
    return this.#reasons.some(({ finding }) => finding.finding === text);
  }
}

/** A finding, and the risk of the flow that it was made of. */
interface Reason {
  readonly finding: Finding;
  readonly risk: number;
}

function byWeight(a: Reason, b: Reason): number {
  return b.risk - a.risk || b.finding.weight - a.finding.weight;
}

/** True where both sides of a TCP flow said something. */
function isSpoken({ isTcp, port, fwdPayloadBytes, bwdPayloadBytes }: SeenFlow): boolean {
  return isTcp && port !== null && fwdPayloadBytes > 0 && bwdPayloadBytes > 0;
}

function greater(a: number | null, b: number | null): number | null {
  return a === null || (b !== null && b > a) ? b : a;
}

function keep<T>(few: T[], value: T, most: number): void {
  if (few.length < most && !few.includes(value)) few.push(value);
}

/** The riskiest first; equal ones by what is the same in every run. */
export function byRisk(a: HostEntry, b: HostEntry): number {
  return (b.risk ?? -1) - (a.risk ?? -1) || byFlows(a, b);
}

/** Those first that scan, then those whose flows are worse, whatever the risk. */
export function byFlows(a: HostEntry, b: HostEntry): number {
  return (
    Number(b.scans.size > 0) - Number(a.scans.size > 0) ||
    b.positives - a.positives ||
    (b.score ?? -1) - (a.score ?? -1) ||
    b.rows - a.rows ||
    compareText(a.client, b.client) ||
    compareText(a.server ?? '', b.server ?? '')
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
