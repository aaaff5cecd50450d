/** The thread behind capture-apart.ts: follows the flows of one capture, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { FlowlampError } from '../../core/errors.ts';
import { SharedBlocks } from '../../features/flow/shared-blocks.ts';
import { BodyFlows } from './body-flows.ts';
import type { CaptureOrder, CapturePiece, CaptureReport } from './capture-apart.ts';

const { name, blocks: memory, credits } = workerData as CaptureOrder;
const port = parentPort!;

// Rows are made of flows more slowly than flows end; meanwhile the body waits as well.
const blocks = new SharedBlocks(memory, credits, (block, count) => post({ kind: 'flows', block, flows: count }));
const flows = new BodyFlows(name, blocks);

port.on('message', (piece: CapturePiece) => {
  try {
    if (piece.kind === 'end') return post({ kind: 'done', damage: flows.finish() });
    flows.write(piece.bytes);
    post({ kind: 'ready' });
  } catch (error) {
    if (!(error instanceof FlowlampError)) throw error;
    const { code, happened, expected, action } = error;
    post({ kind: 'refused', code, parts: { happened, expected, action } });
  }
});
post({ kind: 'ready' });

function post(report: CaptureReport): void {
  port.postMessage(report);
}
