/** The thread behind lab-jobs.ts: generates the captures it is asked for, one after the other, and posts their bytes. */
import { parentPort } from 'node:worker_threads';
import { FlowlampError } from '../../core/errors.ts';
import { recordCapture } from '../../datasets/lab/generate.ts';
import type { LabOrder, LabReport } from './lab-messages.ts';

/** Posting costs more than copying: bytes go in pieces of this size. */
const PIECE_BYTES = 1 << 18;

const port = parentPort!;

port.on('message', async (order: LabOrder) => {
  let piece = new Uint8Array(PIECE_BYTES);
  let used = 0;
  const flush = () => {
    if (used === 0) return;
    post({ kind: 'bytes', bytes: piece.subarray(0, used) }, [piece.buffer]);
    piece = new Uint8Array(PIECE_BYTES);
    used = 0;
  };
  const write = (bytes: Uint8Array) => {
    if (used + bytes.length > PIECE_BYTES) flush();
    if (bytes.length > PIECE_BYTES) post({ kind: 'bytes', bytes: Uint8Array.from(bytes) });
    else {
      piece.set(bytes, used);
      used += bytes.length;
    }
  };
  try {
    const recorded = await recordCapture(order, write, () => post({ kind: 'played', flows: 1 }));
    flush();
    post({ kind: 'done', recorded });
  } catch (error) {
    post(refusal(error));
  }
});

function refusal(error: unknown): LabReport {
  if (!(error instanceof FlowlampError)) return { kind: 'broken', error: error as Error };
  const { code, happened, expected, action } = error;
  return { kind: 'refused', code, parts: { happened, expected, action } };
}

function post(report: LabReport, transfer: ArrayBuffer[] = []): void {
  port.postMessage(report, transfer);
}
