/** The dashboard and the alert rules ask for what the sidecar exposes, and ask for it as its type wants. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Metrics } from '../../serve/metrics/metrics.ts';
import { snapshot } from '../serve/metrics/snapshot.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const RULES = path('examples/prometheus/flowlamp.rules.yml');

interface Metric {
  readonly type: string;
  readonly labels: ReadonlySet<string>;
}

/** All that a scrape shows, by name; of a histogram its series. `up` is Prometheus's own. */
let exposed: ReadonlyMap<string, Metric>;

beforeAll(async () => {
  const metrics = await Metrics.open(() => snapshot());
  metrics.observeLatency(0.01);
  metrics.observeScore(0.01);
  metrics.countRequest('/v1/score', 'POST', 200);
  exposed = metricsOf((await metrics.render()).text);
});

function metricsOf(text: string): Map<string, Metric> {
  const found = new Map<string, Metric>([['up', { type: 'gauge', labels: new Set(['job', 'instance']) }]]);
  let type = '';
  for (const line of text.split('\n')) {
    type = /^# TYPE \S+ (\w+)$/.exec(line)?.[1] ?? type;
    const [, name, labels = ''] = /^([a-z_]+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = found.get(name)?.labels ?? ['job', 'instance'];
    found.set(name, {
      type,
      labels: new Set([...known, ...[...labels.matchAll(/(\w+)="/g)].map(([, label]) => label!)]),
    });
  }
  return found;
}

const FUNCTIONS = ['sum', 'rate', 'increase', 'histogram_quantile', 'by'];

/** What is wrong with an expression, of the part of PromQL that these files use. */
function faultsOf(expr: string): string[] {
  const faults: string[] = [];
  const plain = expr.replace(/"[^"]*"/g, '""');
  // Which labels it asks for, of which metric.
  for (const [, name, matchers] of plain.matchAll(/(\w+)\{([^}]*)\}/g)) {
    for (const [, label] of matchers!.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
      if (!exposed.get(name!)?.labels.has(label!)) faults.push(`${name} has no label ${label}`);
    }
  }
  const names = plain
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '[]')
    .replace(/\bby \([^)]*\)/g, '')
    .matchAll(/(?<![\w.])[a-z_]\w*(\[\])?/g);
  const asked = [...names].filter(([name]) => !FUNCTIONS.includes(name));
  if (asked.length === 0) faults.push('asks for nothing');
  for (const [text, range] of asked) {
    const name = text.replace('[]', '');
    const metric = exposed.get(name);
    if (metric === undefined) faults.push(`${name} is not exposed`);
    else if ((metric.type === 'gauge') === (range !== undefined)) faults.push(`${name} is a ${metric.type}`);
  }
  for (const [, labels] of plain.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of labels!.split(/, */)) {
      const all = asked.every(([text]) => exposed.get(text.replace('[]', ''))?.labels.has(label));
      if (!all) faults.push(`nothing has a label ${label}`);
    }
  }
  // A counter over a time is taken as a rate or an increase, and a quantile is of buckets.
  const ranges = plain.match(/\[/g)?.length ?? 0;
  const rates = plain.match(/\b(rate|increase)\(\w+(\{[^}]*\})?\[/g)?.length ?? 0;
  if (ranges !== rates) faults.push('has a range that is no rate and no increase');
  if (/_bucket\b/.test(plain) !== /histogram_quantile\(/.test(plain)) faults.push('has a quantile of no buckets');
  return faults;
}

test('faults of expressions are seen', () => {
  expect(faultsOf('rate(flowlamp_packets_total{instance="a"}[5m])')).toEqual([]);
  expect(faultsOf('rate(flowlamp_packet_total[5m])')).toEqual(['flowlamp_packet_total is not exposed']);
  expect(faultsOf('flowlamp_packets_total > 5')).toEqual(['flowlamp_packets_total is a counter']);
  expect(faultsOf('rate(flowlamp_flows_live[5m])')).toEqual(['flowlamp_flows_live is a gauge']);
  expect(faultsOf('sum by (sink) (flowlamp_flows_live{sink="a"})')).toEqual([
    'flowlamp_flows_live has no label sink',
    'nothing has a label sink',
  ]);
  expect(faultsOf('sum(flowlamp_packets_total[5m])')).toEqual(['has a range that is no rate and no increase']);
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: { uid: string } }[];
}

describe('the dashboard of Grafana', () => {
  const dashboard = JSON.parse(readFileSync(path('examples/grafana/flowlamp.json'), 'utf8'));
  const panels: readonly Panel[] = dashboard.panels;
  const charts = panels.filter(({ type }) => type !== 'row');

  test('is of a version of the schema, with a data source to choose and one id for each panel', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(charts.length).toBeGreaterThan(10);
    for (const { title, datasource, description, targets } of charts) {
      expect(description, title).toMatch(/\.$/);
      for (const { uid } of [datasource!, ...targets!.map((target) => target.datasource)])
        expect(uid, title).toMatch(/^\$\{datasource\}$/);
      expect(new Set(targets!.map(({ refId }) => refId)).size, title).toBe(targets!.length);
    }
  });

  test('lays no panel over another, nor beyond the edge', () => {
    for (const [i, { title, gridPos: a }] of panels.entries()) {
      expect(a.x + a.w, title).toBeLessThanOrEqual(24);
      for (const { gridPos: b, title: other } of panels.slice(i + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, `${title} and ${other}`).toBe(true);
      }
    }
  });

  test.each(charts.map((panel): [string, Panel] => [panel.title, panel]))('%s', (_, { targets }) => {
    expect(targets!.flatMap(({ expr }) => faultsOf(expr))).toEqual([]);
    for (const { expr } of targets!) expect(expr).toContain('instance=~"$instance"');
  });
});

describe('the alert rules of Prometheus', () => {
  const rules = (parse(readFileSync(RULES, 'utf8')).groups as { rules: Record<string, unknown>[] }[]).flatMap(
    (group) => group.rules,
  );

  test('have names of their own, a severity, and words for who is woken', () => {
    expect(new Set(rules.map((rule) => rule['alert'])).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule['alert']).toMatch(/^Flowlamp[A-Z]\w+$/);
      expect(['critical', 'warning', 'info']).toContain((rule['labels'] as Record<string, string>)['severity']);
      expect(Object.keys(rule['annotations'] as object)).toEqual(['summary', 'description']);
    }
  });

  test.each(rules.map((rule): [unknown, string] => [rule['alert'], rule['expr'] as string]))('%s', (_, expr) => {
    expect(faultsOf(expr)).toEqual([]);
  });

  const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

  test.runIf(hasPromtool)('say what promtool expects of made-up series', () => {
    const tests = path('test/examples/flowlamp.rules.test.yml');
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', tests], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
  });
});
