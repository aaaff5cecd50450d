/** Ctrl-C and a polite kill: leave nothing half-written, then go. */
import { removeUnfinished } from '../features/files/output.ts';

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** What there is to say when a signal ends the process. */
let farewell: (() => void) | null = null;

/** @param say called before a signal ends the process; null for nothing */
export function onStop(say: (() => void) | null): void {
  farewell = say;
}

function stop(signal: keyof typeof SIGNALS): void {
  removeUnfinished();
  farewell?.();
  process.exit(128 + SIGNALS[signal]);
}

/** From here on signals remove what is being written and end the process, as soon as it comes up for air. */
export function watchSignals(): void {
  for (const signal of Object.keys(SIGNALS)) process.on(signal, stop);
}

/** Lets waiting signals in. Reading a file never leaves JavaScript by itself. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Runs what computes for long in one go and writes nothing: the system's own handling of signals ends it at once, where
 * ours would wait until it is over.
 */
export async function withSystemSignals<T>(compute: () => T | Promise<T>): Promise<T> {
  for (const signal of Object.keys(SIGNALS)) process.off(signal, stop);
  try {
    return await compute();
  } finally {
    watchSignals();
  }
}

export interface OwnSignals {
  /** Told once of each signal that asks the program to end; the same one again ends it. */
  readonly stop: (signal: string) => void;
  /** SIGHUP. */
  readonly hangUp: () => void;
}

/** Runs what wants to end in an orderly way by itself, and to be told of SIGHUP. */
export async function withOwnSignals<T>({ stop: end, hangUp }: OwnSignals, run: () => Promise<T>): Promise<T> {
  const asked = new Set<string>();
  const own = (signal: keyof typeof SIGNALS) => {
    if (asked.has(signal)) stop(signal);
    asked.add(signal);
    end(signal);
  };
  for (const signal of Object.keys(SIGNALS)) process.off(signal, stop).on(signal, own);
  process.on('SIGHUP', hangUp);
  try {
    return await run();
  } finally {
    process.off('SIGHUP', hangUp);
    for (const signal of Object.keys(SIGNALS)) process.off(signal, own);
    watchSignals();
  }
}
