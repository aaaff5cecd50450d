/** `flowlamp extract -` as a process of its own, fed through a pipe and watched from outside. Linux: memory is read from /proc. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const SAMPLE_MS = 500;
const MAIN = 'dist/cli/main.js';

export interface Watched {
  readonly seconds: number;
  readonly bytes: number;
  /** Resident memory over time, bytes. */
  readonly samples: readonly number[];
  /** The most that was ever resident, bytes. */
  readonly peak: number;
  /** What the process said on standard error. */
  readonly said: string;
}

/** The built program; benches measure what users run. */
export function mainPath(): string {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build in the folder of the package first`);
  return MAIN;
}

/**
 * Feeds pieces to `flowlamp extract - ARGS`, as fast as it takes them, standard output thrown away.
 *
 * @param pieces each is borrowed by the pipe until the next is asked for
 */
export async function feedExtract(args: readonly string[], pieces: Iterable<Uint8Array>): Promise<Watched> {
  const child = spawn(process.execPath, [mainPath(), 'extract', '-', ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text;
  });
  child.stdin.on('error', () => undefined);
  const samples: number[] = [];
  let peak = 0;
  const sample = () => {
    const status = memoryOf(child.pid!);
    if (status === null) return;
    samples.push(status.resident);
    peak = Math.max(peak, status.peak);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const started = performance.now();
  let bytes = 0;
  for (const piece of pieces) {
    if (child.exitCode !== null) break;
    await new Promise<void>((resolve) => child.stdin.write(piece, () => resolve()));
    bytes += piece.length;
  }
  child.stdin.end();
  const code = await ended;
  clearInterval(timer);
  if (code !== 0) throw new Error(`flowlamp ended with ${code}: ${said}`);
  return { seconds: (performance.now() - started) / 1000, bytes, samples, peak, said: said.trim() };
}

export function memoryOf(pid: number): { readonly resident: number; readonly peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024;
    const memory = { resident: field('VmRSS'), peak: field('VmHWM') };
    return Number.isNaN(memory.resident) ? null : memory;
  } catch {
    return null;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
