/** What Prometheus reads: names and units as its conventions have them, and no more series than was said. */
import { describe, expect, test } from 'vitest';
import { Buckets } from '../../../serve/metrics/buckets.ts';
import { LabelValues } from '../../../serve/metrics/labels.ts';
import { Metrics } from '../../../serve/metrics/metrics.ts';
import type { MetricsSnapshot } from '../../../serve/metrics/snapshot.ts';
import { counters, snapshot } from './snapshot.ts';

interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly name: string; readonly labels: Record<string, string>; readonly value: number }[];
}

/** The text format 0.0.4, strictly: each family once, HELP and TYPE before samples, no series twice. */
function parse(text: string): Map<string, Family> {
  expect(text.endsWith('\n')).toBe(true);
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let open: [string, Family] | null = null;
  let help: [string, string] | null = null;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const helped = /^# HELP ([a-z_:][a-z0-9_:]*) (\S.*)$/.exec(line);
    const typed = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram|summary)$/.exec(line);
    if (helped !== null) help = [helped[1]!, helped[2]!];
    else if (typed !== null) {
      expect(help?.[0], 'HELP stands before TYPE').toBe(typed[1]);
      expect(families.has(typed[1]!), `${typed[1]} comes once`).toBe(false);
      open = [typed[1]!, { help: help![1], type: typed[2]!, samples: [] }];
      families.set(...open);
    } else {
      const sample = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (-?[\d.]+(?:e[+-]?\d+)?|\+Inf|NaN)$/i.exec(line);
      expect(sample, line).not.toBeNull();
      const [, name, labels = '', value] = sample!;
      expect(name!.startsWith(open![0]), line).toBe(true);
      const pairs = [...labels.matchAll(/([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
      expect(pairs.map(([pair]) => pair).join(''), line).toBe(labels);
      expect(seen.has(`${name}{${labels}}`), line).toBe(false);
      seen.add(`${name}{${labels}}`);
      const byName = Object.fromEntries(pairs.map(([, key, text]) => [key, text]));
      open![1].samples.push({ name: name!, labels: byName as Record<string, string>, value: Number(value) });
    }
  }
  return families;
}

async function families(some: Partial<MetricsSnapshot> = {}, prepare: (metrics: Metrics) => void = () => undefined) {
  const metrics = await Metrics.open(() => snapshot(some), { hasDefaults: false });
  prepare(metrics);
  return parse((await metrics.render()).text);
}

const EXPECTED: Readonly<Record<string, string>> = {
  flowlamp_packets_total: 'counter',
  flowlamp_bytes_total: 'counter',
  flowlamp_capture_dropped_packets_total: 'counter',
  flowlamp_source_restarts_total: 'counter',
  flowlamp_decode_drops_total: 'counter',
  flowlamp_flows_live: 'gauge',
  flowlamp_flows_scored_total: 'counter',
  flowlamp_rows_total: 'counter',
  flowlamp_alerts_total: 'counter',
  flowlamp_alerts_held_back_total: 'counter',
  flowlamp_unknown_ratio: 'gauge',
  flowlamp_drift_max_psi: 'gauge',
  flowlamp_drift_mean_psi: 'gauge',
  flowlamp_drift_score_psi: 'gauge',
  flowlamp_model_info: 'gauge',
  flowlamp_queue_items: 'gauge',
  flowlamp_sink_items_total: 'counter',
  flowlamp_sink_rows_total: 'counter',
  flowlamp_verdict_latency_seconds: 'histogram',
  flowlamp_score_duration_seconds: 'histogram',
  flowlamp_http_requests_total: 'counter',
  flowlamp_http_subscribers: 'gauge',
};

test('all metrics are there, by the conventions of Prometheus', async () => {
  const found = await families();
  expect(Object.fromEntries([...found].map(([name, { type }]) => [name, type]))).toEqual(EXPECTED);
  for (const [name, { type, help }] of found) {
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name, 'base units').not.toMatch(/_(ms|us|milliseconds|microseconds|kb|mb|percent)(_|$)/);
    expect(help, name).toMatch(/^[A-Z].*\.$/);
  }
});

test('those of the process come with them', async () => {
  const metrics = await Metrics.open(() => snapshot());
  const text = (await metrics.render()).text;
  expect(text).toContain('# TYPE process_cpu_seconds_total counter');
  expect(text).toContain('process_resident_memory_bytes');
});

test('values are those of the moment of asking', async () => {
  let now = snapshot();
  const metrics = await Metrics.open(() => now, { hasDefaults: false });
  const value = async (line: string) => {
    const text = (await metrics.render()).text;
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.slice(line.length + 1),
    );
  };
  expect(await value('flowlamp_packets_total')).toBe(1_234);
  expect(await value('flowlamp_flows_scored_total{verdict="mining"}')).toBe(2);
  expect(await value('flowlamp_queue_items{sink="eve"}')).toBe(9);
  expect(await value('flowlamp_sink_items_total{sink="jsonl",outcome="dropped"}')).toBe(2);
  expect(await value('flowlamp_sink_items_total{sink="jsonl",outcome="retried"}')).toBe(3);
  expect(await value('flowlamp_model_info{name="mining",version="0.1.0"}')).toBe(1);
  now = snapshot({ packets: 2_000, scored: { mining: 3 }, model: { name: 'mine', version: '2' } });
  expect(await value('flowlamp_packets_total')).toBe(2_000);
  expect(await value('flowlamp_flows_scored_total{verdict="mining"}')).toBe(3);
  expect(await value('flowlamp_model_info{name="mining",version="0.1.0"}')).toBeNaN();
  expect(await value('flowlamp_model_info{name="mine",version="2"}')).toBe(1);
});

test('what nobody knows has no series', async () => {
  const found = await families({ captureDrops: null, unknownRatio: null, drift: null, model: null, sinks: [] });
  for (const name of ['capture_dropped_packets_total', 'unknown_ratio', 'drift_max_psi', 'model_info', 'queue_items'])
    expect(found.get(`flowlamp_${name}`)?.samples, name).toEqual([]);
});

test('times are counted in their buckets, rows of a batch together', async () => {
  const found = await families({}, (metrics) => {
    metrics.observeLatency(0.0005);
    metrics.observeLatency(0.015, 10);
    metrics.observeLatency(99);
    metrics.observeLatency(-1);
    metrics.observeScore(0.0002);
  });
  const { samples } = found.get('flowlamp_verdict_latency_seconds')!;
  const bucket = (le: string) => samples.find(({ labels }) => labels['le'] === le)?.value;
  expect([bucket('0.001'), bucket('0.01'), bucket('0.02'), bucket('10'), bucket('+Inf')]).toEqual([2, 2, 12, 12, 13]);
  expect(samples.find(({ name }) => name.endsWith('_count'))?.value).toBe(13);
  expect(samples.find(({ name }) => name.endsWith('_sum'))?.value).toBeCloseTo(99.1505);
  const counts = samples.filter(({ name }) => name.endsWith('_bucket')).map(({ value }) => value);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
});

describe('names of strangers', () => {
  const many = (make: (i: number) => string) =>
    Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [make(i), 1]));

  test('cannot add more series than was said, in any number of scrapes', async () => {
    let round = 0;
    const hostile = () =>
      snapshot({
        scored: many((i) => `verdict-${round}-${i}`),
        rows: many((i) => `kind-${round}-${i}`),
        decodeDrops: many((i) => `reason-${round}-${i}`),
        sinks: Array.from({ length: 500 }, (_, i) => ({ name: `sink-${round}-${i}`, counters: counters() })),
      });
    const metrics = await Metrics.open(hostile, { hasDefaults: false });
    for (; round < 3; round++) await metrics.render();
    for (let i = 0; i < 1_000; i++) metrics.countRequest(`/path/${i}`, 'GET', 200);
    const samples = [...parse((await metrics.render()).text).values()].flatMap((family) => family.samples);
    expect(samples.length).toBeLessThan(500);
    const rest = samples.find(({ labels }) => labels['verdict'] === '_rest');
    expect(rest?.value).toBe(5_000);
  });

  test('cannot break lines, whatever is in them', async () => {
    const names = ['a"b', 'a\\', 'a\nb 1', '__proto__', 'constructor', '{}', '\u202e', '', 'x'.repeat(500), '\ud800'];
    const scored = Object.fromEntries(names.map((name, i) => [name, i]));
    const found = await families({ scored, model: { name: 'a"\n', version: '}' } });
    for (const { labels } of found.get('flowlamp_flows_scored_total')!.samples) {
      expect(labels['verdict']!.length).toBeLessThanOrEqual(66);
    }
  });

  test('that are new later are summed', () => {
    const values = new LabelValues(2);
    expect([...values.sums({ a: 1, b: 2, c: 3, d: 4 })]).toEqual([
      ['a', 1],
      ['b', 2],
      ['_rest', 7],
    ]);
    expect([...values.sums({ d: 4, a: 2 })]).toEqual([
      ['_rest', 4],
      ['a', 2],
    ]);
  });
});

test('wrong counts do no harm', async () => {
  const found = await families({ packets: -5, bytes: Number.NaN, unknownRatio: Number.POSITIVE_INFINITY });
  expect(found.get('flowlamp_packets_total')!.samples[0]!.value).toBe(0);
  expect(found.get('flowlamp_bytes_total')!.samples).toEqual([]);
  const buckets = new Buckets([1, 2]);
  buckets.observe(Number.NaN);
  expect(buckets.sum).toBe(0);
});

test('without prom-client it says what is missing', async () => {
  const load = () => Promise.reject(new Error('none'));
  await expect(Metrics.open(() => snapshot(), { load })).rejects.toThrow(/needs the package prom-client/);
});
