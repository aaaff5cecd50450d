/** Columns of messages by their definitions, each from plain lists; nothing is shared with the code that it is compared with. */

export interface TwinMessage {
  /** Bytes, positive from the initiator. */
  readonly size: number;
  /** From the first packet. */
  readonly us: number;
}

type Columns = Record<string, number | null>;

const KEPT = 128;
const BINS = [0, 16, 32, 64, 128, 256, 512, 1024, Infinity];
const BURST_GAP = 1_000_000;
const UNASKED = 500_000;
const EVENTS = 8;

/** @param all messages of the part, in the order of arrival */
export function messageColumns(all: readonly TwinMessage[]): Columns {
  const kept = all.slice(0, KEPT);
  const isFwd = ({ size }: TwinMessage) => size > 0;
  const isBwd = ({ size }: TwinMessage) => size < 0;
  const answered = all.filter(isBwd).length;
  return {
    ...histograms('fwd', all.filter(isFwd)),
    ...histograms('bwd', all.filter(isBwd)),
    ...quartileColumns('flow', kept),
    turns: kept.filter((message, i) => i > 0 && isFwd(message) !== isFwd(kept[i - 1]!)).length,
    message_ratio: answered === 0 ? null : all.filter(isFwd).length / answered,
    first_response_us: firstResponse(kept),
    ...sideColumns('fwd', kept, isFwd),
    ...sideColumns('bwd', kept, isBwd),
  };
}

function sideColumns(side: string, kept: readonly TwinMessage[], isOwn: (message: TwinMessage) => boolean): Columns {
  const own = kept.filter(isOwn);
  return {
    ...quartileColumns(side, own),
    ...diversity(side, own),
    ...bursts(side, own),
    ...rhythm(side, gapsOf(own)),
    ...dialogue(side, kept, isOwn),
  };
}

function histograms(side: string, own: readonly TwinMessage[]): Columns {
  const sizes = own.map(({ size }) => Math.abs(size));
  const times = gapsOf(own).map((us) => us / 1000);
  const inBin = (values: readonly number[], bin: number) =>
    values.filter((value) => value >= BINS[bin]! && value < BINS[bin + 1]!).length;
  return Object.fromEntries(
    BINS.slice(0, -1).flatMap((from, bin) => [
      [`${side}_size_hist_${from}`, inBin(sizes, bin)],
      [`${side}_gap_hist_${from}ms`, inBin(times, bin)],
    ]),
  );
}

function quartileColumns(side: string, own: readonly TwinMessage[]): Columns {
  const sizes = own.map(({ size }) => Math.abs(size));
  const gaps = gapsOf(own);
  return {
    [`${side}_message_size_q1`]: quantile(sizes, 0.25),
    [`${side}_message_size_median`]: quantile(sizes, 0.5),
    [`${side}_message_size_q3`]: quantile(sizes, 0.75),
    [`${side}_message_size_cv`]: variation(sizes),
    [`${side}_message_gap_q1_us`]: quantile(gaps, 0.25),
    [`${side}_message_gap_median_us`]: quantile(gaps, 0.5),
    [`${side}_message_gap_q3_us`]: quantile(gaps, 0.75),
    [`${side}_message_gap_cv`]: variation(gaps),
  };
}

function diversity(side: string, own: readonly TwinMessage[]): Columns {
  const sizes = own.map(({ size }) => size);
  const distinct = [...new Set(sizes)];
  const shares = distinct.map((size) => sizes.filter((other) => other === size).length / sizes.length);
  const none = sizes.length === 0;
  return {
    [`${side}_distinct_sizes`]: distinct.length,
    [`${side}_size_entropy`]: none ? null : Math.abs(sum(shares.map((share) => -share * Math.log2(share)))),
    [`${side}_top_size_share`]: none ? null : Math.max(...shares),
  };
}

function bursts(side: string, own: readonly TwinMessage[]): Columns {
  const gaps = gapsOf(own);
  const runs: number[][] = [];
  for (const i of own.keys()) {
    if (i > 0 && gaps[i - 1]! < BURST_GAP) runs.at(-1)!.push(i);
    else runs.push([i]);
  }
  const long = runs.filter((run) => run.length >= 3);
  const mean = (of: (run: readonly number[]) => number) => (long.length === 0 ? null : sum(long.map(of)) / long.length);
  const lasted = long.map((run) => sum(run.slice(1).map((i) => gaps[i - 1]!)));
  return {
    [`${side}_bursts`]: long.length,
    [`${side}_burst_messages_mean`]: mean((run) => run.length),
    [`${side}_burst_bytes_mean`]: mean((run) => sum(run.map((i) => Math.abs(own[i]!.size)))),
    [`${side}_burst_max_us`]: long.length === 0 ? null : Math.max(...lasted),
  };
}

/** All but the period (see period-twin.ts). */
function rhythm(side: string, gaps: readonly number[]): Columns {
  const median = quantile(gaps, 0.5) ?? 0;
  const isLong = gaps.length + 1 >= EVENTS;
  const deviations = gaps.map((gap) => Math.abs(gap - median));
  return {
    [`${side}_gap_mad_ratio`]: isLong && median > 0 ? quantile(deviations, 0.5)! / median : null,
    [`${side}_gap_hurst`]: isLong && new Set(gaps).size > 1 ? hurst(gaps) : null,
  };
}

/** Hurst, H. E.: Long-term storage capacity of reservoirs. Trans. ASCE 116, 1951. */
function hurst(values: readonly number[]): number {
  const mean = sum(values) / values.length;
  const sums = [0, ...values.map((_, i) => sum(values.slice(0, i + 1).map((value) => value - mean)))];
  const range = Math.max(...sums) - Math.min(...sums);
  return Math.log(range / deviation(values)) / Math.log(values.length / 2);
}

function dialogue(side: string, kept: readonly TwinMessage[], isOwn: (message: TwinMessage) => boolean): Columns {
  const own = kept.filter(isOwn);
  const gaps = gapsOf(kept);
  const steps = kept.slice(1).map((message, i) => ({
    gap: gaps[i]!,
    answers: isOwn(message) && !isOwn(kept[i]!),
    follows: isOwn(message) && isOwn(kept[i]!),
  }));
  const latencies = steps.filter(({ answers }) => answers).map(({ gap }) => gap);
  const unasked = steps.filter(({ gap, follows }) => follows && gap > UNASKED);
  const share = (part: number) => (own.length === 0 ? null : part / own.length);
  return {
    [`${side}_latency_median_us`]: quantile(latencies, 0.5),
    [`${side}_latency_mean_us`]: latencies.length === 0 ? null : sum(latencies) / latencies.length,
    [`${side}_unasked_share`]: share(unasked.length),
    [`${side}_small_share`]: share(own.filter(({ size }) => Math.abs(size) < 100).length),
  };
}

function firstResponse(kept: readonly TwinMessage[]): number | null {
  const asked = kept.findIndex(({ size }) => size > 0);
  const answer = kept.find(({ size }, i) => asked >= 0 && i > asked && size < 0);
  return answer === undefined ? null : Math.max(0, answer.us - kept[asked]!.us);
}

/** From the latest of the messages before; none is below 0. */
export function gapsOf(messages: readonly TwinMessage[]): number[] {
  return messages
    .slice(1)
    .map(({ us }, i) => Math.max(0, us - Math.max(...messages.slice(0, i + 1).map((before) => before.us))));
}

/** numpy.quantile's default. */
export function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place % 1);
}

export function variation(values: readonly number[]): number | null {
  const mean = sum(values) / values.length;
  return values.length === 0 || mean === 0 ? null : deviation(values) / mean;
}

function deviation(values: readonly number[]): number {
  const mean = sum(values) / values.length;
  return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
