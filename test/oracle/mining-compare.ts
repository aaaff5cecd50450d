/** What the witness reads of a capture beside what its twin reads, flow by flow. */
import { conversations, keyOf, NO_TIMEOUTS } from '../features/flow/oracle/conversation.ts';
import { canonicalAddress } from '../features/protocol/pcap-helper.ts';
import { type TwinCounts, twinCounts, twinFlows } from './mining-twin.ts';

/** A difference, as `ends: ours, the twin's`. */
export interface Comparison {
  readonly compared: number;
  /** Flows with mining in them. */
  readonly mining: number;
  readonly differences: readonly string[];
}

/** Compares all TCP flows without a hole; those that the witness calls WebSocket or a shape are not the twin's business. */
export function compareMining(path: string): Comparison {
  const ours = new Map<string, string[]>();
  for (const { row, ...ends } of conversations(path, NO_TIMEOUTS).ours) {
    if (ends.protocol !== 6) continue;
    const said =
      row['mining_transport'] === 'websocket' || row['mining_dialect'] === 'stratum-v2' ? 'skip' : ourText(row);
    ours.set(keyOf(ends), [...(ours.get(keyOf(ends)) ?? []), said]);
  }
  const differences: string[] = [];
  let [compared, mining] = [0, 0];
  for (const flow of twinFlows(path)) {
    if (flow.said.includes(null)) continue;
    const [from, to] = flow.ends.map(endOf) as [End, End];
    const key = keyOf({ protocol: 6, from: from.ip, fromPort: from.port, to: to.ip, toPort: to.port });
    const rows = ours.get(key) ?? [];
    if (rows.length !== 1 || rows[0] === 'skip') continue;
    const twin = twinText(twinCounts(flow));
    compared++;
    if (twin !== 'nothing') mining++;
    if (rows[0] !== twin) differences.push(`${flow.ends.join(' ')}: ${rows[0]}; twin: ${twin}`);
  }
  return { compared, mining, differences };
}

interface End {
  readonly ip: string;
  readonly port: number;
}

function endOf(text: string): End {
  const at = text.lastIndexOf(':');
  return { ip: canonicalAddress(text.slice(0, at)), port: Number(text.slice(at + 1)) };
}

function ourText(row: Readonly<Record<string, unknown>>): string {
  if (row['mining_dialect'] === null) return 'nothing';
  const count = (name: string) => Number(row[`mining_${name}`]);
  return twinText({
    // Long polls have no body.
    miner: count('miner_messages'),
    logins: count('authorisations'),
    shares: count('submissions'),
    accepted: count('accepted'),
    rejected: count('rejected'),
    jobs: count('jobs'),
  });
}

function twinText(counts: TwinCounts | null): string {
  if (counts === null) return 'nothing';
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
