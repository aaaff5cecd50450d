/**
 * Our histograms and bursts beside ipfixprobe's. It counts every packet: those without payload as of 0 bytes, and ICMP with
 * its header.
 */
import { LIMITS } from '../../core/limits.ts';
import { BIN_FROM } from '../../features/flow/histogram.ts';
import { byKey, conversations, type Ours, sameDirection } from '../features/flow/oracle/conversation.ts';
import { Tally } from '../features/flow/oracle/tally.ts';
import { PROBE_TIMEOUTS } from './ipfixprobe-compare.ts';
import { type PairOf, type ProbeFlow, probeFlows, probeOutputs } from './ipfixprobe-flows.ts';

const ICMP = new Set([1, 58]);
const MOST_BURSTS = 15;

export function compareProbeMessages(): Tally {
  const tally = new Tally();
  for (const { plugin, input } of probeOutputs().filter(({ plugin }) => ['phists', 'bstats'].includes(plugin))) {
    const rows = byKey(conversations(input, PROBE_TIMEOUTS).ours);
    for (const [key, flows] of byKey(probeFlows(plugin))) {
      for (const flow of flows) {
        const mine = (rows.get(key) ?? []).filter(
          ({ firstUs, lastUs }) => firstUs >= flow.firstUs && lastUs <= flow.lastUs,
        );
        // Flows that we keep apart have gaps of their own.
        if (mine.length !== 1 || ICMP.has(flow.protocol)) continue;
        compareHistograms(`${plugin}: ${key}`, flow, mine[0]!, tally);
        compareBursts(`${plugin}: ${key}`, flow, mine[0]!, tally);
      }
    }
  }
  return tally;
}

/** Our names of its source and destination. */
function sidesOf(row: Ours, flow: ProbeFlow): PairOf<'fwd' | 'bwd'> {
  return sameDirection(row, flow) ? ['fwd', 'bwd'] : ['bwd', 'fwd'];
}

function compareHistograms(where: string, flow: ProbeFlow, ours: Ours, tally: Tally): void {
  if (flow.histograms === null) return;
  for (const [i, side] of sidesOf(ours, flow).entries()) {
    const { row } = ours;
    const empty = Number(row[`${side}_packets`]) - Number(row[`${side}_payload_packets`]);
    const sizes = flow.histograms.sizes[i]!.map((count, bin) => (bin === 0 ? count - empty : count));
    const mySizes = BIN_FROM.map((from) => row[`${side}_size_hist_${from}`]);
    tally.compare(where, `payload sizes, ${BIN_FROM.length} bins`, sizes, mySizes, () => null);
    const gaps = flow.histograms.gaps[i]!;
    const myGaps = BIN_FROM.map((from) => row[`${side}_gap_hist_${from}ms`]);
    tally.compare(where, `gaps, ${BIN_FROM.length} bins`, gaps, myGaps, () =>
      empty > 0 ? 'packets without payload' : null,
    );
  }
}

function compareBursts(where: string, flow: ProbeFlow, { row, ...ours }: Ours, tally: Tally): void {
  if (flow.bursts === null) return;
  for (const [i, side] of sidesOf({ row, ...ours }, flow).entries()) {
    const bursts = flow.bursts[i]!;
    const count = bursts.length;
    const mean = (of: (burst: (typeof bursts)[number]) => number) =>
      count === 0 ? null : bursts.reduce((sum, burst) => sum + of(burst), 0) / count;
    const told = [
      count,
      mean(({ packets }) => packets),
      mean(({ bytes }) => bytes),
      count === 0 ? null : Math.max(...bursts.map(({ us }) => us)),
    ];
    const mine = ['bursts', 'burst_messages_mean', 'burst_bytes_mean', 'burst_max_us'].map(
      (name) => row[`${side}_${name}`],
    );
    const messages = Number(row['fwd_payload_packets']) + Number(row['bwd_payload_packets']);
    tally.compare(where, 'bursts: number, mean packets, mean bytes, longest', told, mine, () => {
      if (messages > LIMITS.messages) return `more than ${LIMITS.messages} packets with payload`;
      return count === MOST_BURSTS ? 'more bursts than it writes' : null;
    });
  }
}
