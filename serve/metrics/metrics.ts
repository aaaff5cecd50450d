/**
 * What Prometheus is told, by the optional package prom-client. Counters are taken from a snapshot when somebody asks, so
 * that counting costs nothing; only times are measured while rows pass.
 */
import type { Counter, Gauge, Registry } from 'prom-client';
import { type Importer, loadOptional } from '../optional-package.ts';
import { Buckets } from './buckets.ts';
import { LabelValues } from './labels.ts';
import type { MetricsSnapshot } from './snapshot.ts';

type PromClient = typeof import('prom-client');
type Counts = Readonly<Record<string, number>>;

/** Seconds; 20 ms is what a verdict is meant to take at most. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const SCORE_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];

/** Values that a label may have, each with room for what other versions and models bring. */
const MOST_VALUES = { verdict: 32, row_kind: 8, sink: 32, reason: 64, route: 32 } as const;

const OUTCOMES = ['accepted', 'delivered', 'dropped', 'spilled', 'retried'] as const;
const ROW_OUTCOMES = ['accepted', 'delivered', 'dropped', 'spilled'] as const;

export interface MetricsOptions {
  /** Those of the process and of Node, too. Default yes. */
  readonly hasDefaults?: boolean;
  readonly load?: Importer;
}

export class Metrics {
  readonly #registry: Registry;
  readonly #latency = new Buckets(LATENCY_BOUNDS);
  readonly #score = new Buckets(SCORE_BOUNDS);
  readonly #requests = new Map<string, { readonly labels: Readonly<Record<string, string>>; count: number }>();
  readonly #routes = new LabelValues(MOST_VALUES.route);
  /** Event streams that are open; the HTTP service says so. */
  subscribers: () => number = () => 0;

  private constructor(prom: PromClient, snapshot: () => MetricsSnapshot, hasDefaults: boolean) {
    this.#registry = new prom.Registry();
    if (hasDefaults) prom.collectDefaultMetrics({ register: this.#registry });
    const add = new MetricMaker(prom, this.#registry);
    addTraffic(add, snapshot);
    addJudging(add, snapshot);
    addSinks(add, snapshot);
    add.histogram('flowlamp_verdict_latency_seconds', 'From the packet that decided to the verdict.', this.#latency);
    add.histogram('flowlamp_score_duration_seconds', 'Time that the model takes for a batch of rows.', this.#score);
    add.counts('flowlamp_http_requests_total', 'Requests that were answered.', ['route', 'method', 'status'], (put) => {
      for (const { labels, count } of this.#requests.values()) put(labels, count);
    });
    add.gauge('flowlamp_http_subscribers', 'Event streams that are open.', () => this.subscribers());
  }

  /**
   * @param snapshot asked at each scrape; must be quick
   * @throws FlowlampError UNSUPPORTED where prom-client is not installed
   */
  static async open(
    snapshot: () => MetricsSnapshot,
    { hasDefaults = true, load }: MetricsOptions = {},
  ): Promise<Metrics> {
    return new Metrics(await loadOptional<PromClient>('prom-client', '/metrics', load), snapshot, hasDefaults);
  }

  /** @param rows that had this time */
  observeLatency(seconds: number, rows = 1): void {
    this.#latency.observe(seconds, rows);
  }

  observeScore(seconds: number): void {
    this.#score.observe(seconds);
  }

  /** @param route a path of the service itself, never one that a client made up */
  countRequest(route: string, method: string, status: number): void {
    const labels = { route: this.#routes.valueOf(route), method, status: `${Math.floor(status / 100)}xx` };
    const key = `${labels.route} ${method} ${labels.status}`;
    const known = this.#requests.get(key);
    if (known === undefined) this.#requests.set(key, { labels, count: 1 });
    else known.count++;
  }

  /** The text that Prometheus reads, and its media type. */
  async render(): Promise<{ readonly type: string; readonly text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

function addTraffic(add: MetricMaker, snapshot: () => MetricsSnapshot): void {
  add.count('flowlamp_packets_total', 'Packets that were decoded.', () => snapshot().packets);
  add.count('flowlamp_bytes_total', 'Bytes of captures that were read.', () => snapshot().bytes);
  add.count(
    'flowlamp_capture_dropped_packets_total',
    'Packets that the kernel or the capturing program lost, as far as it says so.',
    () => snapshot().captureDrops,
  );
  add.count(
    'flowlamp_source_restarts_total',
    'Times that the source was begun again.',
    () => snapshot().sourceRestarts,
  );
  const reasons = new LabelValues(MOST_VALUES.reason);
  add.countsBy(
    'flowlamp_decode_drops_total',
    'Frames that belong to no flow.',
    'reason',
    reasons,
    () => snapshot().decodeDrops,
  );
  add.gauge('flowlamp_flows_live', 'Flows that are held.', () => snapshot().liveFlows);
}

function addJudging(add: MetricMaker, snapshot: () => MetricsSnapshot): void {
  const verdicts = new LabelValues(MOST_VALUES.verdict);
  const kinds = new LabelValues(MOST_VALUES.row_kind);
  const reasons = new LabelValues(MOST_VALUES.reason);
  add.countsBy('flowlamp_flows_scored_total', 'Rows that were judged.', 'verdict', verdicts, () => snapshot().scored);
  add.countsBy(
    'flowlamp_rows_total',
    'Rows that were judged, by what they are of a flow.',
    'row_kind',
    kinds,
    () => snapshot().rows,
  );
  add.countsBy('flowlamp_alerts_total', 'Alerts.', 'reason', reasons, () => snapshot().alerts as Counts);
  add.count('flowlamp_alerts_held_back_total', 'Alerts that repeat others.', () => snapshot().alertsHeldBack);
  add.gauge(
    'flowlamp_unknown_ratio',
    'Share of rows of late that the model abstained from.',
    () => snapshot().unknownRatio,
  );
  add.gauge(
    'flowlamp_drift_max_psi',
    'Population stability index of the input that moved most.',
    () => snapshot().drift?.maxPsi,
  );
  add.gauge(
    'flowlamp_drift_mean_psi',
    'Mean population stability index of the inputs.',
    () => snapshot().drift?.meanPsi,
  );
  add.gauge('flowlamp_drift_score_psi', 'Population stability index of the scores.', () => snapshot().drift?.scorePsi);
  add.gauges('flowlamp_model_info', 'The model that judges.', ['name', 'version'], (put) => {
    const model = snapshot().model;
    if (model !== null) put({ name: model.name.slice(0, 64), version: model.version.slice(0, 64) }, 1);
  });
}

function addSinks(add: MetricMaker, snapshot: () => MetricsSnapshot): void {
  const names = new LabelValues(MOST_VALUES.sink);
  add.gauges('flowlamp_queue_items', 'Items that wait for a sink.', ['sink'], (put) => {
    const waiting = snapshot().sinks.map(({ name, counters }): [string, number] => [name, counters.waiting]);
    for (const [sink, items] of names.sums(Object.fromEntries(waiting))) put({ sink }, items);
  });
  add.counts('flowlamp_sink_items_total', 'Items of a sink, by what became of them.', ['sink', 'outcome'], (put) => {
    const { sinks } = snapshot();
    for (const outcome of OUTCOMES) {
      const counted = sinks.map(({ name, counters }): [string, number] => [
        name,
        outcome === 'retried' ? counters.retries : counters[outcome],
      ]);
      for (const [sink, items] of names.sums(Object.fromEntries(counted))) put({ sink, outcome }, items);
    }
  });
  add.counts(
    'flowlamp_sink_rows_total',
    'Rows in items of a sink, by what became of them.',
    ['sink', 'outcome'],
    (put) => {
      const { sinks } = snapshot();
      for (const outcome of ROW_OUTCOMES) {
        const counted = sinks.map(({ name, counters }): [string, number] => [name, counters.rows[outcome]]);
        for (const [sink, rows] of names.sums(Object.fromEntries(counted))) put({ sink, outcome }, rows);
      }
    },
  );
}

type Put = (labels: Readonly<Record<string, string>>, value: number) => void;

/** Metrics whose values are asked for when they are wanted. */
class MetricMaker {
  readonly #prom: PromClient;
  readonly #registry: Registry;

  constructor(prom: PromClient, registry: Registry) {
    this.#prom = prom;
    this.#registry = registry;
  }

  count(name: string, help: string, value: () => number | null | undefined): void {
    this.counts(name, help, [], (put) => putKnown(put, value()));
  }

  gauge(name: string, help: string, value: () => number | null | undefined): void {
    this.gauges(name, help, [], (put) => putKnown(put, value()));
  }

  countsBy(name: string, help: string, label: string, values: LabelValues, counts: () => Counts): void {
    this.counts(name, help, [label], (put) => {
      for (const [value, count] of values.sums(counts())) put({ [label]: value }, count);
    });
  }

  counts(name: string, help: string, labelNames: readonly string[], collect: (put: Put) => void): void {
    new this.#prom.Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect(this: Counter<string>) {
        this.reset();
        // Without labels there is a 0 from the beginning, which would say that somebody counts.
        if (labelNames.length === 0) this.remove();
        collect((labels, value) => this.inc({ ...labels }, value >= 0 ? value : 0));
      },
    });
  }

  gauges(name: string, help: string, labelNames: readonly string[], collect: (put: Put) => void): void {
    new this.#prom.Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect(this: Gauge<string>) {
        this.reset();
        if (labelNames.length === 0) this.remove();
        collect((labels, value) => this.set({ ...labels }, value));
      },
    });
  }

  /** As a registry takes one: an object that gives values. */
  histogram(name: string, help: string, buckets: Buckets): void {
    const get = async () => {
      const counts = buckets.cumulative();
      const values = counts.map((value, i) => ({
        metricName: `${name}_bucket`,
        labels: { le: buckets.bounds[i] ?? '+Inf' },
        value,
      }));
      return {
        name,
        help,
        type: 'histogram',
        aggregator: 'sum',
        values: [
          ...values,
          { metricName: `${name}_sum`, labels: {}, value: buckets.sum },
          { metricName: `${name}_count`, labels: {}, value: buckets.count },
        ],
      };
    };
    this.#registry.registerMetric({ name, get, reset: () => undefined } as never);
  }
}

function putKnown(put: Put, value: number | null | undefined): void {
  if (value !== null && value !== undefined && Number.isFinite(value)) put({}, value);
}
