/**
 * Long feeds are read in a thread: a million rows take seconds and hundreds of MB, and a program that watches a network must go on
 * meanwhile. What the thread hands back is memory of typed arrays, which costs nothing to hand over.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type FeedCounts, FeedRefused, type ReadFeed } from './feed-builder.ts';
import type { ListPolicy } from './indicator.ts';
import { IndicatorTable, type IndicatorTableParts } from './indicator-table.ts';
import { readFeed } from './read-feed.ts';

/** What the thread is given. */
export interface FeedOrder {
  readonly bytes: Uint8Array;
  readonly policy: ListPolicy;
}

/** What it answers. */
export type FeedReport =
  | { readonly kind: 'read'; readonly parts: IndicatorTableParts; readonly counts: FeedCounts }
  | { readonly kind: 'refused'; readonly message: string };

/** Up to here reading takes less than a thread takes to begin: some ten thousand domains, 30 ms. */
const SHORT_BYTES = 256 * 1024;
/** The thread's program, beside this one when compiled, and beside the bundle when bundled. */
const THREAD_FILE = new URL('./feed-thread.js', import.meta.url);

/**
 * As `readFeed`. Where the sources run as they are, without having been compiled, there is no program for a thread, and the feed is
 * read in this one.
 *
 * @param file the program of the thread
 * @throws FeedRefused with what is wrong with the feed, also where the thread comes to an end of its memory
 */
export async function readFeedApart(bytes: Uint8Array, policy: ListPolicy, file = THREAD_FILE): Promise<ReadFeed> {
  const isShort = bytes.length <= SHORT_BYTES;
  if (isShort || file.protocol !== 'file:' || !existsSync(fileURLToPath(file))) return readFeed(bytes, policy);
  const report = await reportOf(file, { bytes, policy });
  if (report.kind === 'refused') throw new FeedRefused(report.message);
  return { table: IndicatorTable.of(report.parts), counts: report.counts };
}

function reportOf(file: URL, workerData: FeedOrder): Promise<FeedReport> {
  return new Promise((resolve, reject) => {
    // None of the process's own options, of which a thread refuses some.
    const worker = new Worker(file, { workerData, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', ({ message }) => reject(new FeedRefused(`cannot be read (${message})`)));
    worker.once('exit', (code) => reject(new FeedRefused(`cannot be read (its thread ended with ${code})`)));
  });
}
