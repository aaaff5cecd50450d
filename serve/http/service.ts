/** What the HTTP service asks of the sidecar. */
import type { ErrorCode } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import type { ModelCard } from '../../models/card.ts';
import type { FeedbackStore } from '../feedback/store.ts';
import type { Verdict } from '../verdict.ts';
import type { VerdictRing } from './verdict-ring.ts';

/** A model that stays what it is, and open, until it is given back: a reload meanwhile changes it for others. */
export interface ModelLease {
  readonly card: ModelCard;
  /**
   * As LiveScorer.submit: rows of many requests are scored together.
   *
   * @throws FlowlampError SCHEMA_MISMATCH, LIMIT_EXCEEDED where too many wait
   */
  submit(name: string, specs: readonly ColumnSpec[], table: Table): Promise<Verdict[]>;
  /** To be called once. */
  release(): void;
}

export type ReloadOutcome =
  | { readonly isReplaced: true; readonly before: string | null; readonly after: string }
  /** The new model failed its check, and the old one goes on. */
  | {
      readonly isReplaced: false;
      readonly code: ErrorCode;
      /** One sentence; paths are cut out of it before it is answered. */
      readonly reason: string;
      /** `name@version`. */
      readonly kept: string | null;
    };

export interface SinkHealth {
  readonly name: string;
  /** False where nothing reaches its destination any more. */
  readonly isAlive: boolean;
}

/** Whether there is a point in asking. */
export interface Readiness {
  /** `waiting` where there are no packets yet, `ended` for a source that had an end. */
  readonly source: 'running' | 'waiting' | 'failed' | 'ended';
  readonly isModelLoaded: boolean;
  readonly sinks: readonly SinkHealth[];
}

export interface SidecarService {
  /** The card of the model that judges now, null while there is none. */
  readonly card: ModelCard | null;
  /** @throws FlowlampError MODEL_NOT_FOUND while there is none */
  lease(): ModelLease;
  /** Reads the model again from where it lies. Never throws for a bad one. */
  reload(): Promise<ReloadOutcome>;
  /** The live verdicts and alerts of late; the sidecar puts them there. */
  readonly recent: VerdictRing;
  /** Null where nobody said where to keep it. */
  readonly feedback: FeedbackStore | null;
  readiness(): Readiness;
}
