/** A bench of this folder that sends packets, as a process of its own; it reports in lines of JSON on standard error. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Of /proc/PID/stat: clock ticks a second. */
const TICKS = 100;

export interface Sent {
  readonly packets: number;
  readonly lost: number;
  readonly packetsPerSecond: number;
}

export class Sender {
  readonly #pid: number;
  /** When the packets that count begin, seconds since 1970. */
  readonly warm: Promise<number>;
  readonly over: Promise<Sent>;

  constructor(program: string, args: readonly string[], output: number | 'ignore') {
    const file = fileURLToPath(new URL(program, import.meta.url));
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', output, 'pipe'] });
    this.#pid = child.pid!;
    const lines: string[] = [];
    let tellWarm: (since: number) => void = () => undefined;
    this.warm = new Promise((resolve) => {
      tellWarm = resolve;
    });
    createInterface(child.stderr!).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('{"warmUntil"')) tellWarm((JSON.parse(line) as { warmUntil: number }).warmUntil);
    });
    this.over = new Promise((resolve, reject) => {
      child.on('close', (code) => {
        if (code === 0) resolve(JSON.parse(lines.at(-1)!) as Sent);
        else reject(new Error(`${program} ended with ${code}: ${lines.join('\n')}`));
      });
    });
  }

  /** Seconds of processor time since the start. */
  cpu(): number {
    return cpuSeconds(`/proc/${this.#pid}/stat`);
  }
}

/** User and system time of a process or thread; 0 for one that is over. */
export function cpuSeconds(statPath: string): number {
  try {
    const fields = readFileSync(statPath, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}
