/** What the view finds of each host, and the risk that this makes. */
import type { Finding } from '../../core/table.ts';
import { fuse } from '../evidence/fusion.ts';
import { EvidenceSource } from '../evidence/source.ts';
import { byFlows, type HostEntry } from './entry.ts';
import { persistenceFinding } from './findings/persistence.ts';
import { portFinding } from './findings/pool-ports.ts';
import type { OffsetAt } from './hours.ts';
import { scanFindings } from './watch/scans.ts';
import { stormFinding } from './watch/storms.ts';
import type { Synchrony } from './watch/synchrony.ts';

export interface JudgedHost {
  readonly entry: HostEntry;
  readonly risk: number | null;
  /** Of the view, heaviest first; of a pair or of a client. */
  readonly own: readonly Finding[];
  /** These first, then those of flows. */
  readonly findings: readonly Finding[];
}

export interface Judging {
  /** False for a model that names no label as a risk: findings are told, and make none. */
  readonly hasRisk: boolean;
  readonly offsetAt: OffsetAt;
  readonly synchrony: Synchrony;
}

/**
 * The clients, then the pairs, each with the riskiest first. What was found of a pair is fused with the findings of its riskiest
 * flow; a client is as risky as
 * the riskiest of its pairs, and told of what is heaviest about them.
 */
export function judgedHosts(
  clients: readonly HostEntry[],
  pairs: readonly HostEntry[],
  judging: Judging,
): JudgedHost[] {
  const judgedPairs = pairs.map((entry) => judgedPair(entry, judging));
  const ofClients = new Map<string, JudgedHost[]>();
  for (const pair of judgedPairs) {
    if (pair.own.length === 0) continue;
    const known = ofClients.get(pair.entry.client);
    if (known === undefined) ofClients.set(pair.entry.client, [pair]);
    else known.push(pair);
  }
  const judgedClients = clients.map((entry) => judgedClient(entry, ofClients.get(entry.client) ?? []));
  return [...judgedClients.sort(byFusedRisk), ...judgedPairs.sort(byFusedRisk)];
}

function judgedPair(entry: HostEntry, { hasRisk, offsetAt, synchrony }: Judging): JudgedHost {
  const { client, server, hours, poolPorts, storm } = entry;
  const own = [
    synchrony.finding(client, server!),
    storm === null ? null : stormFinding(storm, server!),
    persistenceFinding(hours, offsetAt, server!),
    portFinding(poolPorts, server!),
  ].filter((finding) => finding !== null);
  const risk = hasRisk && own.length > 0 ? Math.max(entry.risk ?? 0, fusedRisk(entry.basis, own)) : entry.risk;
  own.sort(byWeight);
  return { entry, risk, own, findings: [...own, ...entry.findings] };
}

/** The model's word is a finding among the others; one that weighs nothing says that it does not speak of the flow. */
function fusedRisk(basis: readonly Finding[], own: readonly Finding[]): number {
  const words = basis.filter(({ source, weight }) => source === EvidenceSource.Behaviour && weight !== 0);
  const others = basis.filter(({ source }) => source !== EvidenceSource.Behaviour);
  const behaviour = words.length === 0 ? null : words.reduce((sum, { weight }) => sum + weight, 0);
  return Math.round(fuse(behaviour, [...others, ...own]).probability * 10);
}

function judgedClient(entry: HostEntry, pairs: readonly JudgedHost[]): JudgedHost {
  const risk = pairs.reduce<number | null>(
    (most, pair) => (pair.risk === null ? most : Math.max(most ?? 0, pair.risk)),
    entry.risk,
  );
  const ofPairs = pairs.flatMap((pair) => pair.own).sort(byWeight);
  const own = [...ofPairs.slice(0, MOST_OF_PAIRS), ...scanFindings(entry.scans)];
  return { entry, risk, own, findings: [...own, ...entry.findings] };
}

/** A client may have many servers; their rows say the rest. */
const MOST_OF_PAIRS = 4;

function byWeight(a: Finding, b: Finding): number {
  return b.weight - a.weight;
}

function byFusedRisk(a: JudgedHost, b: JudgedHost): number {
  return (b.risk ?? -1) - (a.risk ?? -1) || byFlows(a.entry, b.entry);
}
