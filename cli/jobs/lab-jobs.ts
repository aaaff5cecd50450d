/**
 * `dataset generate --jobs N`: captures generated in threads, each written by this one to the file that it has open for
 * it, so that a signal finds all unfinished files in one place. A capture depends on its options alone: what is written is
 * the same for every N.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FlowlampError } from '../../core/errors.ts';
import { type CaptureOptions, type RecordedCapture, recordCapture } from '../../datasets/lab/generate.ts';
import type { CaptureJob } from '../../datasets/lab/set.ts';
import { Output } from '../../features/files/output.ts';
import type { LabOrder, LabReport } from './lab-messages.ts';

/** Called as sessions have been played, and as bytes of captures come. */
export type LabProgress = (flows: number, bytes: number) => void;

/** Generates one capture, wherever. */
type Generate = (
  options: CaptureOptions,
  write: (bytes: Uint8Array) => void,
  onFlow: () => void,
) => Promise<RecordedCapture>;

/**
 * Writes the captures to the folder; of each, in the order of the jobs, what was recorded.
 *
 * @throws FlowlampError OPTION_INVALID or OUTPUT_UNWRITABLE
 */
export async function generateCaptures(
  jobs: readonly CaptureJob[],
  folder: string,
  threads: number,
  progress: LabProgress,
): Promise<RecordedCapture[]> {
  const recorded: RecordedCapture[] = new Array(jobs.length);
  let next = 0;
  const takeTurns = async (generate: Generate) => {
    for (let i = next++; i < jobs.length; i = next++) {
      const { file, options } = jobs[i]!;
      recorded[i] = await writeCapture(join(folder, file), options, generate, progress);
    }
  };
  if (threads === 1) {
    await takeTurns(recordCapture);
    return recorded;
  }
  const workers = Array.from({ length: Math.min(threads, jobs.length) }, () => new LabThread());
  try {
    await Promise.all(workers.map((worker) => takeTurns(worker.generate)));
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  return recorded;
}

async function writeCapture(
  path: string,
  options: CaptureOptions,
  generate: Generate,
  progress: LabProgress,
): Promise<RecordedCapture> {
  const output = new Output(path);
  try {
    const write = (bytes: Uint8Array) => {
      output.write(bytes);
      progress(0, bytes.length);
    };
    const recorded = await generate(options, write, () => progress(1, 0));
    output.finish();
    return recorded;
  } finally {
    output.abandon();
  }
}

class LabThread {
  readonly #worker = new Worker(new URL('./lab-thread.js', import.meta.url), {
    // Stacks that name lines of the sources, as in the main thread.
    ...(process.env['FLOWLAMP_DEBUG'] !== undefined && { execArgv: ['--enable-source-maps'] }),
  });

  readonly generate: Generate = (options, write, onFlow) =>
    new Promise((resolve, reject) => {
      const worker = this.#worker;
      const end = (settle: () => void) => {
        worker.off('message', hear);
        worker.off('error', fail);
        settle();
      };
      // Out of memory, most likely: not an error that the thread could report itself.
      const fail = (error: unknown) => end(() => reject(error));
      const hear = (report: LabReport) => {
        try {
          switch (report.kind) {
            case 'bytes':
              return write(report.bytes);
            case 'played':
              return onFlow();
            case 'done':
              return end(() => resolve(report.recorded));
            case 'refused':
              return fail(new FlowlampError(report.code, report.parts));
            case 'broken':
              return fail(report.error);
          }
        } catch (error) {
          fail(error); // the file cannot be written
        }
      };
      worker.on('message', hear);
      worker.on('error', fail);
      worker.postMessage(options satisfies LabOrder);
    });

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
