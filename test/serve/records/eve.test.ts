import { expect, test } from 'vitest';
import { type EveRecord, eveRecords, eveTime } from '../../../serve/records/eve.ts';
import { Row } from '../../../serve/records/row.ts';
import { signatureId } from '../../../serve/records/threats.ts';
import { benign, miningModel, scoredTable, tlsFlow } from '../../support/scored-rows.ts';
import { eveFaults } from './eve-rules.ts';

function eve(cells: object = {}, verdict = {}, model = miningModel): EveRecord[] {
  const records = eveRecords(new Row(scoredTable([[{ ...tlsFlow, ...cells }, verdict]]), 0), model);
  // As it is written: undefined members are gone.
  return JSON.parse(JSON.stringify(records));
}

test('a flow that is no risk is one flow record', () => {
  expect(eve({}, benign)).toEqual([
    {
      timestamp: '2026-02-03T04:05:07.500001+0000',
      event_type: 'flow',
      flow_id: 4503599627370497,
      pcap_filename: 'a.pcap',
      src_ip: '10.0.0.1',
      dest_ip: '192.0.2.9',
      src_port: 40000,
      dest_port: 443,
      proto: 'TCP',
      community_id: '1:5Y2eH/ePLSV3lfkhTbyf+hKtdCQ=',
      app_proto: 'tls',
      tls: {
        subject: 'CN=pool.example',
        issuerdn: 'O=Open Harbour, CN=R11',
        serial: '0A:F1',
        sni: 'pool.example',
        version: 'TLS 1.2',
        notbefore: '2025-02-12T00:00:00',
        notafter: '2026-03-17T00:00:00',
        ja3: { hash: '22558766122974704364c9c75c5cce0a' },
        ja3s: { hash: 'e54965894d6b45ecb4323c7ea3d6c115' },
        ja4: 't12d2808h2_d943125447b4_e7e480e5a997',
      },
      metadata: {
        flowbits: ['flowlamp.verdict.other', 'flowlamp.predicted.other', 'flowlamp.score.0.980', 'flowlamp.risk.0'],
      },
      flow: {
        pkts_toserver: 7,
        pkts_toclient: 5,
        bytes_toserver: 700,
        bytes_toclient: 5000,
        start: '2026-02-03T04:05:06.000000+0000',
        end: '2026-02-03T04:05:07.500001+0000',
        age: 1,
        state: 'closed',
        reason: 'timeout',
        alerted: false,
      },
    },
  ]);
});

test('a verdict that is a risk is an alert before its flow record, with technique and evidence in lists of text', () => {
  const [alert, flow] = eve();
  expect(alert).toMatchObject({
    event_type: 'alert',
    flow_id: flow!['flow_id'],
    tls: { sni: 'pool.example' },
    alert: {
      action: 'allowed',
      gid: 1496,
      signature_id: signatureId('mining'),
      rev: 1,
      signature: 'FLOWLAMP traffic classified as mining',
      category: 'Crypto Currency Mining Activity Detected',
      severity: 2,
      metadata: {
        signature_severity: ['Major'],
        tag: [
          'model mining@7',
          'verdict mining',
          'predicted mining',
          'score 0.960',
          'risk 10',
          'mitre_tactic_id TA0040',
          'mitre_tactic_name Impact',
          'mitre_technique_id T1496',
          'mitre_technique_name Resource_Hijacking',
          'evidence behaviour 3.2: Looks like it (96 %).',
        ],
      },
    },
    flow: { start: '2026-02-03T04:05:06.000000+0000', src_ip: '10.0.0.1', dest_port: 443 },
  });
  expect(flow).toMatchObject({ event_type: 'flow', flow: { alerted: true } });
});

test('the positive label alone raises alerts: not an unknown of high risk, and nothing of a model without one', () => {
  expect(eve({}, { verdict: 'unknown', risk: 9 }).map((record) => record.event_type)).toEqual(['flow']);
  expect(eve({}, {}, { ...miningModel, positive: null }).map((record) => record.event_type)).toEqual(['flow']);
  const [own] = eve({}, { verdict: 'beacon', predicted: 'beacon' }, { ...miningModel, positive: 'beacon' });
  expect(own!['alert']).toMatchObject({
    category: 'Potentially Bad Traffic',
    signature: 'FLOWLAMP traffic classified as beacon',
  });
  expect(JSON.stringify(own)).not.toContain('mitre');
});

test('ids of rules are the same in every run, and for local use', () => {
  expect(signatureId('mining')).toBe(1_733_345);
  for (const label of ['mining', 'beacon', 'ü', '']) {
    expect(signatureId(label)).toBeGreaterThanOrEqual(1_000_000);
    expect(signatureId(label)).toBeLessThan(2_000_000);
  }
});

test.each([
  ['fin', 7, 5, 'closed', 'timeout'],
  ['rst', 7, 0, 'closed', 'timeout'],
  ['idle', 7, 5, 'established', 'timeout'],
  ['idle', 7, 0, 'new', 'timeout'],
  ['active', 7, 5, 'established', 'forced'],
  ['evicted', 0, 5, 'new', 'forced'],
  ['eof', 7, 5, 'established', 'shutdown'],
])(
  'a flow that ended by %s, with %i and %i packets, is %s by %s',
  (end_reason, fwd_packets, bwd_packets, state, reason) => {
    expect(eve({ end_reason, fwd_packets, bwd_packets }, benign)[0]!['flow']).toMatchObject({ state, reason });
  },
);

test('a flow that goes on has no reason for its end', () => {
  expect(eve({ row_kind: 'prefix', end_reason: null }, benign)[0]!['flow']).not.toHaveProperty('reason');
});

test('QUIC, plain protocols, DTLS and ICMP stand where Suricata has a place for them', () => {
  const quic = { protocol: 'udp', tls_transport: 'quic', quic_version: '1', quic_user_agent: 'Chrome/130' };
  expect(eve(quic, benign)[0]).toMatchObject({
    proto: 'UDP',
    app_proto: 'quic',
    quic: { version: '1', sni: 'pool.example', ua: 'Chrome/130', ja4: tlsFlow.ja4 },
  });
  expect(eve({ tls_transport: null, http_version: '1.1' }, benign)[0]).toMatchObject({ app_proto: 'http' });
  expect(eve({ tls_transport: null, dns_query: 'a.example' }, benign)[0]).toMatchObject({ app_proto: 'dns' });
  const dtls = eve({ protocol: 'udp', tls_transport: 'dtls' }, benign)[0]!;
  expect([dtls['app_proto'], dtls['tls'], dtls['quic']]).toEqual([undefined, undefined, undefined]);
  const icmp = eve({ protocol: 'icmp6', tls_transport: null, src_port: 128, dst_port: 129, vlan_id: 7 }, benign)[0]!;
  expect(icmp).toMatchObject({ proto: 'IPv6-ICMP', icmp_type: 128, vlan: [7] });
  expect(icmp).not.toHaveProperty('dest_port');
  for (const record of [dtls, icmp, ...eve(quic)]) expect(eveFaults(record)).toEqual([]);
});

test('old versions of TLS are spelled as Suricata spells them', () => {
  const version = (tls_version: string | null) =>
    (eve({ tls_version }, benign)[0]!['tls'] as { version?: string }).version;
  expect(['TLS 1.3', 'TLS 1.1', 'TLS 1.0', 'SSL 3.0', null].map(version)).toEqual([
    'TLS 1.3',
    'TLS 1.1',
    'TLSv1',
    'SSLv3',
    undefined,
  ]);
});

test('times have microseconds, rounded down, and the offset without a colon, before 1970 too', () => {
  expect(eveTime(0n)).toBe('1970-01-01T00:00:00.000000+0000');
  expect(eveTime(1_999n)).toBe('1970-01-01T00:00:00.000001+0000');
  expect(eveTime(-1n)).toBe('1969-12-31T23:59:59.999999+0000');
});

test('every record keeps the rules of the schema, whatever a row lacks or claims', () => {
  const least = {
    first_seen: tlsFlow.first_seen,
    last_seen: tlsFlow.last_seen,
    src_ip: '10.0.0.1',
    dst_ip: '10.0.0.2',
    protocol: 'sctp',
  };
  const bare = eveRecords(new Row(scoredTable([[least]]), 0), miningModel);
  const odd = eve({ flow_id: Number.MAX_SAFE_INTEGER, cert_not_after: 1e15, cert_serial: '', sni: '\u0000"\u202e' });
  const back = eve({ first_seen: '2026-02-03T04:05:09.000000000Z' });
  const records = [...eve(), ...JSON.parse(JSON.stringify(bare)), ...odd, ...back];
  expect(records.map(eveFaults)).toEqual(records.map(() => []));
});

test('the rules can tell: a member that Suricata does not know, a number that is none, a time without its offset', () => {
  const [record] = eve({}, benign);
  expect(eveFaults({ ...record, score: 0.9 })).toHaveLength(1);
  expect(eveFaults({ ...record, flow_id: 0.5 })).toHaveLength(1);
  expect(eveFaults({ ...record, timestamp: '2026-02-03T04:05:07Z' })).toHaveLength(1);
  expect(eveFaults({ event_type: 'flow' })).toHaveLength(1);
});
