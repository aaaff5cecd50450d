/**
 * `flowlamp serve` as a process of its own, watched from outside: when its verdicts come, what it takes of the processor, by
 * thread, and how much memory. Linux: read from /proc.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { HeapSize } from '../serve/live/memory.ts';
import { mainPath, memoryOf } from './extract-process.ts';
import { cpuSeconds } from './sender.ts';

const PREFIX = /"row_kind":"prefix","last_seen":"([^"]+)"/g;

/** Seconds of processor time since the start. */
export interface CpuTimes {
  readonly all: number;
  /** Rows, model, sinks. */
  readonly main: number;
  /** Packets and flows. */
  readonly packets: number;
}

/** What the program says of itself in its log. */
export interface ServeStatus {
  readonly packets: number;
  readonly captureDrops: number | null;
  readonly liveFlows: number;
  readonly scored: Readonly<Record<string, number>>;
  readonly lostBySinks: Readonly<Record<string, number>>;
  readonly rssMiB: number;
  readonly heaps: { readonly rows: HeapSize; readonly packets: HeapSize | null };
}

export class ServeProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #statusListeners: ((status: ServeStatus) => void)[] = [];
  /** Of prefix rows whose last packet came at `since` or later: ms from it to the line's arrival here. */
  #latencies = new Float64Array(1 << 16);
  #count = 0;
  #since = Number.POSITIVE_INFINITY;
  #said = '';
  status: ServeStatus | null = null;
  /** Rows that came. */
  rows = 0;

  /** @param input standard input; it stays the caller's to close */
  constructor(args: readonly string[], input: number | 'ignore') {
    const options = process.env['FLOWLAMP_BENCH_NODE']?.split(' ') ?? [];
    this.#child = spawn(process.execPath, [...options, mainPath(), 'serve', ...args], {
      stdio: [input, 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve));
    this.#read(this.#child.stdout!, (text) => this.#takeRows(text));
    this.#read(this.#child.stderr!, (text) => this.#takeLog(text));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Times are kept from now on, of packets from `since` on, seconds since 1970. */
  timeFrom(since: number): void {
    this.#since = since;
    this.#count = 0;
  }

  /** Milliseconds, ascending. */
  latencies(): Float64Array {
    return this.#latencies.slice(0, this.#count).sort();
  }

  onStatus(listener: (status: ServeStatus) => void): void {
    this.#statusListeners.push(listener);
  }

  /** Settles when its log has said this. */
  async hasSaid(text: string): Promise<void> {
    while (!this.#said.includes(text)) await pause(50);
  }

  cpu(): CpuTimes {
    const times = new Map(
      readdirSync(`/proc/${this.pid}/task`).map((task) => [
        Number(task),
        cpuSeconds(`/proc/${this.pid}/task/${task}/stat`),
      ]),
    );
    const all = [...times.values()].reduce((sum, time) => sum + time, 0);
    const main = times.get(this.pid) ?? 0;
    times.delete(this.pid);
    return { all, main, packets: Math.max(0, ...times.values()) };
  }

  /** Bytes: resident now, and at most. */
  memory(): { readonly resident: number; readonly peak: number } {
    return memoryOf(this.pid) ?? { resident: Number.NaN, peak: Number.NaN };
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }

  /** @throws Error where it does not end well */
  async end(): Promise<void> {
    const code = await this.#ended;
    if (code !== 0) throw new Error(`flowlamp serve ended with ${code}: ${this.#said.slice(-2000)}`);
  }

  /** Whole lines, as they come. */
  #read(stream: Readable, take: (text: string) => void): void {
    let rest = '';
    stream.setEncoding('latin1');
    stream.on('data', (text: string) => {
      const end = text.lastIndexOf('\n') + 1;
      if (end === 0) {
        rest += text;
        return;
      }
      take(rest + text.slice(0, end));
      rest = text.slice(end);
    });
  }

  #takeRows(text: string): void {
    const now = Date.now() / 1000;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.rows++;
    for (const [, time] of text.matchAll(PREFIX)) {
      const packet = secondsOf(time!);
      if (packet >= this.#since) this.#keep(1000 * (now - packet));
    }
  }

  #keep(ms: number): void {
    if (this.#count === this.#latencies.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#latencies);
      this.#latencies = larger;
    }
    this.#latencies[this.#count++] = ms;
  }

  #takeLog(text: string): void {
    this.#said += text;
    this.#said = this.#said.slice(-10_000);
    for (const line of text.split('\n')) {
      if (!line.startsWith('{') || !line.includes('"lostBySinks"')) continue;
      this.status = JSON.parse(line) as ServeStatus;
      for (const listener of this.#statusListeners) listener(this.status);
    }
  }
}

/** With all digits, which Date does not read. */
function secondsOf(time: string): number {
  const [whole, fraction = '0'] = time.replace('Z', '').split('.');
  return Date.parse(`${whole}Z`) / 1000 + Number(`0.${fraction}`);
}

export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
