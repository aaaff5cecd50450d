/**
 * The sidecar under load. `node bench/run.mjs serve CAPTURE`: the capture through a pipe into `flowlamp serve` at rising rates,
 * the replayer on the same machine, and the highest rate at which nothing is lost. `--soak MINUTES --rate N`: memory over time.
 * `--tcpdump`: a capture on the loopback interface of a network namespace of its own (Linux, root).
 *
 * The time of a verdict is that from the moment at which the packet that decides was due to be sent (by tcpdump: from the
 * kernel's stamp) until the row arrives here, in another process: of rows after the first N packets of a flow. It includes the pipe,
 * where the packet waits in the replayer's ring, ticks, the model, and the sink's line of JSON through a second pipe.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { HeapSize } from '../serve/live/memory.ts';
import { mebibytes } from './extract-process.ts';
import { percent, printTable } from './harness.ts';
import { Sender } from './sender.ts';
import { percentile, ServeProcess } from './serve-process.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== '--'),
  allowPositionals: true,
  options: {
    rates: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '5' },
    // Of the replayer, MiB: what waits there until it is read.
    ring: { type: 'string', default: '16' },
    soak: { type: 'string' },
    rate: { type: 'string', default: '20000' },
    tcpdump: { type: 'boolean', default: false },
    // More options of serve.
    flags: { type: 'string', default: '' },
    // Rows with all columns go to this file, besides those that are timed.
    rows: { type: 'string' },
  },
});
const capture = positionals[0] ?? 'datasets/samples/demo.pcap';
const [seconds, warmUp] = [Number(values.seconds), Number(values['warm-up'])];
/** Packets a second of the first step; doubled until something is lost. */
const FIRST_RATE = 25_000;
const BISECTIONS = 3;
/** Set in the namespace. */
const INSIDE = 'FLOWLAMP_BENCH_INSIDE';
const HEADS = [
  'packets/s',
  'sent/s',
  'lost',
  'rows/s',
  'p50 ms',
  'p99 ms',
  'cores: packets',
  'rows',
  'all',
  'replayer',
  'peak memory',
  'load',
];

interface Step {
  readonly rate: number;
  readonly isLossless: boolean;
  readonly cells: readonly string[];
}

if (values.soak !== undefined) await soak(Number(values.soak), Number(values.rate));
else if (values.tcpdump) await onLoopback(Number(values.rate));
else await rise();

async function rise(): Promise<void> {
  const steps: Step[] = [];
  const tryOut = async (rate: number) => {
    const step = await stepAt(rate);
    console.log(step.cells.join('  '));
    steps.push(step);
    return step.isLossless;
  };
  if (values.rates !== undefined) for (const rate of values.rates.split(',')) await tryOut(Number(rate));
  else await search(tryOut);
  console.log();
  printTable([HEADS, ...steps.sort((a, b) => a.rate - b.rate).map(({ cells }) => cells)]);
  const best = Math.max(0, ...steps.flatMap(({ rate, isLossless }) => (isLossless ? [rate] : [])));
  console.log(`highest rate without loss: ${best} packets/s, for ${seconds} s`);
}

async function search(tryOut: (rate: number) => Promise<boolean>): Promise<void> {
  let [good, bad] = [0, FIRST_RATE];
  while (await tryOut(bad)) {
    good = bad;
    bad *= 2;
  }
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = Math.round((good + bad) / 2000) * 1000;
    if (await tryOut(middle)) good = middle;
    else bad = middle;
  }
}

async function stepAt(rate: number): Promise<Step> {
  const { serve, replayer } = replayInto(rate, seconds, warmUp);
  serve.timeFrom(await replayer.warm);
  const [began, cpuBefore, replayerBefore, rowsBefore] = [performance.now(), serve.cpu(), replayer.cpu(), serve.rows];
  await pause(1000 * seconds - 500);
  const took = (performance.now() - began) / 1000;
  const cpu = serve.cpu();
  const cores = (after: number, before: number) => ((after - before) / took).toFixed(2);
  const replayerCores = cores(replayer.cpu(), replayerBefore);
  const rows = (serve.rows - rowsBefore) / took;
  const { peak } = serve.memory();
  const load = loadavg()[0]!;
  // Before the stream ends: what it ends is looked at all at once.
  const times = serve.latencies();
  const { packets, lost, packetsPerSecond } = await replayer.over;
  await serve.end();
  const cells = [
    String(rate),
    String(Math.round(packetsPerSecond)),
    lost === 0 ? '0' : percent(lost / (lost + packets)),
    String(Math.round(rows)),
    percentile(times, 0.5).toFixed(1),
    percentile(times, 0.99).toFixed(1),
    cores(cpu.packets, cpuBefore.packets),
    cores(cpu.main, cpuBefore.main),
    cores(cpu.all, cpuBefore.all),
    replayerCores,
    mebibytes(peak),
    load.toFixed(1),
  ];
  return { rate, isLossless: lost === 0, cells };
}

async function soak(minutes: number, rate: number): Promise<void> {
  const { serve, replayer } = replayInto(rate, 60 * minutes, 1);
  const started = Date.now();
  serve.timeFrom(started / 1000);
  serve.onStatus(({ packets, liveFlows, lostBySinks, heaps }) => {
    const minute = ((Date.now() - started) / 60_000).toFixed(0);
    const { resident } = serve.memory();
    const times = serve.latencies();
    const late = `p50 ${percentile(times, 0.5).toFixed(1)}, p99 ${percentile(times, 0.99).toFixed(1)} ms`;
    serve.timeFrom(Date.now() / 1000);
    const lost = Object.values(lostBySinks).reduce((sum, count) => sum + count, 0);
    console.log(
      `${minute} min: ${mebibytes(resident)} (rows ${heapText(heaps.rows)}, packets ${heapText(heaps.packets)}), ` +
        `${liveFlows} live flows; ${packets} packets, ${serve.rows} rows, ` +
        `${lost} items lost by sinks; ${late}; load ${loadavg()[0]!.toFixed(1)}`,
    );
  });
  const outcome = await replayer.over;
  const { peak } = serve.memory();
  await serve.end();
  console.log(`${JSON.stringify(outcome)}; peak ${mebibytes(peak)}`);
}

/** Objects, room for objects, and bytes outside, MiB. */
function heapText(heap: HeapSize | null): string {
  return heap === null ? '-' : `${heap.usedMiB}/${heap.heldMiB}+${heap.outsideMiB}`;
}

/** Loopback of a network namespace, so that nothing else is heard and nobody hears it. */
async function onLoopback(rate: number): Promise<void> {
  if (process.env[INSIDE] === undefined) {
    const again = [process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
    const command = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...again];
    execFileSync('unshare', command, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
    return;
  }
  const serve = new ServeProcess(['--interface', 'lo', ...serveFlags()], 'ignore');
  await serve.hasSaid('captures');
  await pause(1_000);
  const sender = new Sender(
    './send-datagrams.bench.js',
    ['--rate', String(rate), '--seconds', String(seconds)],
    'ignore',
  );
  serve.timeFrom(Date.now() / 1000);
  const before = packetsOnLoopback();
  await sender.over;
  const packets = packetsOnLoopback() - before;
  await pause(1_000);
  const times = serve.latencies();
  serve.stop();
  await serve.end();
  const { status } = serve;
  console.log(
    `${packets} datagrams on the interface, ${rate}/s asked for, ${status?.packets} counted, ${status?.captureDrops} dropped by the kernel; ` +
      `${times.length} verdicts: p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms; ` +
      `load ${loadavg()[0]!.toFixed(1)}`,
  );
}

/** By the kernel's count. */
function packetsOnLoopback(): number {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith('lo:'));
  return Number(line?.trim().split(/\s+/)[2]);
}

/** A replayer and a sidecar, one pipe between them. */
function replayInto(
  rate: number,
  forSeconds: number,
  warmUpSeconds: number,
): { serve: ServeProcess; replayer: Sender } {
  const folder = mkdtempSync(join(tmpdir(), 'flowlamp-bench-'));
  const fifo = join(folder, 'packets');
  execFileSync('mkfifo', [fifo]);
  const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(fifo, constants.O_WRONLY);
  const serve = new ServeProcess(['--pcap', '-', ...serveFlags()], reading);
  const options = { rate, seconds: forSeconds, 'warm-up': warmUpSeconds, ring: values.ring };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const replayer = new Sender('./replay-pipe.bench.js', [capture, ...args, '--now', '--move'], writing);
  for (const file of [reading, writing]) closeSync(file);
  rmSync(folder, { recursive: true });
  return { serve, replayer };
}

function serveFlags(): string[] {
  const sinks = ['jsonl:-?columns=row_kind,last_seen', ...(values.rows === undefined ? [] : [`jsonl:${values.rows}`])];
  const flags = values.flags.split(' ').filter((word) => word !== '');
  return [...sinks.flatMap((sink) => ['--sink', sink]), '--http', '127.0.0.1:0', ...flags];
}
