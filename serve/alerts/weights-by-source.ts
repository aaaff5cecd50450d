/** What each source of evidence said of a flow, as numbers: what is kept of a verdict to tell later what has changed. */
import type { Finding } from '../../core/table.ts';
import { CARRYING, LEAST_CARRIED, READ_WEIGHT } from '../evidence/fusion.ts';
import { EvidenceSource } from '../evidence/source.ts';

const SOURCES: readonly string[] = Object.values(EvidenceSource);
const OTHER = 'other';

/** Sums of weights in the order of EvidenceSource, and of sources that are none of them behind. */
export type SourceWeights = readonly number[];

export function weightsBySource(findings: readonly Finding[]): SourceWeights {
  const sums = new Array<number>(SOURCES.length + 1).fill(0);
  for (const { source, weight } of findings) sums[placeOf(source)]! += weight;
  return sums;
}

function placeOf(source: string): number {
  const place = SOURCES.indexOf(source);
  return place < 0 ? SOURCES.length : place;
}

/** How what a source says has changed. */
export interface Shift {
  readonly source: string;
  readonly before: number;
  readonly after: number;
  /** The weightiest thing that it says now; null where it says nothing any more. */
  readonly finding: string | null;
}

const MOST_SHIFTS = 3;
/** Weights are told with three decimals. */
const LEAST_SHIFT = 0.001;

/** The sources whose weight changed most, most first. */
export function shiftsOf(before: SourceWeights, findings: readonly Finding[]): Shift[] {
  const after = weightsBySource(findings);
  return after
    .map((weight, place) => ({ place, before: rounded(before[place] ?? 0), after: rounded(weight) }))
    .filter((shift) => Math.abs(shift.after - shift.before) >= LEAST_SHIFT)
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || a.place - b.place)
    .slice(0, MOST_SHIFTS)
    .map((shift) => ({
      source: SOURCES[shift.place] ?? OTHER,
      before: shift.before,
      after: shift.after,
      finding: weightiestOf(findings, shift.place),
    }));
}

function weightiestOf(findings: readonly Finding[], place: number): string | null {
  let best: Finding | null = null;
  for (const finding of findings) {
    if (placeOf(finding.source) !== place) continue;
    if (best === null || Math.abs(finding.weight) > Math.abs(best.weight)) best = finding;
  }
  return best?.finding ?? null;
}

function rounded(weight: number): number {
  return Math.round(weight * 1000) / 1000;
}

/** Sources that can carry a verdict on their own, and do: one bit each. */
export function proofsOf(findings: readonly Finding[]): number {
  const weights = weightsBySource(findings);
  let proofs = 0;
  SOURCES.forEach((source, place) => {
    if (CARRYING.includes(source) && weights[place]! >= leastOf(source)) proofs |= 1 << place;
  });
  return proofs;
}

/** Messages of miners that were read are a proof; lengths that look like some are not. */
function leastOf(source: string): number {
  return source === EvidenceSource.Protocol ? READ_WEIGHT : LEAST_CARRIED;
}

/** Whether mining messages were read. */
export function isProvenByProtocol(proofs: number): boolean {
  return (proofs & (1 << SOURCES.indexOf(EvidenceSource.Protocol))) !== 0;
}
