/** The thread behind capture-jobs.ts: reads the captures it is given, one after the other, and posts what is in them. */
import { parentPort, workerData } from 'node:worker_threads';
import { copyTable } from '../../core/copy-table.ts';
import { FlowlampError } from '../../core/errors.ts';
import type { Column, Table } from '../../core/table.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { capturePieces } from '../../features/extract.ts';
import { Extractor } from '../../features/extractor.ts';
import { FlowBlock } from '../../features/flow/flow-block.ts';
import { type BlockSink, FlowExtractor } from '../../features/flow-extractor.ts';
import type { Job, Report, ThreadData } from './messages.ts';

const { credits } = workerData as ThreadData;
const port = parentPort!;

port.on('message', async ({ path, options, blocks }: Job) => {
  let bytes = 0;
  try {
    const extractor =
      blocks === null
        ? new Extractor(path, nodeDigests, (batch) => postRows(batch, bytes), options)
        : new FlowExtractor(
            nodeDigests,
            sharedBlocks(blocks, () => bytes),
            options,
          );
    const pieces = capturePieces(path, extractor);
    for (;;) {
      const next = await pieces.next();
      if (next.done === true) return post({ kind: 'done', summary: next.value });
      bytes = next.value;
    }
  } catch (error) {
    post(refusal(error));
  }
});

/** Waits until a batch or a block may be handed over. */
function spendCredit(): void {
  Atomics.wait(credits, 0, 0);
  Atomics.sub(credits, 0, 1);
}

function postRows(batch: Table, bytes: number): void {
  spendCredit();
  const { specs, columns, length } = copyTable(batch);
  post({ kind: 'rows', specs, columns, rows: length, bytes }, [...new Set([...columns.values()].flatMap(buffersOf))]);
}

/** Blocks in turn: they are emptied in the order in which they are given, so a credit is for the next one. */
function sharedBlocks(memory: readonly SharedArrayBuffer[], bytesRead: () => number): BlockSink {
  const blocks = memory.map((shared) => new FlowBlock(shared));
  let turn = 0;
  return {
    take: () => {
      spendCredit();
      const block = blocks[turn]!;
      block.count = 0;
      return block;
    },
    give: ({ count }) => {
      post({ kind: 'flows', block: turn, flows: count, bytes: bytesRead() });
      turn = (turn + 1) % blocks.length;
    },
  };
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
