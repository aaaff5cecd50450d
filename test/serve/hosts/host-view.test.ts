import { expect, test } from 'vitest';
import { HostView } from '../../../serve/hosts/host-view.ts';
import { HOST_LIMITS } from '../../../serve/hosts/limits.ts';
import type { Verdict } from '../../../serve/verdict.ts';
import { rowsOf } from '../../support/rows.ts';
import { benign, miningModel, scoredTable, tlsFlow } from '../../support/scored-rows.ts';

type Flow = readonly [object, (Partial<Verdict> | undefined)?];
const unsure: Partial<Verdict> = { predicted: 'mining', score: 0.7, verdict: 'unknown', risk: 7 };

/** Times of the third of February 2026. */
const at = (first: string, last: string) => ({
  first_seen: `2026-02-03T${first}.000000000Z`,
  last_seen: `2026-02-03T${last}.000000000Z`,
});

function viewOf(flows: readonly Flow[], options = {}): HostView {
  const view = new HostView(miningModel, options);
  view.add(scoredTable(flows.map(([cells, verdict]) => [{ ...tlsFlow, ...cells }, verdict])));
  return view;
}

const hostsOf = (flows: readonly Flow[], options = {}) => rowsOf(viewOf(flows, options).snapshot());

test('a client has a row of its own, and one for each server', () => {
  const hosts = hostsOf([
    [{ ...at('09:00:00', '09:10:00'), src_ip: '10.0.0.1', dst_ip: '192.0.2.1', dst_port: 443, sni: 'a.example' }],
    [
      { ...at('11:00:00', '12:59:59'), src_ip: '10.0.0.1', dst_ip: '192.0.2.2', dst_port: 80, sni: 'b.example' },
      benign,
    ],
    [{ ...at('09:00:00', '13:00:00'), src_ip: '10.0.0.2', dst_ip: '192.0.2.2', sni: null, fwd_bytes: 1 }, unsure],
  ]);
  expect(hosts.map(({ host_kind, client, server }) => [host_kind, client, server])).toEqual([
    ['client', '10.0.0.1', null],
    ['client', '10.0.0.2', null],
    ['pair', '10.0.0.1', '192.0.2.1'],
    ['pair', '10.0.0.2', '192.0.2.2'],
    ['pair', '10.0.0.1', '192.0.2.2'],
  ]);
  expect(hosts[0]).toEqual({
    host_kind: 'client',
    client: '10.0.0.1',
    server: null,
    first_seen: '2026-02-03T09:00:00.000000000Z',
    last_seen: '2026-02-03T12:59:59.000000000Z',
    flows: 2,
    reconnects: 0,
    fwd_packets: 14,
    bwd_packets: 10,
    fwd_bytes: 1400,
    bwd_bytes: 10000,
    servers: 2,
    ports: [80, 443],
    names: ['a.example', 'b.example'],
    verdict_mining: 1,
    verdict_other: 1,
    verdict_unknown: 0,
    worst_verdict: 'mining',
    score: 0.96,
    risk: 10,
    hours: 3,
    longest_run_hours: 2,
    night_share: 0,
    scans: [],
    evidence: [{ source: 'behaviour', finding: 'Looks like it (96 %).', weight: 3.2 }],
    model: 'mining@7',
  });
  expect(hosts[1]).toMatchObject({ worst_verdict: 'unknown', verdict_unknown: 1, score: 0.7, risk: 7, names: [] });
  expect(hosts[4]).toMatchObject({ worst_verdict: 'other', score: null, risk: 0, flows: 1, servers: 1, ports: [80] });
});

test('a flow that begins after another to the same server ended is a reconnect; a parallel one is not', () => {
  const flows: Flow[] = [
    [at('09:00:00', '09:10:00')],
    [at('09:05:00', '09:20:00')],
    [at('09:30:00', '09:40:00')],
    [{ ...at('09:50:00', '09:55:00'), dst_ip: '192.0.2.77' }],
  ];
  const hosts = hostsOf(flows);
  expect(hosts.map(({ server, flows: count, reconnects }) => [server, count, reconnects])).toEqual([
    [null, 4, 1],
    ['192.0.2.9', 3, 1],
    ['192.0.2.77', 1, 0],
  ]);
});

test('parts of a flow are one flow and no reconnects, and each adds its bytes and hours', () => {
  const [client] = hostsOf([
    [{ ...at('09:00:00', '09:30:00'), part: 0, end_reason: 'active' }],
    [{ ...at('09:30:01', '10:00:00'), part: 1, end_reason: 'active' }],
    [{ ...at('10:00:01', '10:20:00'), part: 2, end_reason: 'fin' }],
    [at('10:30:00', '10:31:00')],
  ]);
  expect(client).toMatchObject({ flows: 2, reconnects: 1, fwd_bytes: 2800, hours: 2, verdict_mining: 4 });
});

test('a flow beside one that the active timeout has cut is parallel, not a reconnect', () => {
  const [client] = hostsOf([
    [{ ...at('09:00:00', '09:30:00'), part: 0, end_reason: 'active' }],
    [at('09:45:00', '09:50:00')],
    [{ ...at('09:30:01', '10:00:00'), part: 1, end_reason: 'fin' }],
  ]);
  expect(client).toMatchObject({ flows: 2, reconnects: 0 });
});

test('rows of flows that go on are left out and counted, as rows without addresses are', () => {
  const view = viewOf([[{ row_kind: 'prefix' }], [{ row_kind: 'interval' }], [{ src_ip: null }], [{}]]);
  expect(view.counters.leftOut).toBe(3);
  expect(rowsOf(view.snapshot()).map(({ flows }) => flows)).toEqual([1, 1]);
});

test('evidence is that of the riskiest flows, each sentence once', () => {
  const found = (finding: string, weight: number) => [{ source: 'behaviour', finding, weight }];
  const [client] = hostsOf([
    [{}, { ...benign, evidence: found('Surely other.', 9) }],
    [{}, { evidence: found('Mining.', 3) }],
    [{}, { evidence: found('Mining.', 3) }],
    [{}, { ...unsure, evidence: found('Perhaps mining.', 1) }],
    [{}, { ...benign, evidence: found('Other again.', 8) }],
  ]);
  expect((client!['evidence'] as { finding: string }[]).map(({ finding }) => finding)).toEqual([
    'Mining.',
    'Perhaps mining.',
    'Surely other.',
  ]);
});

test('the score of a flow that the model does not speak of is none of its host', () => {
  const silent: Partial<Verdict> = { predicted: 'mining', score: 0.99, verdict: 'unknown', risk: 0 };
  expect(hostsOf([[{}, silent]])[0]).toMatchObject({ score: null, risk: 0, worst_verdict: 'unknown' });
  expect(
    hostsOf([
      [{}, silent],
      [{}, unsure],
    ])[0],
  ).toMatchObject({ score: 0.7, risk: 7 });
});

test('ports, names and servers of a host are bounded', () => {
  const flows = Array.from(
    { length: 400 },
    (_, i): Flow => [{ dst_ip: `192.0.${i >> 8}.${i & 255}`, dst_port: 1000 + i, sni: `${'n'.repeat(300)}${i}` }],
  );
  const [client] = hostsOf(flows);
  expect(client).toMatchObject({ flows: 400, servers: HOST_LIMITS.servers });
  expect(client!['ports']).toHaveLength(HOST_LIMITS.ports);
  for (const name of client!['names'] as string[]) expect(name.length).toBeLessThanOrEqual(HOST_LIMITS.nameLength);
});

test('when there is no more room the least risky go, and are counted; what is seen again begins anew', () => {
  const from = (ip: string) => ({ src_ip: ip });
  const flood = Array.from({ length: 500 }, (_, i): Flow => [from(`10.9.${i >> 8}.${i & 255}`), benign]);
  const view = viewOf([[from('10.0.0.1')], ...flood, [from('10.9.0.99'), benign]], { clients: 16, pairs: 32 });
  const hosts = rowsOf(view.snapshot());
  const clients = hosts.filter((row) => row['host_kind'] === 'client');
  expect(clients.length).toBeLessThanOrEqual(16);
  expect(hosts.length).toBeLessThanOrEqual(48);
  expect(clients[0]).toMatchObject({ client: '10.0.0.1', risk: 10 });
  expect(view.counters).toEqual({
    clients: 502 - clients.length,
    pairs: 502 - (hosts.length - clients.length),
    rows: 502 - clients.length,
    watched: 0,
    comparisons: 0,
    leftOut: 0,
  });
});

test('the view does not depend on how rows come in tables', () => {
  const flows = Array.from(
    { length: 60 },
    (_, i): Flow => [
      {
        ...at('09:00:00', `09:${String(i % 60).padStart(2, '0')}:01`),
        src_ip: `10.0.0.${i % 7}`,
        dst_ip: `192.0.2.${i % 5}`,
      },
      i % 3 === 0 ? undefined : i % 3 === 1 ? benign : unsure,
    ],
  );
  const pieces = new HostView(miningModel, { clients: 4, pairs: 9 });
  for (const [cells, verdict] of flows) pieces.add(scoredTable([[{ ...tlsFlow, ...cells }, verdict]]));
  expect(rowsOf(pieces.snapshot())).toEqual(hostsOf(flows, { clients: 4, pairs: 9 }));
});

test('a model without a risk gives hosts without one, and an empty view has its columns', () => {
  const view = new HostView({ ...miningModel, positive: null, labels: ['chat', 'unknown'] });
  expect(view.snapshot().specs.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['client', 'verdict_chat', 'verdict_unknown', 'evidence']),
  );
  view.add(scoredTable([[tlsFlow, { predicted: 'chat', verdict: 'chat', risk: null }]]));
  expect(rowsOf(view.snapshot())[0]).toMatchObject({ worst_verdict: 'chat', verdict_chat: 1, score: null, risk: null });
});
