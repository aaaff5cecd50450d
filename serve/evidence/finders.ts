/** The sources of evidence that every run asks, besides the model. */
import type { Finding, Table } from '../../core/table.ts';
import { CertificateFinder } from './certificate/finder.ts';
import { FingerprintFinder } from './fingerprint/finder.ts';
import { NameFinder, type NameKnowledge } from './names/finder.ts';
import { protocolEvidence } from './protocol.ts';
import type { EvidenceFinder } from './source.ts';
import { NO_FINDINGS } from './weights.ts';

/** The label that evidence speaks of; models that are on the look-out for another one hear none. */
export const EVIDENCE_LABEL = 'mining';

/** Finders of their own for each run: those of certificates remember what they saw. */
export function standingFinders(names: NameKnowledge): EvidenceFinder[] {
  return [protocolEvidence, new NameFinder(names), new CertificateFinder(names.judge), new FingerprintFinder()];
}

/** What all finders say of a row. */
export function findAll(finders: readonly EvidenceFinder[], table: Table, row: number): readonly Finding[] {
  let all: Finding[] | null = null;
  for (const finder of finders) {
    const found = finder.find(table, row);
    if (found.length === 0) continue;
    all ??= [];
    all.push(...found);
  }
  return all ?? NO_FINDINGS;
}
