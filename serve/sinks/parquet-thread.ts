/** The thread behind parquet-client.ts: one journal, one file. */
import { workerData } from 'node:worker_threads';
import { type ParquetJob, writeParquet } from './parquet-job.ts';

await writeParquet(workerData as ParquetJob);
