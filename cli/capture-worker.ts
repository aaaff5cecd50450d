/** The thread of `--jobs`: reads the captures it is given, one after the other, and posts their rows. */
import { parentPort, workerData } from 'node:worker_threads';
import { FlowlampError } from '../core/errors.ts';
import { type Column, copyTable, type Table } from '../core/table.ts';
import { extractPieces } from '../features/extract.ts';
import type { Job, JobWorkerData, Report } from './jobs.ts';

const { credits } = workerData as JobWorkerData;
const port = parentPort!;

port.on('message', async ({ path, options }: Job) => {
  let bytes = 0;
  try {
    const pieces = extractPieces(path, (batch) => postRows(batch, bytes), options);
    for (;;) {
      const next = await pieces.next();
      if (next.done === true) return post({ kind: 'done', summary: next.value });
      bytes = next.value;
    }
  } catch (error) {
    post(refusal(error));
  }
});

/** Posts a batch, and blocks until another may follow. */
function postRows(batch: Table, bytes: number): void {
  Atomics.wait(credits, 0, 0);
  Atomics.sub(credits, 0, 1);
  const { columns, length } = copyTable(batch);
  post({ kind: 'rows', columns, rows: length, bytes }, [...columns.values()].flatMap(buffersOf));
}

/** What is handed over instead of copied. */
function buffersOf(column: Column): ArrayBuffer[] {
  return Object.values(column).flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []));
}

function refusal(error: unknown): Report {
  if (!(error instanceof FlowlampError)) return { kind: 'broken', error: error as Error };
  const { code, happened, expected, action } = error;
  return { kind: 'refused', code, parts: { happened, expected, action } };
}

function post(report: Report, transfer: ArrayBuffer[] = []): void {
  port.postMessage(report, transfer);
}
