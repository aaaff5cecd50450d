/** What a sidecar may have counted. */
import type { SinkCounters } from '../../../serve/live/sink.ts';
import type { MetricsSnapshot } from '../../../serve/metrics/snapshot.ts';

export const counters = (some: Partial<SinkCounters> = {}): SinkCounters => ({
  accepted: 10,
  delivered: 7,
  dropped: 2,
  spilled: 0,
  retries: 3,
  waiting: 1,
  rows: { accepted: 1_000, delivered: 700, dropped: 200, spilled: 0, waiting: 100 },
  trouble: null,
  ...some,
});

export function snapshot(some: Partial<MetricsSnapshot> = {}): MetricsSnapshot {
  return {
    packets: 1_234,
    bytes: 567_890,
    captureDrops: 5,
    sourceRestarts: 1,
    decodeDrops: { truncated: 3, 'not-ip': 4 },
    liveFlows: 42,
    scored: { mining: 2, other: 30, unknown: 4 },
    rows: { end: 30, prefix: 4, interval: 2 },
    sinks: [
      { name: 'jsonl', counters: counters() },
      { name: 'eve', counters: counters({ waiting: 9 }) },
    ],
    alerts: { new: 2, changed: 1 },
    alertsHeldBack: 17,
    unknownRatio: 0.1,
    drift: { maxPsi: 0.3, meanPsi: 0.05, scorePsi: 0.02 },
    model: { name: 'mining', version: '0.1.0' },
    ...some,
  };
}
