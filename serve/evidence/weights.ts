/** Findings put in order, and kept within what their source may weigh. */
import type { Finding } from '../../core/table.ts';
import { EvidenceSource } from './source.ts';

/**
 * The most that the findings of one source may move the log odds, either way, however many there are: findings of one
 * source share their causes and are not independent. A proof is beyond what anything else can outweigh.
 */
export const MOST_WEIGHT = {
  [EvidenceSource.Protocol]: 14,
  [EvidenceSource.Behaviour]: 6,
  [EvidenceSource.Intelligence]: 5,
  [EvidenceSource.Host]: 4,
  [EvidenceSource.Names]: 3,
  [EvidenceSource.Certificate]: 2,
  [EvidenceSource.Fingerprint]: 1.5,
} as const satisfies Readonly<Record<EvidenceSource, number>>;

/** Nothing found: the ordinary case, which allocates nothing. */
export const NO_FINDINGS: readonly Finding[] = Object.freeze([]);

/** Heaviest first; those of the same weight as they came. */
export function strongestFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => b.weight - a.weight);
}

/** The findings with positive weights made smaller in proportion, where together they weigh more than `most`. */
export function bounded(findings: readonly Finding[], most: number): readonly Finding[] {
  const sum = findings.reduce((total, { weight }) => total + Math.max(0, weight), 0);
  const share = sum > most ? most / sum : 1;
  return findings.map((finding) => ({
    ...finding,
    weight: rounded(finding.weight > 0 ? finding.weight * share : finding.weight),
  }));
}

function rounded(weight: number): number {
  return Math.round(weight * 1000) / 1000;
}
