/** What session-client.ts and its thread (session-thread.ts) say to each other. */
import type { ErrorCode, ErrorParts } from '../../core/errors.ts';
import type { SessionOptions } from '../../models/session.ts';

/** What a thread is born with. */
export interface SessionData {
  readonly onnx: Uint8Array;
  readonly options: SessionOptions;
}

export type SessionOrder =
  /** Ends the thread, after what it was asked before. */
  | { readonly kind: 'close' }
  /** The memory of the rows is the thread's until its answer. */
  | { readonly kind: 'predict'; readonly id: number; readonly rows: Float32Array; readonly count: number };

export type SessionReport =
  | { readonly kind: 'open'; readonly featureCount: number; readonly classCount: number }
  /** The rows' memory comes back with the answer, to be filled again. */
  | { readonly kind: 'scored'; readonly id: number; readonly rows: Float32Array; readonly probabilities: Float32Array }
  /** Of a prediction, or of opening the model where `id` is null. */
  | { readonly kind: 'refused'; readonly id: number | null; readonly code: ErrorCode; readonly parts: ErrorParts }
  | { readonly kind: 'broken'; readonly id: number | null; readonly error: Error };
