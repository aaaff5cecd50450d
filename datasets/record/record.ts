/**
 * Records what a command sends and receives: tcpdump listens before it starts, and until a while after it has ended. What
 * was recorded goes into a folder with a manifest, so that recording again adds to a data set.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { firstMistake } from '../../core/json-schema.ts';
import { BUFFER_KIB, complaintOf, countsOf, tcpdumpWords } from '../../features/capture/tcpdump.ts';
import { spawnTied, type TiedChild } from '../../features/capture/tied-child.ts';
import { writeTextFile } from '../../features/files/output.ts';
import { fileSha256 } from '../build/parts.ts';
import { loadManifest } from '../manifest/manifest.ts';
import { MANIFEST_SCHEMA } from '../manifest/schema.ts';

export interface RecordOptions {
  readonly folder: string;
  readonly label: string;
  readonly interface: string;
  /** Expression of tcpdump: only these packets. */
  readonly filter: string | null;
  /** Seconds to listen on after the command has ended. */
  readonly linger: number;
  /** Seconds after which the command is ended. */
  readonly limit: number;
  readonly site: string | null;
  readonly command: readonly string[];
}

export interface Recording {
  readonly file: string;
  readonly packets: number;
  readonly dropped: number;
  /** Exit code of the command; null if a signal ended it. */
  readonly code: number | null;
  readonly wasEnded: boolean;
}

const MANIFEST = 'manifest.json';
/** tcpdump opens an interface in well under this. */
const OPENING_MS = 10_000;
/** Exit code of a shell for a program that is not there. */
const NOT_FOUND = 127;

/** @throws FlowlampError UNSUPPORTED where tcpdump cannot record, OPTION_INVALID for a command that cannot be started */
export async function record(options: RecordOptions): Promise<Recording> {
  const { folder, label, command, linger, limit } = options;
  const entries = entriesOf(folder);
  const started = new Date();
  const file = freeName(folder, label, started);
  const entry = {
    file,
    label,
    ...(options.site !== null && { site: options.site }),
    origin: 'recorded with flowlamp dataset record',
    command: command.join(' ').slice(0, 4000),
    interface: options.interface,
    recorded: started.toISOString(),
  };
  requireFit(entry);
  const path = join(folder, file);
  const running = new Set<() => void>();
  const stopAll = () => {
    for (const end of running) end();
    rmSync(path, { force: true });
  };
  // A signal ends this process at once; tcpdump and the command would go on without it.
  process.once('exit', stopAll);
  try {
    const dump = await startDump(path, options, running);
    const outcome = await runCommand(command, limit, running);
    await wait(linger);
    dump.child.stop();
    await dump.child.ended;
    writeManifest(folder, [...entries, { ...entry, sha256: await fileSha256(path) }]);
    const { captured, droppedByKernel } = countsOf(dump.said());
    return { file, packets: captured ?? 0, dropped: droppedByKernel ?? 0, ...outcome };
  } catch (cause) {
    stopAll();
    throw cause;
  } finally {
    process.off('exit', stopAll);
  }
}

/** @throws FlowlampError OPTION_INVALID for what the manifest could not hold, before anything is recorded */
function requireFit(entry: object): void {
  const mistake = firstMistake(MANIFEST_SCHEMA, { version: 1, captures: [entry] });
  if (mistake === null) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `the manifest cannot hold it: ${mistake.happened.replace('captures[0].', '')}`,
    expected: mistake.expected,
    action: 'correct the option',
  });
}

/** Captures that the folder's manifest has so far. */
function entriesOf(folder: string): unknown[] {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return [];
  loadManifest(path);
  return (JSON.parse(readFileSync(path, 'utf8')) as { captures: unknown[] }).captures;
}

function writeManifest(folder: string, captures: readonly unknown[]): void {
  const path = join(folder, MANIFEST);
  const old = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : { version: 1 };
  writeTextFile(path, `${JSON.stringify({ ...old, captures }, null, 2)}\n`);
}

function freeName(folder: string, label: string, at: Date): string {
  // A label may be longer than the name of a file.
  const plain = label
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100);
  const base = `${plain || 'capture'}-${at.toISOString().slice(0, 19).replace(/[-:]/g, '')}`;
  for (let i = 0; ; i++) {
    const name = `${base}${i === 0 ? '' : `-${i}`}.pcap`;
    if (!existsSync(join(folder, name))) return name;
  }
}

interface Dump {
  readonly child: TiedChild;
  readonly said: () => string;
}

function startDump(path: string, { interface: from, filter }: RecordOptions, running: Set<() => void>): Promise<Dump> {
  const choice = { interface: from, filter, bufferKib: BUFFER_KIB, snapLength: 0 };
  // -Z: it must not become another user, who could not write here.
  const asRoot = process.getuid?.() === 0 ? ['-Z', 'root'] : [];
  const child = spawnTied('tcpdump', [...asRoot, ...tcpdumpWords(choice, path, false)], null);
  running.add(child.kill);
  let text = '';
  return new Promise((resolve, reject) => {
    const fail = (what: string, action: string) => {
      child.kill();
      reject(
        new FlowlampError(ErrorCode.Unsupported, {
          happened: `tcpdump does not record on ${from}: ${what}`,
          expected: 'tcpdump, and the right to use it',
          action,
        }),
      );
    };
    const timer = setTimeout(() => fail('it does not begin to listen', 'check the interface'), OPENING_MS);
    void child.ended.then((code) => {
      clearTimeout(timer);
      if (code === NOT_FOUND) return fail('it is not installed', 'install tcpdump');
      const what = code instanceof Error ? code.message : (complaintOf(text) ?? `it ended with ${code}`);
      fail(what, 'check --interface and --filter, or run as a user who may capture');
    });
    child.stderr.on('data', (piece: Buffer) => {
      text = (text + piece.toString()).slice(-4096);
      if (!text.includes('listening on')) return;
      clearTimeout(timer);
      resolve({ child, said: () => text });
    });
  });
}

function runCommand(
  [name = '', ...words]: readonly string[],
  limit: number,
  running: Set<() => void>,
): Promise<{ code: number | null; wasEnded: boolean }> {
  return new Promise((resolve, reject) => {
    // What it prints is not data of ours; a group of its own, so that what it has started is ended with it.
    const child = spawn(name, words, { stdio: ['inherit', 2, 2], detached: true });
    let wasEnded = false;
    const end = (signal: NodeJS.Signals) => {
      try {
        process.kill(-child.pid!, signal);
      } catch {
        // It has ended by itself meanwhile.
      }
    };
    const stop = () => end('SIGTERM');
    running.add(stop);
    const timer = setTimeout(() => {
      wasEnded = true;
      stop();
      setTimeout(() => end('SIGKILL'), 2000).unref();
    }, milliseconds(limit));
    child.once('error', (cause) => {
      clearTimeout(timer);
      reject(
        new FlowlampError(ErrorCode.OptionInvalid, {
          happened: `${name} cannot be run (${(cause as NodeJS.ErrnoException).code})`,
          expected: 'a command after --',
          action: 'check its name',
          cause,
        }),
      );
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(stop);
      resolve({ code, wasEnded });
    });
  });
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds(seconds)));
}

/** A timer that is set for longer, 24 days, ends at once. */
function milliseconds(seconds: number): number {
  return Math.min(seconds * 1000, 0x7fff_ffff);
}
