/** Tells processes apart, also from others that got their number later. */
import { readFileSync } from 'node:fs';

/** Places behind the name in `/proc/PID/stat` (man 5 proc): the state, and the time of the start in clock ticks. */
const STATE = 0;
const START = 19;

export interface ProcessMark {
  readonly pid: number;
  /** Null where the system does not tell. */
  readonly started: string | null;
}

export function ownMark(): ProcessMark {
  return { pid: process.pid, started: startOf(process.pid) };
}

/** True if that process still runs, and is not this one. One that is dead but not yet collected does not run. */
export function isOtherAlive({ pid, started }: ProcessMark): boolean {
  if (pid === process.pid || !isThere(pid)) return false;
  const found = startOf(pid);
  return found === null ? process.platform !== 'linux' : started === null || found === started;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold blanks and brackets of its own.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[STATE] === 'Z' || fields[STATE] === 'X' ? null : (fields[START] ?? null);
  } catch {
    return null;
  }
}
