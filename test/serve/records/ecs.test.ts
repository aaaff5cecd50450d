import { expect, test } from 'vitest';
import { ecsRecord } from '../../../serve/records/ecs.ts';
import { Row } from '../../../serve/records/row.ts';
import { benign, miningModel, scoredTable, tlsFlow } from '../../support/scored-rows.ts';
import { ecsFaults } from './ecs-fields.ts';

type Document = Record<string, Record<string, unknown>>;

function ecs(cells: object = {}, verdict = {}, model = miningModel): Document {
  return JSON.parse(JSON.stringify(ecsRecord(new Row(scoredTable([[{ ...tlsFlow, ...cells }, verdict]]), 0), model)));
}

test('an ended flow is a connection of the network, with both its ends, in nanoseconds', () => {
  const document = ecs({}, benign);
  expect(document).toMatchObject({
    '@timestamp': '2026-02-03T04:05:07.500001999Z',
    event: {
      kind: 'event',
      category: ['network'],
      type: ['connection', 'end'],
      dataset: 'flowlamp.flow',
      start: '2026-02-03T04:05:06.000000789Z',
      end: '2026-02-03T04:05:07.500001999Z',
      duration: 1_500_001_210,
      risk_score: 0,
      risk_score_norm: 0,
      reason: 'Looks like it (96 %).',
    },
    network: {
      transport: 'tcp',
      type: 'ipv4',
      iana_number: '6',
      protocol: 'tls',
      community_id: tlsFlow.community_id,
      bytes: 5700,
      packets: 12,
    },
    source: { address: '10.0.0.1', ip: '10.0.0.1', port: 40000, bytes: 700, packets: 7 },
    destination: { address: '192.0.2.9', ip: '192.0.2.9', port: 443, bytes: 5000, packets: 5 },
    tls: {
      version: '1.2',
      version_protocol: 'tls',
      next_protocol: 'h2',
      established: true,
      resumed: false,
      client: { server_name: 'pool.example', ja3: tlsFlow.ja3 },
      server: {
        ja3s: tlsFlow.ja3s,
        subject: 'CN=pool.example',
        issuer: 'O=Open Harbour, CN=R11',
        not_after: '2026-03-17T00:00:00.000Z',
        hash: { sha256: '4488F1' },
      },
    },
    flowlamp: { verdict: 'other', score: 0.98, risk: 0, model: 'mining@7', ja4: tlsFlow.ja4, flow_id: tlsFlow.flow_id },
  });
  expect(document).not.toHaveProperty('rule');
  expect(document['event']).not.toHaveProperty('severity');
  expect(document['network']).not.toHaveProperty('direction');
});

test('a verdict that is a risk is an alert with its rule and its technique', () => {
  expect(ecs()).toMatchObject({
    event: {
      kind: 'alert',
      category: ['network', 'intrusion_detection'],
      type: ['connection', 'end', 'info'],
      risk_score: 10,
      risk_score_norm: 100,
      severity: 2,
    },
    rule: { id: '1733345', name: 'FLOWLAMP traffic classified as mining', ruleset: 'mining@7' },
    threat: {
      framework: 'MITRE ATT&CK',
      tactic: { id: ['TA0040'], name: ['Impact'] },
      technique: { id: ['T1496'], name: ['Resource Hijacking'] },
    },
  });
  expect(ecs({}, { verdict: 'unknown', risk: 9 })['event']).toMatchObject({ kind: 'event', risk_score_norm: 90 });
});

test('the reason of an alert is what speaks most for it, of any other what weighs most either way', () => {
  const evidence = [
    { source: 'names', finding: 'Named like a shop.', weight: -9.5 },
    { source: 'behaviour', finding: 'Looks like it.', weight: 1 },
    { source: 'protocol', finding: 'Logs in to a pool.', weight: 9 },
  ];
  expect(ecs({}, { evidence })['event']!['reason']).toBe('Logs in to a pool.');
  expect(ecs({}, { ...benign, evidence })['event']!['reason']).toBe('Named like a shop.');
  expect(ecs({}, { evidence: [] })['event']).not.toHaveProperty('reason');
});

test('a flow that goes on has not ended', () => {
  expect(ecs({ row_kind: 'interval', end_reason: null }, benign)['event']!['type']).toEqual(['connection']);
});

test('ICMP has no ports, QUIC and DTLS say what they are', () => {
  const icmp = ecs({ protocol: 'icmp6', tls_transport: null, ip_version: 6, src_ip: '2001:db8::1' }, benign);
  expect(icmp['network']).toMatchObject({ transport: 'ipv6-icmp', type: 'ipv6', iana_number: '58' });
  expect([icmp['source'], icmp['destination'], icmp]).not.toContainEqual(
    expect.objectContaining({ port: expect.anything() }),
  );
  expect(icmp).not.toHaveProperty('tls');
  const quic = ecs({ protocol: 'udp', tls_transport: 'quic', tls_version: 'TLS 1.3', quic_version: '1' }, benign);
  expect([quic['network']!['protocol'], quic['tls']!['version_protocol']]).toEqual(['quic', 'tls']);
  const dtls = ecs({ protocol: 'udp', tls_transport: 'dtls', tls_version: 'DTLS 1.2' }, benign);
  expect(dtls['tls']).toMatchObject({ version: '1.2', version_protocol: 'dtls' });
});

test('every document has fields of ECS only, of their types, whatever a row lacks or claims', () => {
  const least = {
    first_seen: tlsFlow.first_seen,
    last_seen: tlsFlow.last_seen,
    src_ip: '10.0.0.1',
    dst_ip: '10.0.0.2',
    protocol: 'sctp',
  };
  const bare = JSON.parse(JSON.stringify(ecsRecord(new Row(scoredTable([[least]]), 0), miningModel)));
  const documents = [
    ecs(),
    ecs({}, benign),
    bare,
    ecs({ vlan_id: 12, cert_not_after: 1e15, dns_name: 'pool.example', first_seen: '2026-02-03T04:05:09.000000000Z' }),
    ecs({}, { risk: null }, { ...miningModel, positive: null }),
  ];
  expect(documents.map(ecsFaults)).toEqual(documents.map(() => []));
});

test('the list of fields can tell: one that ECS does not have, a number as text, a word that is none', () => {
  const document = ecs();
  expect(ecsFaults({ ...document, tls: { client: { ja4: 'x' } } })).toEqual(['tls.client.ja4 is no field']);
  expect(ecsFaults({ ...document, source: { port: '443' } })).toHaveLength(1);
  expect(ecsFaults({ ...document, event: { kind: 'verdict' } })).toHaveLength(1);
  expect(ecsFaults({ event: { kind: 'event' }, ecs: { version: '9' } })).toEqual(['@timestamp is missing']);
});
