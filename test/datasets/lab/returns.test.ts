import { expect, test } from 'vitest';
import { type CaptureOptions, generateCapture } from '../../../datasets/lab/generate.ts';
import { dotted, readPackets } from './read-pcap.ts';

const OPTIONS: CaptureOptions = {
  seed: 11,
  name: 'returns',
  network: 5,
  flows: 120,
  miningShare: 0.5,
  windowSeconds: 3_600,
  messagesMedian: 12,
  flowsPerSite: 6,
};
const evading = await generateCapture({ ...OPTIONS, evasions: { share: 0.4 } });
const honest = await generateCapture({ ...OPTIONS, evasions: { share: 0 } });

type Flow = (typeof evading.flows)[number];
const key = (flow: Flow) => `${flow.src_ip} ${flow.src_port} ${flow.dst_ip}`;

/** First and last time of every flow. */
function spans(capture: typeof evading): Map<string, readonly [number, number]> {
  const times = new Map<string, [number, number]>();
  const owner = new Map(
    capture.flows.flatMap((flow) => {
      const [src, dst] = [dotted(flow.src_ip), dotted(flow.dst_ip)];
      return [
        [`${src}:${flow.src_port}>${dst}:${flow.dst_port}`, flow],
        [`${dst}:${flow.dst_port}>${src}:${flow.src_port}`, flow],
      ] as const;
    }),
  );
  for (const { atUs, src, dst, srcPort, dstPort } of readPackets(capture.pcap)) {
    const flow = owner.get(`${src}:${srcPort}>${dst}:${dstPort}`)!;
    const span = times.get(key(flow));
    if (span) span[1] = atUs;
    else times.set(key(flow), [atUs, atUs]);
  }
  return times;
}

test('clients of both labels come back to a site once their last connection is over', () => {
  const times = spans(honest);
  const pairs = new Map<string, Flow[]>();
  for (const flow of honest.flows) {
    const pair = `${flow.src_ip} ${flow.group}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), flow]);
  }
  const comebacks = { mining: 0, other: 0 };
  for (const flows of pairs.values()) {
    const ordered = flows.map((flow) => ({ flow, span: times.get(key(flow))! })).sort((a, b) => a.span[0] - b.span[0]);
    for (let i = 1; i < ordered.length; i++) {
      const pauseUs = ordered[i]!.span[0] - ordered[i - 1]!.span[1];
      if (pauseUs > 0 && pauseUs < 600e6) comebacks[ordered[i]!.flow.label]++;
    }
  }
  // Without returns a client meets the same site twice about twice in a capture like this one.
  expect(comebacks.mining).toBeGreaterThan(6);
  expect(comebacks.other).toBeGreaterThan(6);
});

test('the manifest says who evades, of both labels, and how hard', () => {
  const evaders = evading.flows.filter(({ evasions }) => evasions);
  for (const label of ['mining', 'other'] as const) {
    const count = evaders.filter((flow) => flow.label === label).length;
    expect(count).toBeGreaterThan(15);
    expect(count).toBeLessThan(52);
  }
  for (const { evasions } of evaders) {
    for (const strength of Object.values(evasions!)) expect(strength).toBeGreaterThan(0);
  }
  expect(honest.flows.some((flow) => 'evasions' in flow)).toBe(false);
});

test('evasions change no address, no dialogue and no label', () => {
  const bare = (flows: readonly Flow[]) => flows.map((flow) => `${key(flow)} ${flow.dialogue} ${flow.label}`).sort();
  const [a, b] = [new Set(bare(evading.flows)), new Set(bare(honest.flows))];
  const both = [...a].filter((flow) => b.has(flow)).length;
  expect(both).toBeGreaterThan(0.95 * Math.max(a.size, b.size)); // a few fall out of the window in one of them
});
