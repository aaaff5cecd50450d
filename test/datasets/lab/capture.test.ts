import { expect, test } from 'vitest';
import { type CaptureOptions, generateCapture } from '../../../datasets/lab/generate.ts';
import { dotted, onesComplement, type ReadPacket, readPackets, reassemble, tlsRecords } from './read-pcap.ts';

const OPTIONS: CaptureOptions = {
  seed: 2,
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
    if (flow.encapsulation === 'plain') continue;
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

test('plain JSON protocols are readable after reassembly', () => {
  const lines = ['cryptonote', 'stratum-v1', 'stratum-zcash', 'ethproxy', 'ethereum-stratum'];
  const flow = first.flows.find(({ encapsulation, dialogue }) => encapsulation === 'plain' && lines.includes(dialogue));
  expect(flow).toBeDefined();
  const text = new TextDecoder().decode(reassemble(directions(flow!, packets).up) ?? new Uint8Array(0));
  for (const line of text.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
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
    if (flow.encapsulation === 'plain') continue;
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
