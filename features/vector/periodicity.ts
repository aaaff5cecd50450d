/**
 * Group `periodicity`: whether a side speaks at fixed times, how exactly, and whether its pauses remember each other.
 * Shares of a miner come as a Poisson process, keep-alives and polls as a clock.
 */
import { LIMITS } from '../../core/limits.ts';
import type { FillRow } from './flow-row.ts';
import { type Gaps, OF_MESSAGES } from './messages.ts';
import { quantile, sortFirst } from './order-statistics.ts';
import { findPeriod, MIN_EVENTS, type Period } from './period.ts';
import { put } from './put.ts';
import { type ColumnsOf, columnsOfSide, type FeatureRows, ofBothSides } from './spec.ts';

const FEW = `There are fewer than ${MIN_EVENTS} of {side}'s ${OF_MESSAGES}`;
const FEW_EVENTS = `${FEW}, or of these without those that follow within a quarter of {side}'s mean gap.`;

const SIDE = {
  period_us: {
    type: 'float64',
    unit: 'us',
    doc: `Period that {side}'s ${OF_MESSAGES} keep best, from half their mean gap to a third of their span; those that follow within a quarter of the mean gap count with the one before.`,
    nulls: FEW_EVENTS,
    input: true,
  },
  period_strength: {
    type: 'float64',
    doc: 'Length of the mean resultant of their phases at that period: 1 for a clock; n messages of {side} at random times reach about the root of ln(2n)/n.',
    nulls: FEW_EVENTS,
    input: true,
  },
  period_snr: {
    type: 'float64',
    doc: 'Signal to noise: power of their periodogram at that period over the mean of all periods tried; about n for a clock, ln(2n) for n messages of {side} at random times.',
    nulls: FEW_EVENTS,
    input: true,
  },
  gap_mad_ratio: {
    type: 'float64',
    doc: `Median absolute deviation over median of the gaps between {side}'s ${OF_MESSAGES}: 0 for a clock.`,
    nulls: `${FEW}, or the median is 0.`,
    input: true,
  },
  gap_hurst: {
    type: 'float64',
    doc: `Rescaled range of the n gaps between {side}'s ${OF_MESSAGES}, as ln(R/S) / ln(n/2) (Hurst, 1951): near 0.5 if gaps do not depend on those before.`,
    nulls: `${FEW}, or all gaps are the same.`,
    input: true,
  },
} as const satisfies FeatureRows;

export const PERIODICITY = ofBothSides(SIDE);

export function periodicityInto(out: ColumnsOf<typeof PERIODICITY>): FillRow {
  const [fwd, bwd] = [columnsOfSide(out, 'fwd', SIDE), columnsOfSide(out, 'bwd', SIDE)];
  return (row, flow) => {
    if (flow.messagesEnd - flow.messagesAt < MIN_EVENTS) return;
    const messages = flow.messages();
    putSide(row, messages.fwd.gaps, fwd);
    putSide(row, messages.bwd.gaps, bwd);
  };
}

const period: Period = { periodUs: 0, strength: 0, signalToNoise: 0 };
const deviations = new Float64Array(LIMITS.messages);

function putSide(row: number, { values, sorted, count }: Gaps, to: ColumnsOf<typeof SIDE>): void {
  if (count + 1 < MIN_EVENTS) return;
  const median = quantile(sorted, count, 0.5);
  if (median > 0) {
    for (let i = 0; i < count; i++) deviations[i] = Math.abs(sorted[i]! - median);
    sortFirst(deviations, count);
    put(to.gap_mad_ratio, row, quantile(deviations, count, 0.5) / median);
  }
  if (sorted[0] !== sorted[count - 1]) put(to.gap_hurst, row, hurst(values, count));
  if (!findPeriod(values, count, period)) return;
  put(to.period_us, row, period.periodUs);
  put(to.period_strength, row, period.strength);
  put(to.period_snr, row, period.signalToNoise);
}

/** ln(R/S) / ln(n/2): R the range of the sums of deviations from the mean, S the standard deviation (divided by n). */
export function hurst(values: Float64Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += values[i]!;
  const mean = total / count;
  let sum = 0;
  let least = 0;
  let most = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const deviation = values[i]! - mean;
    squares += deviation * deviation;
    sum += deviation;
    if (sum < least) least = sum;
    if (sum > most) most = sum;
  }
  return Math.log((most - least) / Math.sqrt(squares / count)) / Math.log(count / 2);
}
