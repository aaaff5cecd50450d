/** What the tests of the whole sidecar share: it runs as it was compiled, in this process or in one of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { SidecarConfig } from '../../../serve/config/config.ts';
import type { Sidecar as SidecarOfSources } from '../../../serve/live/sidecar.ts';
import type { Log, LogFields } from '../../../serve/log.ts';
import { keptProgram } from '../../cli/kept.ts';
import { jsonRows, temporaryFolder } from '../../cli/run.ts';

const flowlamp = keptProgram();
const DIST = new URL('../../../dist/', import.meta.url);
const MAIN = fileURLToPath(new URL('cli/main.js', DIST));

type Module = typeof import('../../../serve/live/sidecar.ts');
const { Sidecar } = (await import(new URL('serve/live/sidecar.js', DIST).href)) as Module;

/** Until it holds; patient, since other work may keep the machine busy. */
export const soon = (check: () => unknown) => expect.poll(check, { interval: 10, timeout: 15_000 });

/** A folder of the test's own, removed after it. */
export function scratch(): ReturnType<typeof temporaryFolder> {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  return folder;
}

export interface KeptLog extends Log {
  /** All lines, each with its level and its facts as JSON. */
  text(): string;
}

function keptLog(): KeptLog {
  const lines: string[] = [];
  const at = (level: string) => (fields: LogFields, message: string) =>
    void lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), text: () => lines.join('\n') };
}

export interface Here {
  readonly sidecar: SidecarOfSources;
  readonly log: KeptLog;
  readonly ended: Promise<void>;
  /** Stops it, and waits for it. */
  stop(): Promise<void>;
}

/** Opens a sidecar in this process, without a service unless one is asked for. */
export async function openHere(config: SidecarConfig) {
  const log = keptLog();
  const sidecar = await Sidecar.open({ http: false, statusSeconds: 0, ...config }, { log, version: '0.0.0' });
  /** Runs it; it is stopped after the test. */
  const start = () => {
    const ended = sidecar.run();
    ended.catch(() => undefined);
    onTestFinished(async () => {
      sidecar.stop();
      await ended.catch(() => undefined);
    });
    return ended;
  };
  return { sidecar, log, start };
}

/** Runs a sidecar in this process, and stops it after the test. */
export async function runHere(config: SidecarConfig): Promise<Here> {
  const { sidecar, log, start } = await openHere(config);
  const ended = start();
  const stop = async () => {
    sidecar.stop();
    await ended;
  };
  return { sidecar, log, ended, stop };
}

/** As `runHere`, to its end. */
export async function runThrough(config: SidecarConfig): Promise<Here> {
  const here = await runHere(config);
  await here.ended;
  return here;
}

export interface Apart {
  readonly child: ChildProcess;
  /** What it wrote to standard output, and to standard error. */
  out(): string;
  said(): string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Runs `flowlamp serve ARGS` in a process of its own, with its standard input open; it is killed after the test. */
export function serveApart(...args: readonly string[]): Apart {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], { stdio: 'pipe' });
  let out = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, out: () => out, said: () => said, ended };
}

/** Lines of judged or extracted rows without what they call the capture, sorted: the same set gives the same text. */
export function rowSet(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^\{"(?:alert|record)":/.test(line))
    .map((line) => line.replace(/^\{"capture":"(?:[^"\\]|\\.)*",/, '{'))
    .sort();
}

/** What `flowlamp score` says of a capture. */
export async function scored(path: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await flowlamp(['score', path, '-f', 'jsonl', '--quiet', ...args]);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Rows of a file that a sink may still be writing: whole lines alone. */
export function rowsOf(path: string): Record<string, unknown>[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return jsonRows(text.slice(0, text.lastIndexOf('\n') + 1));
}

export function fifo(path: string): string {
  execFileSync('mkfifo', [path]);
  return path;
}

/** Writes bytes in pieces of odd sizes, through a file descriptor or path that may be a FIFO. */
export function appendPieces(path: string, bytes: Uint8Array, size = 4_093): void {
  for (let at = 0; at < bytes.length; at += size) appendFileSync(path, bytes.subarray(at, at + size));
}

/** Bytes of a classic capture, little-endian, cut before the packet of each of these numbers. */
export function cutBefore(capture: Uint8Array, ...numbers: readonly number[]): Uint8Array[] {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  const parts: Uint8Array[] = [];
  let [at, from] = [24, 0];
  for (let packet = 0; at < capture.length; packet++) {
    if (numbers.includes(packet)) {
      parts.push(capture.subarray(from, at));
      from = at;
    }
    at += 16 + view.getUint32(at + 8, true);
  }
  return [...parts, capture.subarray(from)];
}
