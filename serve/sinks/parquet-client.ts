/** Parquet is made in a thread of its own: an hour of rows takes seconds to minutes of a processor that has packets to look at. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type ParquetJob, writeParquet } from './parquet-job.ts';

/** The thread's program, beside this one when compiled, and beside the bundle when bundled. */
const THREAD_FILE = new URL('./parquet-thread.js', import.meta.url);

/** Where the sources run as they are, without having been compiled, there is no program for a thread: then in this one. */
export async function makeParquet(job: ParquetJob, file: URL = THREAD_FILE): Promise<void> {
  if (file.protocol !== 'file:' || !existsSync(fileURLToPath(file))) return writeParquet(job);
  const worker = new Worker(file, { workerData: job });
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error('the thread that writes Parquet ended'))));
  });
}
