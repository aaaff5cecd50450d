/** The thread behind capture-apart.ts: follows the flows of one capture, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { FlowlampError } from '../../core/errors.ts';
import { FlowBlock } from '../../features/flow/flow-block.ts';
import { BodyFlows } from './body-flows.ts';
import type { CaptureOrder, CapturePiece, CaptureReport } from './capture-apart.ts';

const { name, blocks: memory, credits } = workerData as CaptureOrder;
const port = parentPort!;
const blocks = memory.map((shared) => new FlowBlock(shared));
let turn = 0;

const flows = new BodyFlows(name, {
  take: () => {
    // Rows are made of flows more slowly than flows end; meanwhile the body waits as well.
    Atomics.wait(credits, 0, 0);
    Atomics.sub(credits, 0, 1);
    const block = blocks[turn]!;
    block.count = 0;
    return block;
  },
  give: ({ count }) => {
    post({ kind: 'flows', block: turn, flows: count });
    turn = (turn + 1) % blocks.length;
  },
});

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
