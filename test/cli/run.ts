/** The program as users run it: a process of its own, its exit code and what it wrote. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export const samples = fileURLToPath(new URL('../../datasets/samples/', import.meta.url));
export const sample = (name: string) => join(samples, name);
/**
 * The first packets of a sample, where some flows are as good as all: a classic capture, little-endian and not compressed.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
 */
export function firstPackets(name: string, count: number): Uint8Array {
  const capture = gunzipSync(readFileSync(sample(name)));
  let at = 24;
  for (let packet = 0; packet < count && at < capture.length; packet++) at += 16 + capture.readUInt32LE(at + 8);
  return capture.subarray(0, at);
}

export const manifest = sample('manifest.json');

export interface Outcome {
  /** Null if a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** On top of the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; empty and closed without it. */
  readonly input?: Uint8Array;
  /** Called with the process as soon as it runs, to disturb it. */
  readonly meddle?: (child: ChildProcess) => void;
}

/** Runs `flowlamp ARGS` to its end. */
export function flowlamp(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, FORCE_COLOR: '0', ...options.env };
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: options.cwd, env, stdio: 'pipe' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    options.meddle?.(child);
  });
}

/** A folder for one file of tests. */
export function temporaryFolder(): { readonly path: string; readonly at: (name: string) => string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'flowlamp-test-'));
  return { path, at: (name) => join(path, name), remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Failed with exit code 1 and exactly one line, of this code, on standard error, and without a word on standard output. */
export function expectFailure({ code, stdout, stderr }: Outcome, errorCode: string): void {
  expect(stderr).toMatch(new RegExp(`^flowlamp: ${errorCode}: [^\n]+; expected [^\n]+\n$`));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
}

/** Nothing half-written lies about. */
export function expectNoRemains(folder: string): void {
  const remains = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.partial$|\.new-\d+|\.old-\d+/.test(name),
  );
  expect(remains).toEqual([]);
}

/** JSON lines as objects. */
export function jsonRows(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
