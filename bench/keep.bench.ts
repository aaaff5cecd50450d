/**
 * What keeping packets costs beside extraction: the frames of captures are decoded and followed with the keeper in front and
 * without it, turn about, until a million have passed. `node bench/run.mjs keep CAPTURE...`; times are of CPU.
 */
import { readFileSync } from 'node:fs';
import type { FrameSink } from '../features/capture/packet-sink.ts';
import { CaptureReader } from '../features/capture/reader.ts';
import { nodeDigests } from '../features/digests-node.ts';
import { Extractor } from '../features/extractor.ts';
import { PacketKeeper } from '../serve/keep/packet-keeper.ts';
import { printTable } from './harness.ts';

const RUNS = 5;
const PACKETS = 1_000_000;

/** A frame of a capture, whose bytes stay in memory. */
interface Held {
  readonly view: DataView;
  readonly wireLength: number;
  readonly us: number;
  readonly ns: number;
  readonly linkType: number;
}

const paths = process.argv.slice(2).filter((argument) => argument !== '--');
if (paths.length === 0) {
  console.error('usage: node bench/run.mjs keep CAPTURE...');
  process.exit(2);
}

const frames = paths.flatMap(framesOf);
const span =
  frames.reduce((most, { us }) => Math.max(most, us), 0) -
  frames.reduce((least, { us }) => Math.min(least, us), Infinity) +
  1e6;
const ways: [string, () => FrameSink][] = [
  ['extraction alone', extractor],
  ['with the keeper', () => both(new PacketKeeper(() => {}), extractor())],
  ['the keeper alone', () => new PacketKeeper(() => {})],
];
const times = ways.map((): number[] => []);
for (let run = 0; run <= RUNS; run++) {
  for (const [i, [, sinkOf]] of ways.entries()) {
    const time = cpuOf(() => passAll(sinkOf()));
    // The first round warms up.
    if (run > 0) times[i]!.push(time);
  }
}
printTable([
  [`${frames.length} packets, again and again`, 'ns a packet'],
  ...ways.map(([name], i) => [name, shown(times[i]!)]),
]);

function framesOf(path: string): Held[] {
  const held: Held[] = [];
  const reader = new CaptureReader(path, {
    frame(view, at, end, wireLength, us, ns, linkType) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset + at, end - at).slice();
      held.push({ view: new DataView(bytes.buffer), wireLength, us, ns, linkType });
    },
  });
  reader.write(readFileSync(path));
  reader.finish();
  return held;
}

function passAll(sink: FrameSink): void {
  for (let passed = 0, round = 0; passed < PACKETS; passed += frames.length, round++) {
    for (const { view, wireLength, us, ns, linkType } of frames) {
      sink.frame(view, 0, view.byteLength, wireLength, us + round * span, ns, linkType);
    }
  }
}

function extractor(): FrameSink {
  return new Extractor('bench', nodeDigests, () => {});
}

function both(first: FrameSink, second: FrameSink): FrameSink {
  return {
    frame(view, at, end, wireLength, us, ns, linkType) {
      first.frame(view, at, end, wireLength, us, ns, linkType);
      second.frame(view, at, end, wireLength, us, ns, linkType);
    },
  };
}

/** Nanoseconds a packet. */
function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1e3) / (Math.ceil(PACKETS / frames.length) * frames.length);
}

function shown(list: number[]): string {
  list.sort((a, b) => a - b);
  return `${list[list.length >> 1]!.toFixed(0)} (${list[0]!.toFixed(0)}-${list.at(-1)!.toFixed(0)})`;
}
