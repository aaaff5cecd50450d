/** The thread behind read-apart.ts: reads one feed, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { FeedRefused } from './feed-builder.ts';
import type { FeedOrder, FeedReport } from './read-apart.ts';
import { readFeed } from './read-feed.ts';

const { bytes, policy } = workerData as FeedOrder;

try {
  const { table, counts } = readFeed(bytes, policy);
  const { parts } = table;
  const arrays = [parts.slots, parts.bytes, parts.ends, parts.risks, parts.families, parts.lastSeen, parts.validUntil];
  post(
    { kind: 'read', parts, counts },
    arrays.map(({ buffer }) => buffer),
  );
} catch (error) {
  if (!(error instanceof FeedRefused)) throw error;
  post({ kind: 'refused', message: error.message });
}

function post(report: FeedReport, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(report, transfer);
}
