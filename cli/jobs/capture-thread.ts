/** The thread behind capture-jobs.ts: reads the captures it is given, one after the other, and posts what is in them. */
import { parentPort, workerData } from 'node:worker_threads';
import { copyTable } from '../../core/copy-table.ts';
import { FlowlampError } from '../../core/errors.ts';
import type { Column, Table } from '../../core/table.ts';
import { CaptureChain, type ChainConsumer } from '../../features/capture-chain.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { type ExtractOptions, Extractor } from '../../features/extractor.ts';
import { SharedBlocks, spendCredit } from '../../features/flow/shared-blocks.ts';
import { FlowExtractor } from '../../features/flow-extractor.ts';
import type { Job, Report, ThreadData } from './messages.ts';

const { credits } = workerData as ThreadData;
const port = parentPort!;

/** The captures that the next one goes on from; null where it stands alone. */
let open: CaptureChain | null = null;
/** Read so far of the capture that is being read. */
let bytes = 0;

port.on('message', async ({ path, options, blocks, goesOn }: Job) => {
  bytes = 0;
  try {
    const chain = open ?? new CaptureChain(extractorFor(path, options, blocks));
    open = goesOn ? chain : null;
    const pieces = chain.pieces(path, !goesOn);
    for (;;) {
      const next = await pieces.next();
      if (next.done === true) return post({ kind: 'done', summary: next.value });
      bytes = next.value;
    }
  } catch (error) {
    post(refusal(error));
  }
});

function extractorFor(path: string, options: ExtractOptions, blocks: Job['blocks']): ChainConsumer {
  if (blocks === null) return new Extractor(path, nodeDigests, postRows, options);
  const giveBlock = (block: number, flows: number) => post({ kind: 'flows', block, flows, bytes });
  return new FlowExtractor(nodeDigests, new SharedBlocks(blocks, credits, giveBlock), options);
}

function postRows(batch: Table): void {
  spendCredit(credits);
  const { specs, columns, length } = copyTable(batch);
  post({ kind: 'rows', specs, columns, rows: length, bytes }, [...new Set([...columns.values()].flatMap(buffersOf))]);
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
