/** What the sidecar knows of itself, for metrics, readiness, records and the log. */
import type { AlertDesk } from '../alerts/alert-desk.ts';
import type { VerdictHistory } from '../alerts/verdict-history.ts';
import type { DriftWatch } from '../drift/drift-watch.ts';
import type { Readiness } from '../http/service.ts';
import type { EvidenceFolder } from '../keep/evidence-folder.ts';
import type { MetricsSnapshot } from '../metrics/snapshot.ts';
import type { OpenSink } from '../sinks/delivering-sink.ts';
import type { HostRecords } from './host-records.ts';
import type { IngestCounters } from './ingest/messages.ts';
import type { AlertReason, SidecarRecord } from './items.ts';
import type { Judge } from './judge.ts';
import { heapSize, mebibytes } from './memory.ts';
import type { ModelHolder } from './model-holder.ts';

export interface StatusParts {
  readonly judge: Judge;
  readonly desk: AlertDesk;
  readonly drift: DriftWatch;
  readonly history: VerdictHistory;
  /** Null where hosts are not told of. */
  readonly hosts: HostRecords | null;
  readonly holder: ModelHolder;
  readonly sinks: readonly OpenSink[];
  readonly folder: EvidenceFolder | null;
}

type Counted = Pick<MetricsSnapshot, 'packets' | 'bytes' | 'captureDrops' | 'sourceRestarts' | 'decodeDrops'>;

const NOTHING: Counted = { packets: 0, bytes: 0, captureDrops: null, sourceRestarts: 0, decodeDrops: {} };

export class Status {
  readonly #parts: StatusParts;
  readonly #beganMs = Date.now();
  sourceState: Readiness['source'] = 'waiting';
  /** As they were told last; null before. */
  ingest: IngestCounters | null = null;
  /** What threads of packets counted that were followed by another, and how many those were. */
  #before: Counted = NOTHING;
  #threadRestarts = 0;

  constructor(parts: StatusParts) {
    this.#parts = parts;
  }

  /** The thread of packets is started again, and counts from nothing. */
  beginAnew(): void {
    this.#before = this.#counted();
    this.#threadRestarts++;
    this.ingest = null;
  }

  readiness(): Readiness {
    const sinks = this.#parts.sinks.map(({ name, counters }) => ({
      name,
      isAlive: counters.trouble === null || counters.waiting === 0,
    }));
    return { source: this.sourceState, isModelLoaded: true, sinks };
  }

  snapshot(): MetricsSnapshot {
    const { judge, desk, drift, holder, sinks } = this.#parts;
    const counted = this.#counted();
    const alerts = desk.facts();
    const { max_psi: maxPsi, mean_psi: meanPsi, score_psi: scorePsi } = drift.facts();
    const reasons: Record<AlertReason, number> = {
      new: alerts['alerts_new'] ?? 0,
      changed: alerts['alerts_changed'] ?? 0,
      escalated: alerts['alerts_escalated'] ?? 0,
    };
    return {
      ...counted,
      sourceRestarts: counted.sourceRestarts + this.#threadRestarts,
      liveFlows: this.ingest?.openFlows ?? 0,
      scored: judge.counts.verdicts,
      rows: judge.counts.kinds,
      sinks: sinks.map(({ name, counters }) => ({ name, counters })),
      alerts: reasons,
      alertsHeldBack: alerts['held_back'] ?? 0,
      unknownRatio: judge.unknownRatio,
      drift:
        maxPsi === undefined || meanPsi === undefined ? null : { maxPsi, meanPsi, scorePsi: scorePsi ?? Number.NaN },
      model: holder.card,
    };
  }

  /** Of all threads together. */
  #counted(): Counted {
    const before = this.#before;
    if (this.ingest === null) return before;
    const { source, extract } = this.ingest;
    const { captureDrops } = source;
    return {
      packets: before.packets + extract.packets,
      bytes: before.bytes + source.bytes,
      captureDrops: captureDrops === null ? before.captureDrops : (before.captureDrops ?? 0) + captureDrops,
      sourceRestarts: before.sourceRestarts + source.restarts,
      decodeDrops: sumOf(before.decodeDrops, extract.drops),
    };
  }

  /** In one line of the log: plain numbers. */
  summary(): Readonly<Record<string, unknown>> {
    const { packets, captureDrops, sourceRestarts, liveFlows, scored, alerts, sinks } = this.snapshot();
    const { folder } = this.#parts;
    return {
      source: this.sourceState,
      seconds: Math.round((Date.now() - this.#beganMs) / 1_000),
      packets,
      captureDrops,
      sourceRestarts,
      liveFlows,
      scored,
      alerts,
      lostBySinks: Object.fromEntries(sinks.map(({ name, counters }) => [name, counters.dropped])),
      rowsLostBySinks: Object.fromEntries(sinks.map(({ name, counters }) => [name, counters.rows.dropped])),
      rssMiB: mebibytes(process.memoryUsage.rss()),
      heaps: { rows: heapSize(), packets: this.ingest?.heap ?? null },
      // Told where the log of the evidence does not lie, so that one that was cut shows.
      ...(folder === null ? {} : { evidenceHead: folder.counters.head }),
    };
  }

  record(): SidecarRecord {
    const { desk, history, hosts, sinks, folder } = this.#parts;
    const body = {
      ...this.summary(),
      sinks: Object.fromEntries(sinks.map(({ name, counters }) => [name, counters])),
      decodeDrops: this.snapshot().decodeDrops,
      desk: desk.facts(),
      history: history.facts(),
      ...(hosts === null ? {} : { hosts: hosts.facts() }),
      ...(folder === null ? {} : { evidence: folder.counters, keeper: this.ingest?.keeper ?? null }),
    };
    return { kind: 'record', record: 'status', time: new Date().toISOString(), body };
  }
}

function sumOf(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return { ...before, ...Object.fromEntries(Object.entries(now).map(([name, n]) => [name, n + (before[name] ?? 0)])) };
}
