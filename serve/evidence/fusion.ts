/**
 * One rule that makes a probability of findings: log odds add up (naive Bayes), each source within bounds of its own.
 * docs/evidence.md says why this rule and where the bounds come from.
 */
import type { Finding } from '../../core/table.ts';
import { EvidenceSource } from './source.ts';
import { MOST_WEIGHT } from './weights.ts';

/** For a source that is not in the table. */
const MOST_OF_OTHERS = 1;

/** From this weight on the protocol witness has read a mining message, and not only lengths that look like one. */
export const READ_WEIGHT = 6;
/** What everything else together may argue against messages that were read. */
const MOST_AGAINST_READ = 1;

/** Log odds of mining for a flow of which the model does not speak: most are something else. */
export const UNSPOKEN = -3;

/** Sources that can carry a verdict where the model does not speak; the others are hints that need its word. */
export const CARRYING: readonly string[] = [EvidenceSource.Protocol, EvidenceSource.Intelligence];
/** ... from this weight on: a listing for something else than mining carries nothing. */
export const LEAST_CARRIED = 2;

export interface Fused {
  /** Of the positive label. */
  readonly probability: number;
  /** False where a positive verdict would rest on hints alone: names, certificates, fingerprints. */
  readonly mayConvict: boolean;
}

/**
 * What findings come to.
 *
 * @param behaviour the model's log odds of the positive label, or null where it does not speak of the flow
 * @param findings of all other sources; their weights are natural logarithms of likelihood ratios
 */
export function fuse(behaviour: number | null, findings: readonly Finding[]): Fused {
  const bySource = new Map<string, number>();
  for (const { source, weight } of findings) bySource.set(source, (bySource.get(source) ?? 0) + weight);
  let sum = behaviour === null ? UNSPOKEN : within(behaviour, MOST_WEIGHT.behaviour);
  for (const [source, weight] of bySource) sum += within(weight, mostOf(source));
  const read = within(bySource.get(EvidenceSource.Protocol) ?? 0, MOST_WEIGHT.protocol);
  if (read >= READ_WEIGHT) sum = Math.max(sum, read - MOST_AGAINST_READ);
  const carries = CARRYING.some((source) => (bySource.get(source) ?? 0) >= LEAST_CARRIED);
  return { probability: 1 / (1 + Math.exp(-sum)), mayConvict: behaviour !== null || carries };
}

function mostOf(source: string): number {
  return Object.hasOwn(MOST_WEIGHT, source) ? MOST_WEIGHT[source as EvidenceSource] : MOST_OF_OTHERS;
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}
