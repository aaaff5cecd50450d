/**
 * Writes a capture to standard output at so many packets a second, as a capturing program does: what the reader does not take
 * in time waits in a ring of so many MiB, and what does not fit is lost and counted. The result is a line of JSON on standard
 * error. `node bench/run.mjs replay-pipe -- CAPTURE --rate 100000 --seconds 10 | flowlamp serve --pcap -`
 */
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { newInputAccount, readInput } from '../features/capture/input.ts';
import { PcapFeed } from './pcap-feed.ts';

const STANDARD_OUTPUT = 1;
/** Written at once: more than a pipe takes, so that the reader is woken seldom. */
const CHUNK_BYTES = 1 << 17;
/** Between looks at the clock. */
const NAP_MS = 1;

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== '--'),
  allowPositionals: true,
  options: {
    rate: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '10' },
    ring: { type: 'string', default: '16' },
    // Times are those of sending: what the reader makes of a packet can be timed by the packet.
    now: { type: 'boolean', default: false },
    // Before the packets that count, at half the rate, seconds.
    'warm-up': { type: 'string', default: '0' },
    // Each time that the capture begins anew, in other networks: other flows.
    move: { type: 'boolean', default: false },
    // The capture once, however long that takes.
    once: { type: 'boolean', default: false },
  },
});
const [path] = positionals;
if (path === undefined)
  throw new Error(
    'usage: replay-pipe CAPTURE [--rate N] [--seconds S] [--ring MIB] [--warm-up S] [--now] [--move] [--once]',
  );

const feed = new PcapFeed(await contentOf(path));
const [rate, ringBytes] = [Number(values.rate), Number(values.ring) * (1 << 20)];
/** The packet that is next. */
let next = 0;
write(feed.header);
if (Number(values['warm-up']) > 0) {
  play(rate / 2, Number(values['warm-up']), ringBytes);
  process.stderr.write(`${JSON.stringify({ warmUntil: Date.now() / 1000 })}\n`);
}
const outcome = play(rate, Number(values.seconds), ringBytes);
process.stderr.write(`${JSON.stringify(outcome)}\n`);

function play(rate: number, seconds: number, ringBytes: number) {
  const total = values.once ? feed.packets : Math.round(rate * seconds);
  const [started, startedAt] = [performance.now(), Date.now() / 1000];
  let [sent, lost, bytes, blockedMs] = [0, 0, 0, 0];
  while (sent + lost < total) {
    const elapsed = performance.now() - started;
    const due = Math.min(total, Math.floor((elapsed * rate) / 1000));
    const done = sent + lost;
    if (due - done < Math.min(rate / 1000, total - done)) {
      nap();
      continue;
    }
    const first = next;
    const end = endOf(first, due - done);
    if (isOverflowing(first, due - done, ringBytes)) {
      lost += end - first;
      wrap(end);
      continue;
    }
    if (values.now) feed.stamp(first, end, startedAt + done / rate, 1 / rate);
    const before = performance.now();
    if (!write(feed.records(first, end))) break;
    blockedMs += performance.now() - before;
    if (values.move) feed.move(first, end);
    bytes += feed.bytesOf(first, end);
    sent += end - first;
    wrap(end);
  }
  const took = (performance.now() - started) / 1000;
  const packetsPerSecond = sent / took;
  return { packets: sent, lost, bytes, startedAt, seconds: took, packetsPerSecond, blockedMs: Math.round(blockedMs) };
}

/** Behind the last of `count` records from `first` that fit a chunk and lie before the end of the capture. */
function endOf(first: number, count: number): number {
  let low = first + 1;
  let high = Math.min(feed.packets, first + count);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (feed.bytesOf(first, middle) <= CHUNK_BYTES) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Whether so many packets that are due would not fit the ring. */
function isOverflowing(first: number, waiting: number, ringBytes: number): boolean {
  const mean = feed.bytesOf(0, feed.packets) / feed.packets;
  const end = first + waiting;
  return (end <= feed.packets ? feed.bytesOf(first, end) : waiting * mean) > ringBytes;
}

/** At its end the capture follows itself. */
function wrap(end: number): void {
  next = end % feed.packets;
  if (next === 0 && !values.now) feed.shift(feed.span);
}

/** False once nobody reads. */
function write(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(STANDARD_OUTPUT, bytes, at);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw cause;
      nap();
    }
  }
  return true;
}

function nap(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS);
}

async function contentOf(capture: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readInput(capture, newInputAccount())) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}
