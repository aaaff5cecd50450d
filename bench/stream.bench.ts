/**
 * A long stream through a pipe: `node bench/run.mjs stream [--gb 20] [CAPTURE]`. The capture (Ethernet, pcap or pcapng) is
 * repeated with later times and other IPv4 addresses each time. Prints the memory by quarter of the time, and fails if
 * the last quarter's is more than a tenth above the first's.
 */
import { parseArgs } from 'node:util';
import { newInputAccount, readInput } from '../features/capture/input.ts';
import { CaptureReader } from '../features/capture/reader.ts';
import { fields } from '../test/support/bytes.ts';
import { pcap } from '../test/support/captures.ts';
import { feedExtract, mebibytes, median } from './extract-process.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { gb: { type: 'string', default: '20' } },
});
const path = positionals[0] ?? 'datasets/samples/demo.pcap';
const bytesWanted = Number(values.gb) * 1e9;
const PIECE_BYTES = 1 << 20;
const RECORD_HEADER = 16;
/** Half a minute: the first seconds are the program warming up. */
const LEAST_SAMPLES = 60;
/** Later than the idle timeout, so that no flow goes on from one repetition to the next. */
const PAUSE_SECONDS = 300;

interface Template {
  /** Records of a pcap file with microseconds, little-endian. */
  readonly records: Uint8Array<ArrayBuffer>;
  /** Where each record begins. */
  readonly starts: readonly number[];
  readonly spanSeconds: number;
}

async function loadTemplate(): Promise<Template> {
  const parts: Uint8Array[] = [];
  const starts: number[] = [];
  let length = 0;
  let first = Infinity;
  let last = -Infinity;
  const reader = new CaptureReader(path, {
    frame(view, at, end, wireLength, us) {
      const frame = new Uint8Array(view.buffer.slice(at, end) as ArrayBuffer);
      const seconds = Math.floor(us / 1e6);
      const head = fields(true, [seconds, 4], [us - seconds * 1e6, 4], [frame.length, 4], [wireLength, 4]);
      parts.push(head, frame);
      starts.push(length);
      length += RECORD_HEADER + frame.length;
      first = Math.min(first, seconds);
      last = Math.max(last, seconds);
    },
  });
  for await (const piece of readInput(path, newInputAccount())) reader.write(piece);
  reader.finish();
  return { records: joined(parts, length), starts, spanSeconds: last - first };
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Moves every record on in time and, where it is IPv4 right behind Ethernet, to the next network. */
function moveOn({ records, starts, spanSeconds }: Template): void {
  const view = new DataView(records.buffer);
  for (const start of starts) {
    view.setUint32(start, view.getUint32(start, true) + spanSeconds + PAUSE_SECONDS, true);
    const ethernet = start + RECORD_HEADER;
    if (view.getUint32(start + 8, true) < 34 || view.getUint16(ethernet + 12) !== 0x0800) continue;
    records[ethernet + 14 + 12]!++;
    records[ethernet + 14 + 16]!++;
  }
}

function* stream(template: Template): Generator<Uint8Array> {
  yield pcap([]);
  for (let bytes = 0; bytes < bytesWanted; bytes += template.records.length) {
    for (let at = 0; at < template.records.length; at += PIECE_BYTES) {
      // A copy, because the pipe may hold a piece while the template moves on.
      yield template.records.slice(at, at + PIECE_BYTES);
    }
    moveOn(template);
  }
}

const template = await loadTemplate();
const { seconds, bytes, samples, peak, said } = await feedExtract(['-f', 'arrow'], stream(template));
const quarter = Math.max(1, Math.floor(samples.length / 4));
const medians = [0, 1, 2, 3].map((i) => median(samples.slice(i * quarter, (i + 1) * quarter)));
console.log(said);
console.log(
  `${(bytes / 1e9).toFixed(1)} GB in ${seconds.toFixed(0)} s (${Math.round(bytes / 1e6 / seconds)} MB/s): ` +
    `median by quarter ${medians.map(mebibytes).join(', ')}; peak ${mebibytes(peak)}`,
);
if (samples.length < LEAST_SAMPLES) console.log('too short a run to tell whether memory grows');
else if (medians[3]! > medians[0]! * 1.1) process.exitCode = 1;
