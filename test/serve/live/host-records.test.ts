import { expect, test } from 'vitest';
import { HostRecords } from '../../../serve/live/host-records.ts';
import type { SidecarRecord } from '../../../serve/live/items.ts';
import { heldBytes } from '../../support/heap.ts';
import { benign, miningModel } from '../../support/scored-rows.ts';
import { abstains, at, judgedRows, manyRows } from '../live/judged.ts';

const from = (src_ip: string, more: object = {}) => ({ src_ip, ...more });
const brief = (records: readonly SidecarRecord[]) =>
  records.map(({ record, body }) => [record, body['reason'], body['client'], body['risk'], body['before']]);

const flowAt = (time: string, day = 3) => ({ ...at(time, day), first_seen: at(time, day).last_seen });

test('a host is told of when its risk rises, and in every summary while it is seen', () => {
  const hosts = new HostRecords(miningModel);
  expect(brief(hosts.take(judgedRows([from('10.0.0.1', flowAt('04:00')), benign])))).toEqual([]);
  expect(brief(hosts.take(judgedRows([from('10.0.0.1', flowAt('04:10')), abstains])))).toEqual([
    ['host', 'risen', '10.0.0.1', 7, null],
  ]);
  expect(brief(hosts.take(judgedRows([from('10.0.0.1', flowAt('04:20')), abstains])))).toEqual([]);
  expect(brief(hosts.take(judgedRows([from('10.0.0.1', flowAt('04:30'))])))).toEqual([
    ['host', 'risen', '10.0.0.1', 10, 7],
  ]);
  expect(brief(hosts.take(judgedRows([from('10.0.0.2', flowAt('05:01')), benign])))).toEqual([
    ['host', 'summary', '10.0.0.1', 10, 10],
  ]);
  // Not seen since, not told of again.
  expect(brief(hosts.take(judgedRows([from('10.0.0.2', flowAt('06:01')), benign])))).toEqual([]);
  expect(hosts.facts()).toMatchObject({ records: 3, summaries: 2 });
});

test('a record says what the view of hosts knows, with the worst of its servers', () => {
  const hosts = new HostRecords(miningModel);
  const [record] = hosts.take(
    judgedRows(
      [from('10.0.0.1', { ...flowAt('04:00'), dst_ip: '192.0.2.1', sni: 'a.example' }), abstains],
      [from('10.0.0.1', { ...flowAt('04:01'), dst_ip: '192.0.2.2', sni: 'b.example' })],
      [from('10.0.0.1', { ...flowAt('04:02'), dst_ip: '192.0.2.3' }), benign],
    ),
  );
  expect(record!.time).toBe('2026-02-03T04:02:00.000Z');
  expect(record!.body).toMatchObject({
    reason: 'risen',
    before: null,
    more_hosts: 0,
    client: '10.0.0.1',
    flows: 3,
    servers: 3,
    worst_verdict: 'mining',
    risk: 10,
    evidence: [{ source: 'behaviour' }, {}],
    model: 'mining@7',
  });
  expect(record!.body['servers_worst']).toMatchObject([
    { server: '192.0.2.2', names: ['b.example'], risk: 10, worst_verdict: 'mining' },
    { server: '192.0.2.1', names: ['a.example'], risk: 7, worst_verdict: 'unknown' },
  ]);
  expect(record!.body).not.toHaveProperty('host_kind');
});

test('so many hosts at once, the riskiest; the others are counted', () => {
  const hosts = new HostRecords(miningModel, { most: 2 });
  const risks = [6, 9, 4, 7, 8];
  hosts.take(judgedRows(...risks.map((risk, i) => [from(`10.0.0.${i}`, flowAt('04:00')), { risk }] as const)));
  const records = hosts.finish();
  expect(brief(records)).toMatchObject([
    ['host', 'summary', '10.0.0.1', 9, 9],
    ['host', 'summary', '10.0.0.4', 8, null],
  ]);
  expect(records[0]!.body['more_hosts']).toBe(2);
  expect(hosts.facts()['left_out']).toBe(2);
});

test('rows of flows that go on are not counted twice', () => {
  const hosts = new HostRecords(miningModel);
  expect(hosts.take(judgedRows([{ row_kind: 'prefix' }], [{ row_kind: 'interval' }]))).toEqual([]);
  expect(hosts.finish()).toEqual([]);
});

test('what a host did is forgotten after two epochs', () => {
  const hosts = new HostRecords(miningModel, { epochSeconds: 86_400 });
  hosts.take(judgedRows([from('10.0.0.1', flowAt('04:00', 1))]));
  const risks = [2, 3, 4, 5].map((day) => {
    const records = hosts.take(judgedRows([from('10.0.0.1', flowAt('05:00', day)), abstains]));
    return [...records, ...hosts.finish()].map(({ body }) => body['risk']);
  });
  expect(risks.map((list) => list.at(-1))).toEqual([10, 7, 7, 7]);
  expect(hosts.facts()['epochs']).toBe(4);
});

test('a clock that steps back, a little or far, is followed', () => {
  const hosts = new HostRecords(miningModel);
  hosts.take(judgedRows([from('10.0.0.1', flowAt('12:00', 20))]));
  expect(hosts.take(judgedRows([from('10.0.0.2', flowAt('11:00', 20)), benign]))).toEqual([]);
  // The interval that the clock has left is over: its summary tells of the rise, too.
  expect(brief(hosts.take(judgedRows([from('10.0.0.3', flowAt('12:00', 3))])))).toEqual([
    ['host', 'summary', '10.0.0.1', 10, 10],
    ['host', 'summary', '10.0.0.3', 10, null],
  ]);
  expect(brief(hosts.take(judgedRows([from('10.0.0.3', flowAt('13:01', 3))])))).toMatchObject([
    ['host', 'summary', '10.0.0.3', 10, 10],
  ]);
});

test('other options hold at once; the view begins anew only where it must', () => {
  const hosts = new HostRecords(miningModel);
  hosts.take(judgedRows([from('10.0.0.1', flowAt('04:00'))]));
  hosts.reconfigure({ ...miningModel, version: '8' }, { everySeconds: 60 });
  const [record] = hosts.take(judgedRows([from('10.0.0.1', flowAt('04:02')), benign]));
  expect(record!.body).toMatchObject({ reason: 'summary', flows: 2, model: 'mining@8' });
  hosts.reconfigure({ ...miningModel, labels: ['mining', 'chat'] }, {});
  expect(hosts.take(judgedRows([from('10.0.0.1', flowAt('04:03')), benign]))).toEqual([]);
  expect(hosts.finish()).toEqual([]);
});

test.each([{ everySeconds: 0 }, { minRisk: 11 }, { timeZone: 'Mars/Olympus' }, { clients: Number.NaN }])(
  'options that cannot be are refused: %j',
  (options) => {
    expect(() => new HostRecords(miningModel, options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  },
);

test('flows of four hundred thousand hosts over two months stay within the bounds', () => {
  const hosts = new HostRecords(miningModel, { clients: 1_000, pairs: 2_000, epochSeconds: 7 * 86_400 });
  const client = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
  const chunk = (start: number) =>
    hosts.take(
      manyRows({
        from: start,
        count: 10_000,
        client,
        seconds: (i) => 1.77e9 + i * 12.5,
        verdict: (i) => (i % 100 === 0 ? {} : benign),
      }),
    );
  let records = 0;
  for (let start = 0; start < 100_000; start += 10_000) records += chunk(start).length;
  const early = heldBytes();
  for (let start = 100_000; start < 400_000; start += 10_000) records += chunk(start).length;
  expect(heldBytes() - early).toBeLessThan(30_000_000);
  expect(hosts.facts()).toMatchObject({ records, epochs: 7 });
  expect(records).toBeLessThanOrEqual(100 * 40);
}, 180_000);
