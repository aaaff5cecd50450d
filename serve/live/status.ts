/** What the sidecar knows of itself, for metrics, readiness, records and the log. */
import type { AlertDesk } from '../alerts/alert-desk.ts';
import type { VerdictHistory } from '../alerts/verdict-history.ts';
import type { DriftWatch } from '../drift/drift-watch.ts';
import type { Readiness } from '../http/service.ts';
import type { EvidenceFolder } from '../keep/evidence-folder.ts';
import type { MetricsSnapshot } from '../metrics/snapshot.ts';
import type { OpenSink } from '../sinks/delivering-sink.ts';
import type { IngestCounters } from './ingest/messages.ts';
import type { AlertReason, SidecarRecord } from './items.ts';
import type { Judge } from './judge.ts';
import type { ModelHolder } from './model-holder.ts';

export interface StatusParts {
  readonly judge: Judge;
  readonly desk: AlertDesk;
  readonly drift: DriftWatch;
  readonly history: VerdictHistory;
  readonly holder: ModelHolder;
  readonly sinks: readonly OpenSink[];
  readonly folder: EvidenceFolder | null;
}

export class Status {
  readonly #parts: StatusParts;
  readonly #beganMs = Date.now();
  sourceState: Readiness['source'] = 'waiting';
  /** As they were told last; null before. */
  ingest: IngestCounters | null = null;
  threadRestarts = 0;

  constructor(parts: StatusParts) {
    this.#parts = parts;
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
    const { source, extract } = this.ingest ?? { source: null, extract: null };
    const alerts = desk.facts();
    const { max_psi: maxPsi, mean_psi: meanPsi, score_psi: scorePsi } = drift.facts();
    const reasons: Record<AlertReason, number> = {
      new: alerts['alerts_new'] ?? 0,
      changed: alerts['alerts_changed'] ?? 0,
      escalated: alerts['alerts_escalated'] ?? 0,
    };
    return {
      packets: extract?.packets ?? 0,
      bytes: source?.bytes ?? 0,
      captureDrops: source?.captureDrops ?? null,
      sourceRestarts: (source?.restarts ?? 0) + this.threadRestarts,
      decodeDrops: extract?.drops ?? {},
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

  /** In one line of the log: plain numbers. */
  summary(): Readonly<Record<string, unknown>> {
    const { packets, captureDrops, sourceRestarts, liveFlows, scored, alerts, sinks } = this.snapshot();
    const lost = Object.fromEntries(sinks.map(({ name, counters }) => [name, counters.dropped]));
    return {
      source: this.sourceState,
      seconds: Math.round((Date.now() - this.#beganMs) / 1_000),
      packets,
      captureDrops,
      sourceRestarts,
      liveFlows,
      scored,
      alerts,
      lostBySinks: lost,
      rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  }

  record(): SidecarRecord {
    const { desk, history, folder } = this.#parts;
    const body = {
      ...this.summary(),
      decodeDrops: this.snapshot().decodeDrops,
      desk: desk.facts(),
      history: history.facts(),
      ...(folder === null ? {} : { evidence: folder.counters, keeper: this.ingest?.keeper ?? null }),
    };
    return { kind: 'record', record: 'status', time: new Date().toISOString(), body };
  }
}
