import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { CLEAN_TAP, drawTap, type Tap } from '../../../datasets/lab/capture/tap.ts';
import { type CaptureOptions, generateCapture } from '../../../datasets/lab/generate.ts';
import { extractRows } from '../../support/rows.ts';
import { dotted, onesComplement, type ReadPacket, readPackets, reassemble, tlsRecords } from './read-pcap.ts';

const OPTIONS: CaptureOptions = {
  seed: 9,
  name: 'a',
  network: 3,
  flows: 40,
  miningShare: 0.4,
  windowSeconds: 1_200,
  messagesMedian: 40,
};
const first = await generateCapture(OPTIONS);
const second = await generateCapture(OPTIONS);
const packets = readPackets(first.pcap);

type Flow = (typeof first.flows)[number];

/** TLS from the first byte to the last. */
const isTls = ({ encapsulation }: Flow) => ['tls12', 'tls13', 'websocket-tls'].includes(encapsulation);

function directions(flow: Flow, all: readonly ReadPacket[]): { up: ReadPacket[]; dn: ReadPacket[] } {
  const [src, dst] = [dotted(flow.src_ip), dotted(flow.dst_ip)];
  const up = all.filter(
    (p) => p.src === src && p.dst === dst && p.srcPort === flow.src_port && p.dstPort === flow.dst_port,
  );
  const dn = all.filter(
    (p) => p.src === dst && p.dst === src && p.srcPort === flow.dst_port && p.dstPort === flow.src_port,
  );
  return { up, dn };
}

test('packets are in time order and within the window', () => {
  expect(packets.length).toBe(first.packets);
  for (let i = 1; i < packets.length; i++) expect(packets[i]!.atUs).toBeGreaterThanOrEqual(packets[i - 1]!.atUs);
  expect(packets[packets.length - 1]!.atUs - packets[0]!.atUs).toBeLessThan(1_200e6);
});

test('every IPv4 and TCP checksum is right, over both IP versions', () => {
  let v6Count = 0;
  for (const { frame } of packets) {
    const v6 = frame[12] === 0x86;
    if (v6) v6Count++;
    else expect(onesComplement(frame.subarray(14, 34))).toBe(0xffff);
    const segment = frame.subarray(v6 ? 54 : 34);
    const addresses = v6 ? frame.subarray(22, 54) : frame.subarray(26, 34);
    expect(onesComplement([...addresses, 0, 6, segment.length >> 8, segment.length & 255, ...segment])).toBe(0xffff);
  }
  expect(v6Count).toBeGreaterThan(0);
});

test('every flow of the manifest is in the capture, and no packet belongs to none', () => {
  expect(first.flows.length).toBeGreaterThan(35);
  let found = 0;
  for (const flow of first.flows) {
    const { up, dn } = directions(flow, packets);
    expect(up.length).toBeGreaterThan(0);
    expect(dn.length).toBeGreaterThan(0);
    found += up.length + dn.length;
  }
  expect(found).toBe(packets.length);
});

test('what was encapsulated in TLS parses as TLS from the ClientHello to the last record', () => {
  let checked = 0;
  for (const flow of first.flows) {
    if (!isTls(flow)) continue;
    const { up, dn } = directions(flow, packets);
    const [client, server] = [reassemble(up), reassemble(dn)];
    if (!client || !server || client.length === 0) continue; // caught in the middle
    expect([...client.subarray(0, 2), client[5]]).toEqual([0x16, 0x03, 0x01]); // handshake record, ClientHello
    expect([...server.subarray(0, 2), server[5]]).toEqual([0x16, 0x03, 0x02]); // handshake record, ServerHello
    expect(tlsRecords(client).some((record) => record.type === 23)).toBe(true);
    expect(tlsRecords(server).length).toBeGreaterThan(2);
    checked++;
  }
  expect(checked).toBeGreaterThan(20);
});

test('plain JSON protocols are readable after reassembly', async () => {
  const dialogues = ['cryptonote', 'stratum-v1', 'stratum-zcash', 'ethproxy', 'ethereum-stratum'];
  const choice = { dialogues, encapsulations: ['plain'] };
  const { pcap, flows } = await generateCapture({ ...OPTIONS, flows: 12, miningShare: 1, choice });
  const all = readPackets(pcap);
  for (const flow of flows) {
    expect(flow).toMatchObject({ encapsulation: 'plain', label: 'mining' });
    const text = new TextDecoder().decode(reassemble(directions(flow, all).up)!);
    for (const line of text.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  }
});

test('plain captures are the same to the byte, whatever the tap', async () => {
  for (let seed = 0; seed < 6; seed++) {
    const options = { ...OPTIONS, seed, choice: { encapsulations: ['plain'] }, tap: drawTap(new Prng(seed)) };
    const [one, two] = [await generateCapture(options), await generateCapture(options)];
    expect(Buffer.compare(one.pcap, two.pcap)).toBe(0);
  }
});

test('the same seed gives the same flows, times and application records; only handshake lengths may differ by bytes', () => {
  expect(second.flows).toEqual(first.flows);
  const again = readPackets(second.pcap);
  for (const flow of first.flows) {
    const [one, two] = [directions(flow, packets), directions(flow, again)];
    // Five seconds into the flow the handshake is over: from there on every time and every length must agree.
    const settled = ({ up, dn }: typeof one) => {
      const fromUs = Math.min(up[0]!.atUs, dn[0]!.atUs) + 5e6;
      return [up, dn].map((side) =>
        side.filter((p) => p.atUs > fromUs).map((p) => [p.atUs, p.payload.length, p.flags]),
      );
    };
    expect(settled(two)).toEqual(settled(one));
    if (!isTls(flow)) continue;
    for (const side of ['up', 'dn'] as const) {
      const [a, b] = [reassemble(one[side]), reassemble(two[side])];
      if (!a || !b) continue;
      const [left, right] = [tlsRecords(a), tlsRecords(b)];
      expect(right.map(({ type }) => type)).toEqual(left.map(({ type }) => type));
      // ECDSA signatures are DER: each of their integers is a byte shorter now and then; tickets round that up to 16.
      left.forEach((record, i) => {
        expect(Math.abs(record.length - right[i]!.length)).toBeLessThanOrEqual(24);
      });
    }
  }
});

test('another network shares no address, another seed no capture', async () => {
  const other = await generateCapture({ ...OPTIONS, name: 'b', network: 4, flows: 12 });
  const addresses = new Set(first.flows.flatMap((flow) => [flow.src_ip, flow.dst_ip]));
  for (const flow of other.flows) {
    expect(addresses.has(flow.src_ip)).toBe(false);
    expect(addresses.has(flow.dst_ip)).toBe(false);
  }
});

test('some clients have flows of both labels', () => {
  const labels = new Map<string, Set<string>>();
  for (const flow of first.flows) labels.set(flow.src_ip, (labels.get(flow.src_ip) ?? new Set()).add(flow.label));
  expect([...labels.values()].filter((set) => set.size === 2).length).toBeGreaterThan(2);
});

test('impossible options are refused with a sentence', async () => {
  await expect(generateCapture({ ...OPTIONS, miningShare: 2 })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await expect(generateCapture({ ...OPTIONS, flows: 0 })).rejects.toThrow('flows is 0');
});

const through = (tap: Partial<Tap>, more: Partial<CaptureOptions> = {}) =>
  generateCapture({ ...OPTIONS, ...more, tap: { ...CLEAN_TAP, ...tap } });

test('a recording that begins late finds sessions in the middle, and no flow is lost by it', async () => {
  const seeds = [9, 10, 11, 12];
  let begun = 0;
  let early = 0;
  for (const seed of seeds) {
    // One visit a site: who comes back begins anew.
    const { pcap, flows } = await through({ underwayShare: 1 }, { flowsPerSite: 1, seed });
    expect(flows.length).toBe(OPTIONS.flows);
    const all = readPackets(pcap);
    begun += flows.filter((flow) => directions(flow, all).up.some(({ flags }) => flags === 2)).length;
    early += flows.filter((flow) => directions(flow, all).up.some(({ atUs }) => atUs < all[0]!.atUs + 5e6)).length;
  }
  const half = (seeds.length * OPTIONS.flows) / 2;
  // Many were over long before, however long they were meant to last, and took place again later.
  expect(begun).toBeLessThan(half);
  expect(early).toBeLessThan(half); // they do not all begin with the recording
});

test('a snapshot length cuts frames and says how long they were', async () => {
  const plain = { choice: { encapsulations: ['plain'] } };
  const [whole, cut] = [await through({}, plain), await through({ snapLength: 96 }, plain)];
  const [all, short] = [readPackets(whole.pcap), readPackets(cut.pcap)];
  expect(Math.max(...short.map(({ frame }) => frame.length))).toBe(96);
  expect(short.map(({ originalLength }) => originalLength)).toEqual(all.map(({ frame }) => frame.length));
});

test('a clock of nanoseconds keeps the microseconds and the order', async () => {
  const plain = { choice: { encapsulations: ['plain'] } };
  const [us, ns] = [await through({}, plain), await through({ resolution: 'ns' }, plain)];
  const [coarse, fine] = [readPackets(us.pcap), readPackets(ns.pcap)];
  expect(fine.map(({ atUs }) => Math.floor(atUs))).toEqual(coarse.map(({ atUs }) => atUs));
  expect(fine.some(({ belowUs }) => belowUs > 0)).toBe(true);
  const times = fine.map(({ atUs, belowUs }) => [atUs, belowUs] as const);
  expect(times.every(([at, ns], i) => i === 0 || at > times[i - 1]![0] || ns >= times[i - 1]![1])).toBe(true);
});

test('asymmetric routes leave one direction of a site, of both labels', async () => {
  const { pcap, flows } = await through({ oneSidedShare: 0.5 });
  const all = readPackets(pcap);
  const bySite = new Map<string, Set<string>>();
  const labels = new Set<string>();
  for (const flow of flows) {
    const { up, dn } = directions(flow, all);
    const seen = up.length === 0 ? 'dn' : dn.length === 0 ? 'up' : 'both';
    bySite.set(flow.group, (bySite.get(flow.group) ?? new Set()).add(seen));
    if (seen !== 'both') labels.add(flow.label);
  }
  expect([...bySite.values()].every((kinds) => kinds.size === 1)).toBe(true);
  expect(new Set([...bySite.values()].flatMap((kinds) => [...kinds]))).toEqual(new Set(['up', 'dn', 'both']));
  expect(labels).toEqual(new Set(['mining', 'other']));
});

test('a host whose card joins what it receives has the same bytes in longer frames', async () => {
  const choice = { dialogues: ['download'], encapsulations: ['plain'] };
  const more: Partial<CaptureOptions> = { miningShare: 0, choice };
  const [none, both] = [await through({}, more), await through({ offload: 'both' }, more)];
  const longest = (pcap: Uint8Array) => Math.max(...readPackets(pcap).map(({ payload }) => payload.length));
  expect(longest(none.pcap)).toBeLessThanOrEqual(1_460);
  expect(longest(both.pcap)).toBeGreaterThan(2_800);
  for (const flow of none.flows.slice(0, 10)) {
    const sides = [none, both].map(({ pcap }) => reassemble(directions(flow, readPackets(pcap)).dn));
    if (sides.includes(null)) continue; // caught in the middle
    expect(Buffer.compare(sides[0]!, sides[1]!)).toBe(0);
  }
});

test('a compressed capture is the same capture', async () => {
  const plain = { ...OPTIONS, flows: 150, choice: { encapsulations: ['plain'] } };
  const [whole, packed] = [await generateCapture(plain), await generateCapture({ ...plain, gzip: true })];
  expect(whole.pcap.length).toBeGreaterThan(1 << 20); // more than one piece
  expect(Buffer.compare(gunzipSync(packed.pcap), whole.pcap)).toBe(0);
  expect(packed.bytes).toBe(packed.pcap.length);
});

test("a tap on the client's host sees its answers at once", async () => {
  const answers = async (onHost: boolean) => {
    const { pcap } = await through({ onHost }, { flows: 20 });
    const all = extractRows(pcap).rows.map((row) => row['synack_to_ack_us'] as number | null);
    return all.filter((us) => us !== null).sort((a, b) => a - b);
  };
  const [away, near] = [await answers(false), await answers(true)];
  expect(near.length).toBeGreaterThan(15);
  expect(near.at(-1)).toBeLessThan(100);
  expect(away[away.length >> 1]).toBeGreaterThan(200);
});

test('who evades by not naming the server sends no SNI', async () => {
  const choice = { encapsulations: ['tls13'] };
  const evasions = { share: 1, strength: 1, names: ['no-sni' as const] };
  const names = async (more: Partial<CaptureOptions>) =>
    extractRows((await through({}, { flows: 20, choice, ...more })).pcap).rows.map((row) => row['sni']);
  expect((await names({ evasions: { share: 0 } })).some((name) => name !== null)).toBe(true);
  expect(new Set(await names({ evasions }))).toEqual(new Set([null]));
});
