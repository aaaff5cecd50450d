/** What the sidecar and the thread that reads its packets say to each other. */
import type { ErrorCode, ErrorParts } from '../../../core/errors.ts';
import type { ExtractCounters, FlowOptions } from '../../../features/flow-extractor.ts';
import type { FlowKey, VerdictFacts } from '../../keep/keep-request.ts';
import type { EvidenceBundle, KeeperCounters, KeeperOptions } from '../../keep/packet-keeper.ts';
import type { SourceConfig } from '../../sources/config.ts';
import type { HeapSize } from '../memory.ts';
import type { SourceCounters, SourceNews } from '../source.ts';

/** What the thread is born with. */
export interface IngestData {
  readonly source: SourceConfig;
  readonly flows: FlowOptions;
  /** Null where no packets are kept. */
  readonly keep: KeeperOptions | null;
  /** Memory of the blocks in which flows are handed over, and how many may still be, shared so that it can block on it. */
  readonly blocks: readonly SharedArrayBuffer[];
  readonly credits: Int32Array;
}

export type IngestOrder =
  | { readonly kind: 'stop' }
  /** All rows have their verdicts: no more orders come. */
  | { readonly kind: 'judged' }
  /** The packets of a flow are to be kept; only where `keep` was set. */
  | { readonly kind: 'keep'; readonly flow: FlowKey; readonly facts: VerdictFacts };

export interface IngestCounters {
  readonly source: SourceCounters;
  readonly extract: ExtractCounters;
  readonly openFlows: number;
  /** Streams that were no captures, or broke off. */
  readonly damagedStreams: number;
  readonly keeper: KeeperCounters | null;
  /** Of the thread. */
  readonly heap: HeapSize;
}

export type IngestReport =
  /** Flows of which rows are still to be made; the packets that made them were read at `readAtMs` (Date.now) or later. */
  | { readonly kind: 'flows'; readonly block: number; readonly flows: number; readonly readAtMs: number }
  | { readonly kind: 'news'; readonly news: SourceNews }
  | { readonly kind: 'bundle'; readonly bundle: EvidenceBundle }
  | { readonly kind: 'counters'; readonly counters: IngestCounters }
  /** The source is over, or has failed: the flows that live follow. */
  | { readonly kind: 'ending'; readonly hasFailed: boolean }
  /** The source is over, or has failed, and all its flows have been handed on; waits for `judged`. */
  | { readonly kind: 'over'; readonly hasFailed: boolean; readonly counters: IngestCounters }
  /** All is done. */
  | { readonly kind: 'done'; readonly counters: IngestCounters }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly parts: ErrorParts }
  | { readonly kind: 'broken'; readonly error: Error };

/** Blocks that may be under way. */
export const INGEST_BLOCKS = 8;
/**
 * While more than so many are under way, the one that is being filled among them, none is handed over before it is full: where the judge is
 * behind, rows are judged more at a time, which costs less each.
 */
export const EARLY_BLOCKS = 2;
