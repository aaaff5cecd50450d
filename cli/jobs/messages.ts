/** What the reader of captures (capture-jobs.ts) and its threads (capture-thread.ts) say to each other. */
import type { ErrorCode, ErrorParts } from '../../core/errors.ts';
import type { Table } from '../../core/table.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import type { ExtractOptions } from '../../features/extractor.ts';

/** What a thread is to read. */
export interface Job {
  readonly path: string;
  readonly options: ExtractOptions;
  /** Memory of the blocks in which ended flows are handed over; null to make rows of them and hand over those. */
  readonly blocks: readonly SharedArrayBuffer[] | null;
  /** Whether its flows go on in the next one. */
  readonly goesOn: boolean;
}

/**
 * What a thread says: rows, or flows of which rows are still to be made, after so many bytes read; or how the capture
 * ended.
 */
export type Report =
  | {
      readonly kind: 'rows';
      readonly specs: Table['specs'];
      readonly columns: Table['columns'];
      readonly rows: number;
      readonly bytes: number;
    }
  | { readonly kind: 'flows'; readonly block: number; readonly flows: number; readonly bytes: number }
  | { readonly kind: 'done'; readonly summary: CaptureSummary }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly parts: ErrorParts }
  | { readonly kind: 'broken'; readonly error: Error };

/** What a thread is born with: how many batches or blocks it may still hand over, shared, so that it can block on it. */
export interface ThreadData {
  readonly credits: Int32Array;
}

/** Batches of rows, or blocks of flows, that a thread may have waiting. */
export const WAITING = 8;
