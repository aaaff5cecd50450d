import { expect, test } from 'vitest';
import { AlertDesk, type DeskOptions } from '../../../serve/alerts/alert-desk.ts';
import { readRules } from '../../../serve/alerts/rules.ts';
import { VerdictHistory } from '../../../serve/alerts/verdict-history.ts';
import { AlertBudget } from '../../../serve/budget/alert-budget.ts';
import type { Alert, JudgedRows } from '../../../serve/live/items.ts';
import { heldBytes } from '../../support/heap.ts';
import { rowsOf } from '../../support/rows.ts';
import { benign } from '../../support/scored-rows.ts';
import { abstains, at, judgedRows, manyRows, type Told } from '../live/judged.ts';

class Watch {
  readonly history = new VerdictHistory();
  readonly desk: AlertDesk;

  constructor(options: DeskOptions = {}, budget: AlertBudget | null = null) {
    this.desk = new AlertDesk(options, budget);
  }

  take(judged: JudgedRows) {
    return this.desk.take(judged, this.history.take(judged).turns);
  }

  /** Reason, what was before, how many were held back. */
  told(...told: readonly Told[]): [string, string | null, number][] {
    return this.take(judgedRows(...told)).alerts.map(({ reason, before, heldBack }) => [reason, before, heldBack]);
  }
}

const flow = (flow_id: number, more: object = {}) => ({ flow_id, ...more });
const prefix = { row_kind: 'prefix' };
const read = { source: 'protocol', finding: 'Stratum v1.', weight: 12 };
const risky = (risk: number, evidence = [{ source: 'behaviour', finding: 'Like it.', weight: 3 }]) => ({
  risk,
  evidence,
});

test('an alert is the row of a flow that is a risk, alone in its table', () => {
  const { alerts } = new Watch().take(judgedRows([flow(1), benign], [flow(2)], [flow(3), abstains]));
  expect(alerts).toHaveLength(1);
  const [{ kind, rows, reason, before, heldBack, model }] = alerts as [Alert];
  expect([kind, reason, before, heldBack, model.name]).toEqual(['alert', 'new', null, 0, 'mining']);
  expect(rowsOf(rows)).toMatchObject([{ flow_id: 2, src_ip: '10.0.0.1', verdict: 'mining', sni: 'pool.example' }]);
});

test('within the quiet period two hosts are told of once; the next alert says how many were held back', () => {
  const watch = new Watch();
  expect(
    watch.told(
      [flow(1, at('04:00'))],
      [flow(2, at('04:20'))],
      [flow(3, { ...at('04:30'), dst_ip: '192.0.2.10' })],
      [flow(4, at('04:59:59'))],
      [flow(5, at('05:00'))],
      [flow(6, at('05:01'))],
    ),
  ).toEqual([
    ['new', null, 0],
    ['new', null, 0],
    ['new', null, 2],
  ]);
  expect(watch.desk.facts()).toMatchObject({ alerts: 3, held_back: 3, alerts_new: 3, pairs: 2 });
});

test('a flow that lives on is told of once, however long it lives', () => {
  const watch = new Watch();
  const days = Array.from(
    { length: 100 },
    (_, i): Told => [{ row_kind: 'interval', ...at(`${String(i % 24).padStart(2, '0')}:00`, 3 + Math.floor(i / 24)) }],
  );
  expect(watch.told(...days)).toEqual([['new', null, 0]]);
  expect(watch.desk.facts()).toMatchObject({ alerts: 1, repeats: 99 });
});

test('a flow that comes to its verdict later says what it was called before', () => {
  expect(new Watch().told([prefix, abstains], [{}])).toEqual([['changed', 'unknown', 0]]);
});

test('within the quiet period it is told if the risk rises by two, or another kind of proof turns up', () => {
  const watch = new Watch();
  expect(
    watch.told(
      [flow(1, prefix), risky(7)],
      [flow(1, prefix), risky(8)],
      [flow(2, prefix), risky(9)],
      [flow(1, prefix), risky(10)],
      [flow(1, prefix), risky(10, [read])],
      [flow(1, prefix), risky(10, [read])],
      [flow(1), risky(10, [read, { source: 'intelligence', finding: 'Listed.', weight: 4 }])],
    ),
  ).toEqual([
    ['new', null, 0],
    ['escalated', null, 0],
    ['escalated', 'mining', 0],
    ['escalated', 'mining', 0],
  ]);
  expect(watch.desk.facts()).toMatchObject({ alerts_escalated: 3 });
});

test('below the least risk there is no alert', () => {
  const watch = new Watch({ minRisk: 9 });
  expect(watch.told([flow(1), risky(8)], [flow(2), risky(9)])).toEqual([['new', null, 0]]);
  expect(watch.desk.facts()).toMatchObject({ below_risk: 1, alerts: 1 });
});

test('a rule holds alerts back until it expires, which is told once with what it held back', () => {
  const rules = readRules([{ source: '10.0.0.0/8', until: '2026-02-03T05:00:00Z', reason: 'A test rig.' }]);
  const watch = new Watch({ rules });
  expect(watch.told([flow(1, at('04:00'))], [flow(2, { ...at('04:30'), ...prefix })])).toEqual([]);
  expect(watch.desk.ruleFacts()).toEqual([
    { reason: 'A test rig.', until: '2026-02-03T05:00:00Z', suppressed: 2, isExpired: false },
  ]);
  const { alerts, records } = watch.take(judgedRows([flow(2, at('05:00'))]));
  expect(alerts.map(({ reason }) => reason)).toEqual(['new']);
  expect(records).toMatchObject([{ record: 'status', body: { event: 'rule_expired', suppressed: 2 } }]);
  expect(watch.take(judgedRows([flow(9, at('05:01'))])).records).toEqual([]);
});

test('new rules and options hold at once, and rules that stay are counted on', () => {
  const until = '2027-01-01';
  const mine = { port: 443, until, reason: 'Mine.' };
  const watch = new Watch({ rules: readRules([mine]) });
  watch.told([flow(1)]);
  watch.desk.reconfigure({ rules: readRules([{ port: 1, until, reason: 'Other.' }, mine]), minRisk: 3 });
  watch.told([flow(2)]);
  expect(watch.desk.ruleFacts().map(({ suppressed }) => suppressed)).toEqual([0, 2]);
  watch.desk.reconfigure({ quietSeconds: 10 });
  expect(watch.told([flow(3, at('04:00:00'))], [flow(4, at('04:00:09'))], [flow(5, at('04:00:10'))])).toHaveLength(2);
});

test.each([[{ quietSeconds: -1 }], [{ minRisk: 11 }], [{ pairs: 1 }], [{ quietSeconds: Number.NaN }]])(
  'options that cannot be are refused: %j',
  (options) => {
    expect(() => new AlertDesk(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  },
);

test('a clock that steps back does not silence two hosts until it is there again', () => {
  const watch = new Watch();
  expect(
    watch.told(
      [flow(1, at('12:00', 9))],
      [flow(2, at('11:59', 9))],
      [flow(3, at('12:00', 3))],
      [flow(4, at('12:10', 3))],
    ),
  ).toEqual([
    ['new', null, 0],
    ['new', null, 1],
  ]);
});

test('what the budget has no room for is no alert, what is proven always is, and every row has one fate', () => {
  const budget = new AlertBudget({ alertsPerDay: 2, cardThreshold: 0.9, model: 'mining@7' });
  const watch = new Watch({}, budget);
  const told: Told[] = Array.from(
    { length: 40 },
    (_, i): Told => [
      flow(i, { src_ip: `10.0.0.${i}`, ...prefix }),
      { score: 0.9 + i / 1000, ...(i >= 35 ? { evidence: [read] } : {}) },
    ],
  );
  const first = watch.take(judgedRows(...told));
  const { alerts: many, below_budget, ...facts } = watch.desk.facts();
  expect(first.alerts).toHaveLength(many!);
  expect(many! + below_budget!).toBe(40);
  expect(rowsOf(first.alerts.at(-1)!.rows)).toMatchObject([{ flow_id: 39 }]);
  expect(first.alerts.filter(({ rows }) => Number(rowsOf(rows)[0]!['flow_id']) >= 35)).toHaveLength(5);
  expect(first.records).toMatchObject([{ body: { event: 'budget_overrun', alerts_per_day: 2 } }]);
  expect(facts).toMatchObject({ held_back: 0, suppressed: 0, repeats: 0 });
});

test('an incident that was not worth an alert becomes one when its score rises', () => {
  const budget = new AlertBudget({ alertsPerDay: 1, cardThreshold: 0.5, model: 'mining@7' });
  const watch = new Watch({}, budget);
  expect(
    watch.told(
      [flow(1, { src_ip: '10.0.0.1', ...prefix }), { score: 0.99 }],
      [flow(2, { src_ip: '10.0.0.2', ...prefix }), { score: 0.8 }],
      [flow(2, { src_ip: '10.0.0.2', ...prefix }), { score: 0.999 }],
      [flow(2, { src_ip: '10.0.0.2' }), { score: 0.999 }],
    ),
  ).toEqual([
    ['new', null, 0],
    ['new', 'mining', 0],
  ]);
  expect(watch.desk.facts()).toMatchObject({ alerts: 2, below_budget: 1, repeats: 1 });
});

test('a million flows of as many hosts stay within the bounds, and every row is counted', () => {
  const budget = new AlertBudget({ alertsPerDay: 100, cardThreshold: 0.5, model: 'mining@7' });
  const watch = new Watch({ pairs: 5_000, quietSeconds: 100 }, budget);
  const client = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
  const seconds = (i: number) => 1.7e9 + i / 100 - (i % 7_777 === 0 ? 1e6 : 0);
  const verdict = (i: number) => ({ score: 0.5 + ((i * 7919) % 5_000) / 10_000 });
  let told = 0;
  const chunk = (from: number) => {
    told += watch.take(manyRows({ from, count: 10_000, client: (i) => client(i >> 1), seconds, verdict })).alerts
      .length;
  };
  for (let from = 0; from < 200_000; from += 10_000) chunk(from);
  const early = heldBytes();
  for (let from = 200_000; from < 1_000_000; from += 10_000) chunk(from);
  const facts = watch.desk.facts();
  expect(facts['pairs']).toBeLessThanOrEqual(5_000);
  expect(facts['pairs']! + facts['pairs_given_up']!).toBe(500_000);
  expect(facts['alerts']).toBe(told);
  const fates = ['alerts', 'held_back', 'suppressed', 'below_risk', 'below_budget', 'repeats'];
  expect(fates.reduce((sum, fate) => sum + facts[fate]!, 0)).toBe(1_000_000);
  expect(heldBytes() - early).toBeLessThan(30_000_000);
}, 180_000);
