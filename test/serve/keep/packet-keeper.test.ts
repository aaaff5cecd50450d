import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { CaptureReader } from '../../../features/capture/reader.ts';
import { type FlowKey, keepRequestOf, type VerdictFacts } from '../../../serve/keep/keep-request.ts';
import { type EvidenceBundle, type KeeperOptions, PacketKeeper } from '../../../serve/keep/packet-keeper.ts';
import { Row } from '../../../serve/records/row.ts';
import { ethernet, Flag, ip, tcp, udp } from '../../support/frames.ts';
import { scoredTable, tlsFlow } from '../../support/scored-rows.ts';

const US = 1_770_000_000e6;
const ETHERNET = 1;

interface Seen {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly us: number;
  readonly ns: number;
  readonly linkType: number;
}

class Bench {
  readonly bundles: EvidenceBundle[] = [];
  readonly keeper: PacketKeeper;

  constructor(options: KeeperOptions = {}) {
    this.keeper = new PacketKeeper((bundle) => this.bundles.push(bundle), options);
  }

  /** @param seconds since the first packet of the test */
  frame(bytes: Uint8Array, seconds: number, ns = 0, linkType = ETHERNET): void {
    // In the middle of a larger buffer, as frames of a reader are.
    const buffer = new Uint8Array(bytes.length + 7);
    buffer.set(bytes, 3);
    const view = new DataView(buffer.buffer);
    this.keeper.frame(view, 3, 3 + bytes.length, bytes.length, US + Math.round(seconds * 1e6), ns, linkType);
    buffer.fill(0xee);
  }
}

function framesOf({ bytes }: EvidenceBundle): Seen[] {
  const seen: Seen[] = [];
  const reader = new CaptureReader('evidence', {
    frame: (view, at, end, wireLength, us, ns, linkType) => {
      const copy = new Uint8Array(view.buffer, view.byteOffset + at, end - at).slice();
      seen.push({ bytes: copy, wireLength, us, ns, linkType });
    },
  });
  reader.write(bytes);
  expect(reader.finish()).toMatchObject({ format: 'pcapng', damage: 'none' });
  return seen;
}

const client = (port = 40_000) => `10.0.0.1:${port}`;
const server = '192.0.2.9:3333';
const flow: FlowKey = { src_ip: '10.0.0.1', src_port: 40_000, dst_ip: '192.0.2.9', dst_port: 3333, protocol: 'tcp' };

function facts(seconds: number, more: Partial<VerdictFacts> = {}): VerdictFacts {
  return {
    verdict: 'mining',
    score: 0.99,
    risk: 10,
    model: 'mining@7',
    flow_id: 4503599627370497,
    community_id: '1:5Y2eH/ePLSV3lfkhTbyf+hKtdCQ=',
    first_seen: '2026-02-02T02:40:00.000000000Z',
    last_seen: '2026-02-02T02:41:00.000000000Z',
    lastUs: US + seconds * 1e6,
    evidence: [{ source: 'protocol', finding: 'Stratum v1: authorised as 9dbb.', weight: 12 }],
    ...more,
  };
}

const text = (said: string) => new TextEncoder().encode(said);
const said = (n: number, port?: number) => tcp({ from: client(port), to: server, payload: text(`message ${n}`) });
const answer = (n: number) => tcp({ from: server, to: client(), payload: text(`answer ${n}`) });

test('the first packets of a judged flow, of both directions, are a capture file as they came', () => {
  const bench = new Bench();
  const sent = [said(0), answer(0), said(1), answer(1)];
  sent.forEach((bytes, i) => {
    bench.frame(bytes, i, i * 111);
    bench.frame(said(i, 50_000), i);
  });
  bench.keeper.keep(flow, facts(4));
  expect(bench.bundles).toHaveLength(1);
  const [bundle] = bench.bundles as [EvidenceBundle];
  expect([bundle.stretch, bundle.packets]).toEqual(['first', 4]);
  expect(framesOf(bundle)).toEqual(
    sent.map((bytes, i) => ({ bytes, wireLength: bytes.length, us: US + i * 1e6, ns: i * 111, linkType: ETHERNET })),
  );
});

test('what follows a verdict is kept whole, up to the bound, the end of the flow or a silence', () => {
  const bench = new Bench({ packets: 2, frameBytes: 60, followPackets: 3 });
  for (let i = 0; i < 5; i++) bench.frame(said(i), i);
  bench.keeper.keep(flow, facts(5));
  for (let i = 5; i < 12; i++) bench.frame(said(i), i);
  expect(bench.bundles.map(({ stretch, packets }) => [stretch, packets])).toEqual([
    ['first', 2],
    ['following', 3],
  ]);
  const [first, following] = bench.bundles.map(framesOf) as [Seen[], Seen[]];
  expect(first.map(({ bytes, wireLength }) => [bytes.length, wireLength])).toEqual([
    [60, said(0).length],
    [60, said(1).length],
  ]);
  expect(following.map(({ bytes }) => bytes)).toEqual([said(5), said(6), said(7)]);
});

test.each([
  ['a reset and a pause', 10, (bench: Bench) => bench.frame(tcp({ from: server, to: client(), flags: Flag.RST }), 2.5)],
  ['a silence', 200, () => {}],
])('after %s what has followed is handed on', (_, until, end) => {
  const bench = new Bench();
  bench.frame(said(0), 0);
  bench.keeper.keep(flow, facts(1));
  bench.frame(said(1), 2);
  end(bench);
  bench.keeper.advance(US + 4e6);
  expect(bench.bundles).toHaveLength(1);
  bench.frame(said(0, 50_000), until);
  expect(bench.bundles.map(({ stretch }) => stretch)).toEqual(['first', 'following']);
});

test('at the end of a run what has followed is handed on', () => {
  const bench = new Bench();
  bench.frame(said(0), 0);
  bench.keeper.keep(flow, facts(1));
  bench.frame(said(1), 2);
  bench.keeper.finish();
  bench.keeper.finish();
  expect(bench.bundles.map(({ packets }) => packets)).toEqual([1, 1]);
});

test('a flow is kept once, however often it is asked for', () => {
  const bench = new Bench({ followPackets: 1 });
  bench.frame(said(0), 0);
  for (let i = 1; i < 5; i++) {
    bench.keeper.keep(flow, facts(i));
    bench.frame(said(i), i);
  }
  expect(bench.bundles).toHaveLength(2);
  expect(bench.keeper.counters).toMatchObject({ asked: 4, repeated: 3, whole: 1, missed: 0, bundles: 2, packets: 2 });
});

test('another connection of the same two ends is another flow, and never stands for the one before', () => {
  const bench = new Bench();
  bench.frame(tcp({ from: client(), to: server, flags: Flag.SYN }), 0);
  bench.frame(tcp({ from: client(), to: server, flags: Flag.FIN | Flag.ACK }), 1);
  bench.frame(tcp({ from: client(), to: server, flags: Flag.SYN }), 10);
  bench.frame(said(1), 11);
  bench.keeper.keep(flow, facts(1));
  expect(bench.bundles).toEqual([]);
  expect(bench.keeper.counters).toMatchObject({ missed: 1 });
  bench.keeper.keep(flow, facts(11));
  expect(bench.bundles.map(({ packets }) => packets)).toEqual([2]);
  // And after a silence longer than a flow may have.
  bench.frame(said(2), 200);
  bench.keeper.keep(flow, facts(200));
  expect(bench.bundles.map(({ packets }) => packets)).toEqual([2, 1]);
});

test.each<[string, FlowKey, (n: number) => Uint8Array]>([
  [
    'UDP over IPv6',
    { src_ip: '2001:db8::1', src_port: 9, dst_ip: '2001:db8::2', dst_port: 443, protocol: 'udp' },
    () => udp('[2001:db8::2]:443', '[2001:db8::1]:9', text('x')),
  ],
  [
    'TCP from the higher address',
    { ...flow, src_ip: '192.0.2.9', src_port: 3333, dst_ip: '10.0.0.1', dst_port: 40_000 },
    said,
  ],
  [
    'ICMP',
    { src_ip: '10.0.0.2', src_port: 8, dst_ip: '10.0.0.1', dst_port: 0, protocol: 'icmp' },
    () =>
      ethernet(ip(1, Uint8Array.of(10, 0, 0, 2), Uint8Array.of(10, 0, 0, 1), Uint8Array.of(8, 0, 0, 0, 0, 1, 0, 1))),
  ],
  ['a VLAN', flow, (n) => ethernet(said(n).subarray(14), 7)],
])('a flow is found by the cells of its row: %s', (_, key, frameOf) => {
  const bench = new Bench();
  bench.frame(frameOf(0), 0);
  bench.keeper.keep(key, facts(1));
  expect(bench.bundles.map(({ packets }) => packets)).toEqual([1]);
});

test('a row says what to ask for', () => {
  const request = keepRequestOf(new Row(scoredTable([[tlsFlow]]), 0))!;
  expect(request.flow).toEqual({
    src_ip: '10.0.0.1',
    src_port: 40_000,
    dst_ip: '192.0.2.9',
    dst_port: 443,
    protocol: 'tcp',
  });
  expect(request.facts).toMatchObject({
    verdict: 'mining',
    flow_id: 4503599627370497,
    last_seen: '2026-02-03T04:05:07.500001999Z',
    lastUs: 1770091507500001,
  });
  expect(structuredClone(request)).toEqual(request);
  expect(keepRequestOf(new Row(scoredTable([[{ ...tlsFlow, src_ip: null }]]), 0))).toBeNull();
});

test('what is no flow is missed, not an error', () => {
  const bench = new Bench();
  bench.frame(said(0), 0);
  for (const wrong of [{ src_ip: 'x' }, { protocol: 'esp' }, { dst_ip: '2001:db8::1' }, { src_port: -1 }]) {
    bench.keeper.keep({ ...flow, ...wrong }, facts(1));
  }
  expect(bench.keeper.counters).toMatchObject({ asked: 4, missed: 4, bundles: 0 });
});

test('the verdict stands in the file, and what strangers wrote cannot steer a terminal', () => {
  const bench = new Bench();
  bench.frame(said(0), 0);
  const finding = `The name \u001b]0;owned\u0007\r\n\u202epool\u2028 ${'x'.repeat(90_000)}`;
  const evidence = Array.from({ length: 100 }, () => ({ source: 'names', finding, weight: -2 }));
  bench.keeper.keep(flow, facts(1, { evidence, verdict: 'min\ning' }));
  const [bundle] = bench.bundles as [EvidenceBundle];
  const written = new TextDecoder().decode(bundle.bytes);
  expect(written).toContain('verdict min\\u{a}ing, score 0.99, risk 10\nmodel mining@7\n');
  expect(written).toContain('flow 4503599627370497, tcp 10.0.0.1 40000 to 192.0.2.9 3333\n');
  expect(written).toContain('community_id 1:5Y2eH/ePLSV3lfkhTbyf+hKtdCQ=\n');
  expect(written).toContain('evidence names -2: The name \\u{1b}]0;owned\\u{7}\\u{d}\\u{a}\\u{202e}pool\\u{2028} xxx');
  for (const hidden of ['\u001b', '\u202e', '\u2028']) expect(written).not.toContain(hidden);
  expect(bundle.bytes.length).toBeLessThan(20_000);
  expect(framesOf(bundle)).toHaveLength(1);
});

test('frames of several links stand in one file with an interface for each', () => {
  const bench = new Bench();
  bench.frame(said(0), 0);
  bench.frame(said(1).subarray(14), 1, 0, 101);
  bench.keeper.keep(flow, facts(2));
  expect(framesOf(bench.bundles[0]!).map(({ linkType }) => linkType)).toEqual([1, 101]);
});

test('when there is no more room the oldest frames go, and the file says that some are missing', () => {
  const bench = new Bench({ ringBytes: 1 << 16 });
  const large = (n: number, port?: number) =>
    tcp({ from: client(port), to: server, payload: new Uint8Array(1_400).fill(n) });
  for (let i = 0; i < 10; i++) bench.frame(large(i), i);
  for (let i = 0; i < 40; i++) bench.frame(large(i, 50_000), 10 + i);
  bench.keeper.keep(flow, facts(10));
  const [bundle] = bench.bundles as [EvidenceBundle];
  const kept = framesOf(bundle);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.map(({ bytes }) => bytes)).toEqual(Array.from({ length: 10 }, (_, i) => large(i)).slice(-kept.length));
  expect(new TextDecoder().decode(bundle.bytes)).toContain('had been given up for want of room');
  expect(bench.keeper.counters.packetsGivenUp).toBe(10 - kept.length);
});

test('frames of any size, of any flows, in any order of time give what a plain map of them gives', () => {
  const random = new Prng(11);
  for (let round = 0; round < 12; round++) {
    const ringBytes = round % 2 === 0 ? 1 << 16 : 1 << 22;
    const bench = new Bench({
      ringBytes,
      packets: 6,
      frameBytes: 300,
      flows: round % 3 === 0 ? 8 : 100,
      idleTimeout: 0,
    });
    const first = new Map<number, Uint8Array[]>();
    for (let i = 0; i < 3_000; i++) {
      const port = 1_000 + (random.uint32() % 20);
      const frame = tcp({ from: client(port), to: server, payload: new Uint8Array(random.uint32() % 500).fill(i) });
      bench.frame(frame, (random.uint32() % 1_000) - 500);
      const list = first.get(port) ?? [];
      first.set(port, list);
      if (list.length < 6) list.push(frame.subarray(0, 300));
    }
    for (const [port, list] of first) {
      const before = bench.bundles.length;
      bench.keeper.keep({ ...flow, src_port: port }, facts(1e9));
      const [bundle] = bench.bundles.slice(before);
      if (bundle === undefined) continue;
      const kept = framesOf(bundle).map(({ bytes }) => bytes);
      // Flows that gave way began anew in the middle of what the map holds.
      if (round % 3 !== 0) expect(kept).toEqual(list.slice(-kept.length));
      if (ringBytes > 1 << 20 && round % 3 !== 0) expect(kept).toHaveLength(6);
    }
    expect(bench.keeper.counters.ringBytes).toBeLessThanOrEqual(ringBytes);
    expect(bench.keeper.counters.flows).toBeLessThanOrEqual(100);
  }
});

test('flows that are followed are bounded: the one judged first is handed on', () => {
  const bench = new Bench({ followed: 2 });
  for (let port = 1; port <= 4; port++) {
    bench.frame(said(0, port), port);
    bench.keeper.keep({ ...flow, src_port: port }, facts(port));
    bench.frame(said(1, port), port + 0.5);
  }
  expect(bench.bundles.filter(({ stretch }) => stretch === 'following').map(({ flow: of }) => of.src_port)).toEqual([
    1, 2,
  ]);
});

test('a flow that is followed and must give way is handed on first', () => {
  const bench = new Bench({ flows: 2 });
  bench.frame(said(0, 1), 0);
  bench.keeper.keep({ ...flow, src_port: 1 }, facts(0));
  bench.frame(said(1, 1), 0.1);
  for (let port = 2; port < 5; port++) bench.frame(said(0, port), port);
  expect(bench.bundles.map(({ stretch }) => stretch)).toEqual(['first', 'following']);
  bench.keeper.finish();
  expect(bench.bundles).toHaveLength(2);
});

test('damaged frames are passed over, and a frame larger than the ring is cut', () => {
  const bench = new Bench({ ringBytes: 1 << 16, frameBytes: 262_144 });
  const random = new Prng(5);
  for (let i = 0; i < 20_000; i++) {
    const bytes = said(i).slice(0, random.uint32() % 80);
    if (bytes.length > 0) bytes[random.uint32() % bytes.length] = random.uint32();
    bench.frame(bytes, i / 1000, 0, i % 5 === 0 ? 113 : ETHERNET);
  }
  for (let i = 0; i < 20; i++) bench.frame(tcp({ from: client(9), to: server, payload: new Uint8Array(60_000) }), 21);
  bench.keeper.keep({ ...flow, src_port: 9 }, facts(22));
  expect(framesOf(bench.bundles.at(-1)!).every(({ bytes }) => bytes.length <= 1 << 14)).toBe(true);
});

test('a million flows are held in the memory that was set aside', () => {
  const bench = new Bench({ flows: 10_000, ringBytes: 1 << 20 });
  const frame = said(0);
  const view = new DataView(frame.buffer, frame.byteOffset);
  const portAt = 14 + 20;
  for (let i = 0; i < 1_000_000; i++) {
    view.setUint16(portAt, i & 0xffff);
    view.setUint16(14 + 14, i >> 16);
    bench.keeper.frame(view, 0, frame.length, frame.length, US + i * 100, 0, ETHERNET);
  }
  const { flows, flowsGivenUp, ringBytes } = bench.keeper.counters;
  expect([flows, flows + flowsGivenUp]).toEqual([10_000, 1_000_000]);
  expect(ringBytes).toBeLessThanOrEqual(1 << 20);
});

const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0;

test.skipIf(!hasTcpdump)('tcpdump reads the file', () => {
  const bench = new Bench();
  bench.frame(said(0), 0, 123);
  bench.frame(answer(0), 1.5);
  bench.keeper.keep(flow, facts(2));
  const path = join(mkdtempSync(join(tmpdir(), 'flowlamp-')), 'evidence.pcapng');
  writeFileSync(path, bench.bundles[0]!.bytes);
  const { stdout, status } = spawnSync('tcpdump', ['-nn', '-tt', '--nano', '-r', path], { encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^1770000000\.000000123 IP 10\.0\.0\.1\.40000 > 192\.0\.2\.9\.3333:/);
  expect(stdout).toMatch(/\n1770000001\.500000000 IP 192\.0\.2\.9\.3333 > 10\.0\.0\.1\.40000:/);
});
