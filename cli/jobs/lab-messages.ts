/** What the maker of captures (lab-jobs.ts) and its threads (lab-thread.ts) say to each other. */
import type { ErrorCode, ErrorParts } from '../../core/errors.ts';
import type { CaptureOptions, RecordedCapture } from '../../datasets/lab/generate.ts';

/** What a thread is to generate. */
export type LabOrder = CaptureOptions;

export type LabReport =
  /** More of the capture's bytes; the memory is the receiver's now. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** So many more sessions have been played. */
  | { readonly kind: 'played'; readonly flows: number }
  | { readonly kind: 'done'; readonly recorded: RecordedCapture }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly parts: ErrorParts }
  | { readonly kind: 'broken'; readonly error: Error };
