/** What the tests of sources share: sinks that keep what comes, captures of numbered packets, programs that play tcpdump. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, expect } from 'vitest';
import { CaptureReader } from '../../../features/capture/reader.ts';
import type { Source, SourceNews, StreamSink } from '../../../serve/live/source.ts';
import { pcap } from '../../support/captures.ts';
import { udp } from '../../support/frames.ts';

export const START = 1_700_000_000;

/** A frame whose number can be read again, at `START + at` seconds. */
export function numbered(number: number, at = number): { readonly at: number; readonly bytes: Uint8Array } {
  const payload = new Uint8Array(64);
  new DataView(payload.buffer).setUint32(0, number);
  return { at: START + at, bytes: udp('10.0.0.1:1000', '10.0.0.2:2000', payload) };
}

/** A capture of the packets numbered from `first` to below `end`, a second apart. */
export function captureOf(first: number, end: number): Uint8Array {
  return pcap(Array.from({ length: end - first }, (_, i) => numbered(first + i)));
}

/** Offset of the number in a frame: behind Ethernet, IPv4 and UDP. */
const NUMBER_AT = 14 + 20 + 8;

/** Reads as the sidecar does, and keeps what it saw. */
export class KeepingSink implements StreamSink {
  /** Names of streams, as they began. */
  readonly names: string[] = [];
  /** Numbers of packets, as they came. */
  readonly numbers: number[] = [];
  /** Seconds since START of each. */
  readonly times: number[] = [];
  /** What the reader said at the end of each stream. */
  readonly damages: string[] = [];
  pieces = 0;
  /** Called with each piece; may hold the source up, or throw. */
  onPiece: (piece: Uint8Array) => void | Promise<void> = () => undefined;
  #reader: CaptureReader | null = null;

  begin(name: string): void {
    expect(this.#reader, 'the stream before has ended').toBeNull();
    this.names.push(name);
    this.#reader = new CaptureReader(name, {
      frame: (view, at, end, _wire, us) => {
        this.numbers.push(end - at >= NUMBER_AT + 4 ? view.getUint32(at + NUMBER_AT) : -1);
        this.times.push(us / 1e6 - START);
      },
    });
  }

  write(piece: Uint8Array): void | Promise<void> {
    this.pieces++;
    this.#reader!.write(piece);
    return this.onPiece(piece);
  }

  end(): void {
    this.damages.push(this.#reader!.finish().damage);
    this.#reader = null;
  }

  get isOpen(): boolean {
    return this.#reader !== null;
  }
}

export interface Running {
  readonly sink: KeepingSink;
  readonly news: SourceNews[];
  /** All that was told, a line each. */
  readonly told: () => string;
  readonly stop: () => Promise<void>;
  readonly ended: Promise<void>;
}

const running = new Set<() => Promise<unknown>>();
afterEach(async () => {
  for (const stop of running) await stop().catch(() => undefined);
  running.clear();
});

/** Runs a source in the background; it is stopped after the test. */
export function start(source: Source, sink = new KeepingSink()): Running {
  const news: SourceNews[] = [];
  const abort = new AbortController();
  const ended = source.run(sink, abort.signal, (item) => void news.push(item));
  ended.catch(() => undefined);
  const stop = async () => {
    abort.abort();
    await ended;
  };
  running.add(stop);
  return { sink, news, ended, stop, told: () => news.map(({ level, text }) => `${level}: ${text}`).join('\n') };
}

/** A folder of the test's own, removed after it. */
export function scratch(): { readonly path: string; at(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'flowlamp-sources-'));
  running.add(async () => rmSync(path, { recursive: true, force: true }));
  return { path, at: (name) => join(path, name) };
}

/** A program in sh, of this name. */
export function program(path: string, script: string): string {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Until it holds; patient, since other work may keep the machine busy. */
export const soon = (check: () => unknown) => expect.poll(check, { interval: 5, timeout: 15_000 });

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs `script` in a process of its own, `source` being what a module of ours exports; Node cannot read TypeScript. */
export async function runApart(
  module: string,
  script: string,
  run = (file: string): ChildProcess => spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] }),
): Promise<ChildProcess> {
  const folder = scratch();
  const outfile = folder.at('module.mjs');
  const entry = fileURLToPath(new URL(`../../../${module}`, import.meta.url));
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' });
  writeFileSync(folder.at('main.mjs'), `import * as source from './module.mjs';\n${script}`);
  const child = run(folder.at('main.mjs'));
  running.add(async () => child.kill('SIGKILL'));
  return child;
}
