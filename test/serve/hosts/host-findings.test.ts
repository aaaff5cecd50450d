/** Findings of the view in the rows of hosts: what raises them, what they do to the risk, and that order is no matter. */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { HostView } from '../../../serve/hosts/host-view.ts';
import type { Verdict } from '../../../serve/verdict.ts';
import { type Row, rowsOf } from '../../support/rows.ts';
import { benign, miningModel, scoredTable, tlsFlow } from '../../support/scored-rows.ts';

type Flow = readonly [Row, (Partial<Verdict> | undefined)?];

const silent: Partial<Verdict> = {
  ...benign,
  verdict: 'unknown',
  evidence: [{ source: 'behaviour', finding: 'Too few packets.', weight: 0 }],
};
const leaning: Partial<Verdict> = {
  predicted: 'mining',
  verdict: 'unknown',
  score: 0.6,
  risk: 6,
  evidence: [{ source: 'behaviour', finding: 'Looks like mining (60 %).', weight: 0.4 }],
};

/** A flow that begins so many seconds after nine o'clock. */
function flow(begin: number, seconds: number, cells: object = {}, verdict: Partial<Verdict> = silent): Flow {
  const at = (second: number) => new Date(Date.UTC(2026, 1, 3, 9) + second * 1_000).toISOString();
  return [
    {
      ...tlsFlow,
      first_seen: at(begin),
      last_seen: at(begin + seconds),
      fwd_payload_bytes: 200,
      bwd_payload_bytes: 100,
      payload_sizes: [],
      payload_times_us: [],
      ssh_client: null,
      ssh_server: null,
      ...cells,
    },
    verdict,
  ];
}

function viewOf(flows: readonly Flow[]): HostView {
  const view = new HostView(miningModel);
  view.add(scoredTable(flows));
  return view;
}

const hostsOf = (flows: readonly Flow[]) => rowsOf(viewOf(flows).snapshot());
const found = (host: Row | undefined) =>
  (host!['evidence'] as { source: string; finding: string; weight: number }[]).filter(
    ({ source }) => source === 'host',
  );

/** Attempts at SSH, `apart` seconds from each other, each at another server. */
const attempts = (count: number, apart: number, cells: object = {}) =>
  Array.from({ length: count }, (_, i) =>
    flow(i * apart, 2, { dst_ip: `192.0.2.${i % 200}`, dst_port: 22, bwd_payload_bytes: 900, ...cells }),
  );

test('more than 50 attempts at SSH within a minute are a scan, and none of mining', () => {
  const [client, ...pairs] = hostsOf(attempts(51, 1.2));
  expect(client).toMatchObject({ host_kind: 'client', scans: ['ssh'], risk: 0 });
  expect(found(client)).toMatchObject([{ finding: expect.stringMatching(/^Scanning: 51 short conn/), weight: 0 }]);
  for (const pair of pairs) expect(pair).toMatchObject({ scans: [], risk: 0 });
  expect(hostsOf(attempts(50, 1.2))[0]).toMatchObject({ scans: [] });
  expect(hostsOf(attempts(51, 1.3))[0]).toMatchObject({ scans: [] });
});

test('SSH is told by what is said on other ports too; long sessions and other services are no attempts', () => {
  const elsewhere = { dst_port: 2222, ssh_client: 'SSH-2.0-Go' };
  expect(hostsOf(attempts(60, 1, elsewhere))[0]).toMatchObject({ scans: ['ssh'] });
  expect(hostsOf(attempts(60, 1, { dst_port: 2222 }))[0]).toMatchObject({ scans: [] });
  expect(hostsOf(attempts(60, 1, { protocol: 'udp' }))[0]).toMatchObject({ scans: [] });
  expect(hostsOf(attempts(60, 1, { fwd_packets: 400 }))[0]).toMatchObject({ scans: [] });
  expect(hostsOf(attempts(60, 1, { end_reason: 'active' }))[0]).toMatchObject({ scans: [] });
  expect(hostsOf(attempts(60, 1, { part: 1 }))[0]).toMatchObject({ scans: [] });
  expect(hostsOf(attempts(60, 1, { row_kind: 'interval' }))).toEqual([]);
  const sessions = Array.from({ length: 60 }, (_, i) => flow(i, 31, { dst_port: 22 }));
  expect(hostsOf(sessions)[0]).toMatchObject({ scans: [] });
});

test('Redis at more than 20 servers within a minute is a sweep; a thousand connections to one are not', () => {
  const sweep = (servers: number, port: number) =>
    Array.from({ length: 60 }, (_, i) => flow(i, 0, { dst_ip: `192.0.2.${i % servers}`, dst_port: port }));
  expect(hostsOf(sweep(21, 6379))[0]).toMatchObject({ scans: ['redis'] });
  expect(hostsOf(sweep(20, 6379))[0]).toMatchObject({ scans: [] });
  expect(hostsOf(sweep(21, 2375))[0]).toMatchObject({ scans: ['docker'] });
  expect(hostsOf(sweep(21, 10250))[0]).toMatchObject({ scans: ['kubelet'] });
  expect(hostsOf(sweep(60, 443))[0]).toMatchObject({ scans: [] });
});

test('those that scan come first among hosts of one risk', () => {
  const busy = Array.from({ length: 70 }, (_, i) =>
    flow(i / 100, 1, { src_ip: '10.0.0.9' }, { ...benign, score: 0.7 }),
  );
  expect(hostsOf([...busy, ...attempts(51, 1)])[0]).toMatchObject({ client: '10.0.0.1', scans: ['ssh'] });
});

test('short flows one after another to one endpoint are a storm; those side by side, long or to many are none', () => {
  const storm = (apart: number, seconds: number, cells: object = {}) =>
    Array.from({ length: 20 }, (_, i) => flow(i * apart, seconds, cells));
  const [client, pair] = hostsOf(storm(12, 2));
  expect(found(pair)).toEqual([
    {
      source: 'host',
      finding:
        'Reconnect storm: 20 short connections to port 443 of 192.0.2.9 within 5 minutes, with short answers; miners that cannot log in do so, and programs that poll.',
      weight: 0.4,
    },
  ]);
  expect(found(client)).toEqual(found(pair));
  const [, unanswered] = hostsOf(storm(12, 2, { bwd_payload_bytes: 0 }));
  expect(found(unanswered)).toMatchObject([{ finding: expect.stringContaining('with no answer'), weight: 0.6 }]);
  const benignOnes = [
    storm(0.01, 2),
    storm(16, 2),
    storm(12, 31),
    storm(12, 2, { bwd_payload_bytes: 90_000 }),
    storm(12, 2, { protocol: 'udp' }),
    storm(12, 2, { part: 1 }),
    storm(12, 2, { dst_port: 22 }),
    storm(12, 2, { dst_port: 2222, ssh_client: 'SSH-2.0-Go' }),
    storm(12, 2, { dst_port: 6379 }),
    storm(12, 2).map(([cells, verdict], i): Flow => [{ ...cells, dst_port: 4000 + i }, verdict]),
  ];
  for (const flows of benignOnes) expect(found(hostsOf(flows)[1])).toEqual([]);
});

test('the hours of a pair and the usual port of a pool are findings, the port only where both sides spoke', () => {
  const day = Array.from({ length: 24 }, (_, i) => flow(i * 3_600, 3_599, { dst_port: 3333, fwd_packets: 60 }));
  const [client, pair] = hostsOf(day);
  expect(found(pair).map(({ finding }) => finding.split(' with ')[0]?.split(' of ')[0])).toEqual([
    'Around the clock',
    'Talks to port 3333',
  ]);
  expect(found(client)).toEqual(found(pair));
  expect(found(hostsOf([flow(0, 9, { dst_port: 3333, bwd_payload_bytes: 0 })])[1])).toEqual([]);
});

test('a flow whose clock jumps, with fewer packets than hours, was not there all the time', () => {
  const [client] = hostsOf([flow(0, 40 * 365 * 86_400, { fwd_packets: 7, bwd_packets: 5 })]);
  expect(client).toMatchObject({ hours: 2, longest_run_hours: 1 });
  expect(found(client)).toEqual([]);
});

/** Sizes and times of a session whose pushes come at these seconds after nine. */
function pushed(begin: number, seconds: readonly number[], size = 253): object {
  const times = seconds.map((second) => (second - begin) * 1e6);
  return { payload_sizes: [260, -303, ...times.map(() => -size)], payload_times_us: [100, 20_000, ...times] };
}
const JOBS = [31, 64, 97.5, 141, 207, 222, 290, 371];
const miner = (client: string, begin: number, verdict: Partial<Verdict> = silent, cells: object = {}) => {
  const messages = pushed(
    begin,
    JOBS.map((second, i) => second + (i % 2) * 0.05),
  );
  return flow(
    begin,
    400 - begin,
    { src_ip: client, dst_port: 9000, bwd_payload_bytes: 90_000, ...messages, ...cells },
    verdict,
  );
};

test('pushes at the same moments to two clients are a finding about both, which weighs more where one behaves like a miner', () => {
  const hosts = hostsOf([miner('10.0.0.1', 0), miner('10.0.0.2', 10)]);
  const pairs = hosts.filter(({ host_kind }) => host_kind === 'pair');
  expect(found(pairs[0])).toEqual([
    {
      source: 'host',
      finding:
        'Pushes of 192.0.2.9 come within 0.2 s of pushes of the same server to 10.0.0.2: 8 of about one size, where chance has 0.07; as a pool sends jobs, and a ticker prices.',
      weight: 0.4,
    },
  ]);
  expect(found(pairs[1])).toMatchObject([{ finding: expect.stringContaining('to 10.0.0.1: 8 of'), weight: 0.4 }]);
  // The model does not speak of them, so each begins at the odds of any flow, not at even ones.
  expect(hosts.map(({ risk }) => risk)).toEqual([1, 1, 1, 1]);
  const leans = hostsOf([miner('10.0.0.1', 0), miner('10.0.0.2', 10, leaning), miner('10.0.0.3', 15)]);
  for (const pair of leans.filter(({ host_kind }) => host_kind === 'pair')) {
    expect(found(pair)).toMatchObject([
      { finding: expect.stringMatching(/so at 2 other clients.*behaves as mining/), weight: 1.5 },
    ]);
  }
});

test('pools of one coin push at the same moments from several servers', () => {
  const hosts = hostsOf([miner('10.0.0.1', 0), miner('10.0.0.2', 10, silent, { dst_ip: '192.0.2.10' })]);
  expect(found(hosts[0])).toMatchObject([
    { finding: expect.stringContaining('pushes of another server, 192.0.2.10 to 10.0.0.2: 8 of') },
  ]);
});

test('one client with two sessions, answers to requests, and what nobody else hears are no pushes that come together', () => {
  expect(found(hostsOf([miner('10.0.0.1', 0), miner('10.0.0.1', 10)])[0])).toEqual([]);
  const asked = {
    payload_sizes: JOBS.flatMap(() => [100, -253]),
    payload_times_us: JOBS.flatMap((second) => [second * 1e6 - 9e5, second * 1e6]),
  };
  expect(found(hostsOf([miner('10.0.0.1', 0), miner('10.0.0.2', 0, silent, asked)])[0])).toEqual([]);
  const other = pushed(0, [11, 50, 80, 120, 190, 250, 300, 399]);
  expect(found(hostsOf([miner('10.0.0.1', 0), miner('10.0.0.2', 0, silent, other)])[0])).toEqual([]);
  const prefixes = [miner('10.0.0.1', 0), miner('10.0.0.2', 0, silent, { row_kind: 'prefix' })];
  expect(found(hostsOf(prefixes)[0])).toEqual([]);
});

test('broadcasts of other sizes than jobs, or among uploads, hardly weigh', () => {
  const large = (begin: number) => pushed(begin, JOBS, 5_000);
  const hosts = hostsOf([miner('10.0.0.1', 0, leaning, large(0)), miner('10.0.0.2', 10, leaning, large(10))]);
  expect(found(hosts[0])).toMatchObject([
    { finding: expect.stringContaining('a broadcast, of other sizes'), weight: 0.1 },
  ]);
});

test('the more was compared, the more it takes', () => {
  const three = (begin: number) => pushed(begin, [31, 97.5, 380]);
  const two = [miner('10.0.0.1', 0, silent, three(0)), miner('10.0.0.2', 10, silent, three(10))];
  expect(found(hostsOf(two)[0])).toHaveLength(1);
  const prng = new Prng(9);
  const strangers = Array.from({ length: 60 }, (_, i) => {
    const seconds = Array.from({ length: 6 }, () => 20 + prng.float() * 370).sort((a, b) => a - b);
    return miner(`10.9.0.${i}`, i / 4, silent, { dst_ip: `198.51.100.${i}`, ...pushed(i / 4, seconds) });
  });
  const crowd = hostsOf([...strangers, ...two]).filter(({ host_kind }) => host_kind === 'pair');
  expect(crowd.filter((pair) => found(pair).length > 0).length).toBe(0);
});

test('findings of a pair raise its risk and that of its client, and no other', () => {
  const hosts = hostsOf([
    miner('10.0.0.1', 0, leaning),
    miner('10.0.0.2', 10, { ...benign, evidence: [{ source: 'behaviour', finding: 'Other.', weight: -4 }] }),
    flow(0, 9, { src_ip: '10.0.0.1', dst_ip: '192.0.2.50' }),
  ]);
  // 1 / (1 + exp(-(0.4 + 1.5))) = 0.87, and with -4 it is 0.08.
  expect(hosts.map(({ client, server, risk }) => [client, server, risk])).toEqual([
    ['10.0.0.1', null, 9],
    ['10.0.0.2', null, 1],
    ['10.0.0.1', '192.0.2.9', 9],
    ['10.0.0.2', '192.0.2.9', 1],
    ['10.0.0.1', '192.0.2.50', 0],
  ]);
});

test('the order of rows is no matter', () => {
  const flows = [
    ...attempts(51, 1),
    ...Array.from({ length: 20 }, (_, i) => flow(i * 12, 2, { src_ip: '10.0.0.4' })),
    miner('10.0.0.1', 0),
    miner('10.0.0.2', 10, leaning),
    miner('10.0.0.3', 5, silent, { dst_ip: '192.0.2.10' }),
  ];
  const sayings = (rows: readonly Flow[]) =>
    hostsOf(rows)
      .map((host) => ({ client: host['client'], server: host['server'], risk: host['risk'], found: found(host) }))
      .sort((a, b) => (`${a.client} ${a.server}` < `${b.client} ${b.server}` ? -1 : 1));
  const expected = sayings(flows);
  expect(expected.filter(({ found: own }) => own.length > 0).length).toBeGreaterThan(6);
  for (const seed of [1, 2, 3]) expect(sayings(new Prng(seed).shuffle([...flows]))).toEqual(expected);
});

test('a table without messages or payload, and a model without a risk, make no risk of what is found', () => {
  const { payload_sizes, payload_times_us, fwd_payload_bytes, bwd_payload_bytes, ...bare } = miner(
    '10.0.0.1',
    0,
  )[0] as Row;
  const view = new HostView({ ...miningModel, positive: null });
  view.add(scoredTable([[bare, { ...silent, risk: null }]]));
  view.add(scoredTable(attempts(51, 1).map(([cells]) => [cells, { ...silent, risk: null }])));
  const storm = Array.from({ length: 20 }, (_, i) => flow(i * 12, 2, { src_ip: '10.0.0.4' })[0]);
  view.add(scoredTable(storm.map((cells) => [cells, { ...silent, risk: null }])));
  const hosts = rowsOf(view.snapshot());
  expect(hosts.find(({ client }) => client === '10.0.0.1')).toMatchObject({ scans: ['ssh'], risk: null });
  const stormy = hosts.filter(({ client }) => client === '10.0.0.4');
  expect(stormy.map((host) => [found(host).length, host['risk']])).toEqual([
    [1, null],
    [1, null],
  ]);
});
