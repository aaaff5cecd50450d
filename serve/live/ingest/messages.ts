/** What the sidecar and the thread that reads its packets say to each other. */
import type { ErrorCode, ErrorParts } from '../../../core/errors.ts';
import type { ExtractCounters, FlowOptions } from '../../../features/flow-extractor.ts';
import type { SourceConfig } from '../../sources/config.ts';
import type { SourceCounters, SourceNews } from '../source.ts';

/** What the thread is born with. */
export interface IngestData {
  readonly source: SourceConfig;
  readonly flows: FlowOptions;
  /** Memory of the blocks in which flows are handed over, and how many may still be, shared so that it can block on it. */
  readonly blocks: readonly SharedArrayBuffer[];
  readonly credits: Int32Array;
}

export type IngestOrder = { readonly kind: 'stop' };

export interface IngestCounters {
  readonly source: SourceCounters;
  readonly extract: ExtractCounters;
  /** Streams that were no captures, or broke off. */
  readonly damagedStreams: number;
}

export type IngestReport =
  /** Flows of which rows are still to be made; the packets that made them were read at `readAtMs` (Date.now) or later. */
  | { readonly kind: 'flows'; readonly block: number; readonly flows: number; readonly readAtMs: number }
  | { readonly kind: 'news'; readonly news: SourceNews }
  | { readonly kind: 'counters'; readonly counters: IngestCounters }
  /** The source is over, and all its flows have been handed on. */
  | { readonly kind: 'done'; readonly counters: IngestCounters }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly parts: ErrorParts }
  | { readonly kind: 'broken'; readonly error: Error };

/** Blocks that may be under way. */
export const INGEST_BLOCKS = 8;
