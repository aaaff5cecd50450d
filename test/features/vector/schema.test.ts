import { describe, expect, test } from 'vitest';
import { FEATURES, featureNamed, MODEL_INPUTS } from '../../../features/vector/schema.ts';
import { type Frame, pcap } from '../../support/captures.ts';
import { endpoint, ethernet, Flag, ip, tcp, udp } from '../../support/frames.ts';
import { extractRows, type Row } from '../../support/rows.ts';
import { CLIENT_HELLO, message, record, SERVER_HELLO_12 } from '../protocol/tls/hello-bytes.ts';

const THERE = { from: '10.0.0.1:40000', to: '10.0.0.2:443' };
const BACK = { from: THERE.to, to: THERE.from };
const [ONE, OTHER] = ['192.0.2.1:0', '192.0.2.2:0'].map((text) => endpoint(text).address) as [Uint8Array, Uint8Array];
const ROUTERS = [[ONE, OTHER] as const, [OTHER, ONE] as const];
const CLIENT = record(22, message(1, CLIENT_HELLO));
const SERVER = record(22, message(2, SERVER_HELLO_12));

/** Groups of columns that a model may read. */
const BEHAVIOUR = [
  'counts',
  'sizes',
  'times',
  'flags',
  'histograms',
  'quartiles',
  'diversity',
  'activity',
  'bursts',
  'periodicity',
  'dialogue',
  'roles',
  'delivery',
  'payload',
];

describe('the feature table', () => {
  test('names each column once, in snake_case', () => {
    const names = FEATURES.map((feature) => feature.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
  });

  test('says what every column means, in a sentence', () => {
    for (const { name, doc, nulls } of FEATURES) {
      expect(doc, name).toMatch(/^.{5,}\.$/);
      if (nulls !== '') expect(nulls, name).toMatch(/^.{5,}\.$/);
    }
  });

  test('carries the unit of a time in its name', () => {
    for (const { name, unit } of FEATURES) expect(name.endsWith('_us'), name).toBe(unit === 'us');
  });

  test('has for every fwd_ column the bwd_ column of the same type', () => {
    for (const { name, type, unit, input } of FEATURES) {
      if (!/^(fwd|bwd)_/.test(name)) continue;
      const other = name.replace(/^(fwd|bwd)/, (side) => (side === 'fwd' ? 'bwd' : 'fwd'));
      expect(featureNamed(other), other).toMatchObject({ type, unit, input });
    }
  });

  test('lets a model read what a flow does, never who, where, when or what it is', () => {
    for (const { name, group, type } of MODEL_INPUTS) {
      expect(BEHAVIOUR, name).toContain(group);
      expect(['uint8', 'uint32', 'uint53', 'float64'], name).toContain(type);
    }
    for (const name of [
      'src_ip',
      'dst_port',
      'first_seen',
      'flow_id',
      'payload_sizes',
      'sni',
      'ja4',
      'label',
      'end_reason',
      'sni_domain',
      'sni_entropy',
    ]) {
      expect(MODEL_INPUTS, name).not.toContainEqual(expect.objectContaining({ name }));
      expect(featureNamed(name), name).toBeDefined();
    }
    expect(MODEL_INPUTS.length).toBeGreaterThan(150);
  });

  test('says of a leak, if it says so, what it is, in a sentence', () => {
    for (const { name, leaks } of FEATURES) if (leaks !== '') expect(leaks, name).toMatch(/^.{5,}\.$/);
    expect(FEATURES.filter(({ leaks }) => leaks !== '').length).toBeGreaterThan(5);
  });

  test('leaves no blank in a sentence that is said of both sides', () => {
    for (const { name, doc, nulls, leaks } of FEATURES) expect(doc + nulls + leaks, name).not.toMatch(/[{}]/);
  });

  test('knows no column of another name', () => {
    expect(featureNamed('constructor')).toBeUndefined();
  });
});

/** A TLS session with all flags, and much to say after a pause, in IP in IP (RFC 2003) behind a VLAN tag. */
function richFrames(): Frame[] {
  const all = Flag.PSH | Flag.ACK | 32 | 64 | 128;
  const talk = Array.from({ length: 18 }, (_, i): [number, Uint8Array] => {
    const way = i % 2 === 0 ? { ...THERE, seq: 5000 + 50 * i } : { ...BACK, seq: 6000 + i };
    const payload = new Uint8Array(i % 6 === 0 ? 40 : 1); // requests of two kinds
    return [7 + 0.3 * i + 0.01 * (i % 5), tcp({ ...way, flags: Flag.PSH | Flag.ACK, payload })];
  });
  const pushes = [14, 16, 19].map((at): [number, Uint8Array] => [
    at,
    tcp({ ...BACK, seq: 6100 + at, flags: Flag.PSH | Flag.ACK, payload: new Uint8Array(30) }),
  ]);
  const frames: [number, Uint8Array][] = [
    [1, tcp({ ...THERE, flags: Flag.SYN, seq: 99 })],
    [1.1, tcp({ ...BACK, flags: Flag.SYN | Flag.ACK, seq: 899 })],
    [1.2, tcp({ ...THERE, flags: Flag.ACK, seq: 100 })],
    [1.3, tcp({ ...THERE, flags: all, seq: 100, payload: CLIENT })],
    [1.4, tcp({ ...BACK, flags: all, seq: 900, payload: SERVER })],
    ...talk,
    ...pushes,
    [25, tcp({ ...THERE, flags: Flag.FIN | Flag.ACK, seq: 7000, payload: new Uint8Array(7) })],
    [26, tcp({ ...BACK, flags: all | Flag.RST | Flag.FIN, seq: 7000, payload: new Uint8Array(9) })],
  ];
  return frames.map(([at, bytes]) => {
    const way = bytes[29] === 1 ? 0 : 1;
    return { at, bytes: ethernet(ip(4, ...ROUTERS[way]!, bytes.subarray(14)), 42) };
  });
}

/** Groups of columns of protocols that a TLS session does not speak. */
const OTHER_PROTOCOLS = ['quic', 'dtls', 'http', 'ssh', 'dns', 'mining'];

function nullsOf(row: Row): string[] {
  return Object.entries(row).flatMap(([name, value]) => (value === null ? [name] : []));
}

describe('rows', () => {
  test('of a rich flow have a value in every column but those of other protocols', () => {
    const { rows } = extractRows(pcap(richFrames()), { label: 'benign' });
    expect(rows).toHaveLength(1);
    const ofTls = nullsOf(rows[0]!).filter((name) => !OTHER_PROTOCOLS.includes(featureNamed(name)!.group));
    // No handshake has all of these: a dialogue before it, a retry and a certificate.
    expect(ofTls.every((name) => /^(tls_flow|certificate)$/.test(featureNamed(name)!.group))).toBe(true);
    expect(Object.keys(rows[0]!)).toEqual(FEATURES.map((feature) => feature.name));
  });

  test('of a rich flow say what was written into it', () => {
    expect(extractRows(pcap(richFrames()), { label: 'benign' }).rows[0]).toMatchObject({
      capture: 'test.pcap',
      row_kind: 'end',
      vlan_id: 42,
      ip_version: 4,
      tunnel: 'ipip',
      outer_src_ip: '192.0.2.1',
      outer_dst_ip: '192.0.2.2',
      protocol: 'tcp',
      first_seen: '1970-01-01T00:00:01.000000000Z',
      last_seen: '1970-01-01T00:00:26.000000000Z',
      end_reason: 'rst',
      sni: 'example.com',
      sni_tokens: ['example', 'com'],
      alpn: 'h2,http/1.1',
      server_alpn: 'http/1.1',
      tls_version: 'TLS 1.2',
      label: 'benign',
    });
  });

  test('of the poorest flows are null only where the feature table says so', () => {
    const allowed = FEATURES.filter((feature) => feature.nulls !== '').map((feature) => feature.name);
    const poor = [udp('10.0.0.1:1', '10.0.0.2:2', new Uint8Array(0)), tcp({ from: '[fd00::1]:1', to: '[fd00::2]:2' })];
    const { rows } = extractRows(pcap(poor.map((bytes) => ({ at: 1, bytes }))));
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(allowed).toEqual(expect.arrayContaining(nullsOf(row)));
      expect(row).toMatchObject({ payload_sizes: [], turns: 0, bwd_packets: 0, duration_us: 0, sni: null });
    }
  });

  test('of a poor flow keep nothing of the rich one before, over many batches', () => {
    const poor = { at: 100_000, bytes: udp('10.0.0.1:1', '10.0.0.2:2', new Uint8Array(0)) };
    const alone = extractRows(pcap([poor])).rows[0];
    const rst = tcp({ ...THERE, flags: Flag.RST, payload: CLIENT });
    // A batch has 8,192 rows.
    const many = Array.from({ length: 8190 }, (_, i) => ({ at: i * 6, bytes: rst }));
    const rich = richFrames().map(({ at, bytes }) => ({ at: at + 90_000, bytes }));
    const { rows } = extractRows(pcap([...many, ...rich, { ...poor, at: 99_000 }, poor]));
    expect(rows).toHaveLength(8193);
    expect(rows.at(-1)).toEqual(alone);
  });
});
