/** The thread behind session-client.ts: opens one model in ONNX Runtime and runs it for as long as it is asked to. */
import { parentPort, workerData } from 'node:worker_threads';
import { FlowlampError } from '../../core/errors.ts';
import { createSession, type ModelSession } from '../../models/session.ts';
import type { SessionData, SessionOrder, SessionReport } from './session-messages.ts';

const { onnx, options } = workerData as SessionData;
const port = parentPort!;

try {
  const session = await createSession(onnx, options);
  port.on('message', (order: SessionOrder) => obey(session, order));
  post({ kind: 'open', featureCount: session.featureCount, classCount: session.classCount });
} catch (error) {
  post(refusal(null, error));
}

async function obey(session: ModelSession, order: SessionOrder): Promise<void> {
  if (order.kind === 'close') {
    await session.release();
    port.close();
    return;
  }
  const { id, rows, count } = order;
  try {
    // The runtime's own memory cannot be handed over.
    const probabilities = (await session.predict(rows, count)).slice();
    post({ kind: 'scored', id, rows, probabilities }, [rows.buffer as ArrayBuffer, probabilities.buffer]);
  } catch (error) {
    post(refusal(id, error));
  }
}

function refusal(id: number | null, error: unknown): SessionReport {
  if (!(error instanceof FlowlampError)) return { kind: 'broken', id, error: error as Error };
  const { code, happened, expected, action } = error;
  return { kind: 'refused', id, code, parts: { happened, expected, action } };
}

function post(report: SessionReport, transfer: ArrayBuffer[] = []): void {
  port.postMessage(report, transfer);
}
