/** Findings put in order, and kept within what their source may weigh. */
import type { Finding } from '../../core/table.ts';

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
