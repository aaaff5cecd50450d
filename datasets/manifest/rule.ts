/** A rule of a manifest, prepared to look at flows. */
import type { Table } from '../../core/table.ts';
import type { FlowSelector, ManifestCapture } from './manifest.ts';
import type { MatchedFlow } from './matched-flow.ts';

/** What a rule says of a flow. */
export interface Matched {
  readonly label: string;
  readonly group: string | null;
}

export interface Rule {
  /** As reports name it. */
  readonly text: string;
  /** Captures that it is of; null for all. */
  readonly paths: ReadonlySet<string> | null;
  readonly columns: readonly string[];
  /** Prepared for a batch of a capture. */
  readonly on: (capture: ManifestCapture, table: Table) => (row: number, flow: MatchedFlow) => Matched | null;
  /** Entries of a table of labels: those that have matched, and how to show one. */
  readonly entries: {
    readonly matched: Uint8Array;
    readonly show: (entry: number) => string;
    readonly selector: (entry: number) => FlowSelector;
  } | null;
}
