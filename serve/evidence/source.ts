/**
 * What every source of evidence looks like. A source reads columns only, so that a flow table gives the same findings as
 * the captures that it was made of.
 */
import type { Finding, Table } from '../../core/table.ts';

/** The sources, in the order in which their findings are told where they weigh the same. */
export const EvidenceSource = {
  /** Mining messages read in plain text. */
  Protocol: 'protocol',
  /** Lists of domains, addresses, ports, fingerprints and certificates. */
  Intelligence: 'intelligence',
  /** The model, on sizes and times. */
  Behaviour: 'behaviour',
  /** What the same client did in other flows. */
  Host: 'host',
  /** SNI, DNS and certificate names. */
  Names: 'names',
  Certificate: 'certificate',
  Fingerprint: 'fingerprint',
} as const;
export type EvidenceSource = (typeof EvidenceSource)[keyof typeof EvidenceSource];

/** Looks at one flow. */
export interface EvidenceFinder {
  readonly source: EvidenceSource;
  /**
   * The findings about a row, strongest first; none is the ordinary case and must not allocate.
   *
   * A finding's `weight` is the natural logarithm of a likelihood ratio: how much likelier it is of a mining flow than of
   * any other; negative speaks against mining.
   */
  find(table: Table, row: number): readonly Finding[];
}
