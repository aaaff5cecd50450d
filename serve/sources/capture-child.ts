/**
 * Packets of an interface, captured by tcpdump or dumpcap: the kernel gives them their times and counts what is lost, and only
 * that program needs a privilege. It is started again when it ends; it ends when we do.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { FlowlampError } from '../../core/errors.ts';
import {
  BUFFER_KIB,
  type CaptureChoice,
  requireBuffer,
  requireFilter,
  requireInterface,
} from '../../features/capture/tcpdump.ts';
import { spawnTied, type TiedChild } from '../../features/capture/tied-child.ts';
import type { Source, SourceCounters, SourceNews, StreamSink } from '../live/source.ts';
import { BACK_OFF, BackOff, type BackOffBounds, inSeconds, pause } from './back-off.ts';
import {
  type CaptureProgram,
  endingOf,
  findProgram,
  isListening,
  programCounts,
  refusalOf,
  wantsCoarserClock,
  wordsOf,
} from './capture-program.ts';
import type { InterfaceConfig } from './config.ts';
import { DropCounts } from './drop-counts.ts';
import { Outlet, pump } from './outlet.ts';
import { endFifo, openPipe, pipePieces } from './pipe-pieces.ts';

/** A program opens an interface in well under this. */
const OPENING_MS = 10_000;
/** tcpdump is asked for its counts so often: they are 32 bits wide and go round in hours on a busy link. */
const COUNTS_MS = 5_000;
/** What it may still hand over after it was told to stop. */
const LAST_WORDS_MS = 3_000;
/** Of what a program says, so much of the end is kept. */
const SAID_CHARACTERS = 4_096;

/** Times that tests shorten. */
export interface ChildTiming {
  readonly backOff?: BackOffBounds;
  readonly openingMs?: number;
  readonly countsMs?: number;
}

/** How a child ended. */
interface Ending {
  /** In a few words. */
  readonly why: string;
  /** What to throw where nothing was ever captured. */
  readonly refusal: FlowlampError;
  readonly wantsCoarserClock: boolean;
}

export class CaptureChild implements Source {
  readonly name: string;
  readonly isLive = true;
  readonly #program: CaptureProgram;
  readonly #choice: CaptureChoice;
  readonly #timing: Required<ChildTiming>;
  readonly #drops = new DropCounts();
  #outlet: Outlet | null = null;
  #restarts = 0;
  #isPrecise = true;

  /** @throws FlowlampError OPTION_INVALID for names and filters that cannot be, UNSUPPORTED where no program is installed */
  constructor(config: InterfaceConfig, timing: ChildTiming = {}) {
    const {
      interface: from,
      filter = null,
      program = null,
      bufferKib = BUFFER_KIB,
      snapLength = 0,
      isImmediate = false,
    } = config;
    requireInterface(from);
    if (filter !== null) requireFilter(filter);
    this.name = `interface ${from}`;
    this.#program = findProgram(program);
    requireBuffer(bufferKib, snapLength);
    this.#choice = { interface: from, filter, bufferKib, snapLength, isImmediate };
    this.#timing = { backOff: BACK_OFF, openingMs: OPENING_MS, countsMs: COUNTS_MS, ...timing };
  }

  get counters(): SourceCounters {
    const { captured, dropped } = this.#drops;
    const { streams = 0, bytes = 0 } = this.#outlet ?? {};
    return { captureDrops: dropped, captured, restarts: this.#restarts, streams, bytes };
  }

  async run(sink: StreamSink, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void> {
    const outlet = new Outlet(sink);
    this.#outlet = outlet;
    const backOff = new BackOff(this.#timing.backOff);
    while (!signal.aborted) {
      const started = performance.now();
      const ending = await this.#capture(outlet, signal, tell);
      if (signal.aborted) return;
      if (ending.wantsCoarserClock && this.#isPrecise) {
        this.#isPrecise = false;
        tell({ level: 'info', text: `${this.name}: no nanoseconds to be had; times are in microseconds` });
        continue;
      }
      if (outlet.streams === 0) throw ending.refusal;
      const waitMs = backOff.next(performance.now() - started);
      tell({ level: 'warn', text: `${this.name}: ${ending.why}; it is started again in ${inSeconds(waitMs)}` });
      await pause(waitMs, signal);
      if (!signal.aborted) this.#restarts++;
    }
  }

  /** One child, from its start to its end. */
  async #capture(outlet: Outlet, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<Ending> {
    const program = this.#program;
    const fifo = await Fifo.make();
    const reading = new AbortController();
    const child = spawnTied(program.path, wordsOf(program, this.#choice, this.#isPrecise), fifo?.path ?? 'pipe');
    const pieces = fifo === null ? piecesOf(child) : pipePieces(fifo.open(), reading.signal);
    const watch = this.#watch(child, fifo, tell);
    let last: NodeJS.Timeout | undefined;
    const stop = () => {
      child.stop();
      last = setTimeout(() => reading.abort(), LAST_WORDS_MS);
    };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    // What the program wrote before its end is still read; of one that never wrote, the FIFO would have no end.
    void child.ended.then(() => fifo?.end());
    outlet.open(this.name);
    let failure: unknown = null;
    try {
      await pump(pieces, outlet);
      await outlet.close();
    } catch (cause) {
      failure = cause;
      await outlet.giveUp();
    }
    // Its output ends before its last words do.
    if (failure === null) await Promise.race([child.ended, wait(LAST_WORDS_MS, null, { ref: false })]);
    child.kill();
    const code = await child.ended;
    clearTimeout(last);
    signal.removeEventListener('abort', stop);
    fifo?.remove();
    watch.finish();
    return this.#ending(failure, watch.isLate(), watch.said(), code);
  }

  #ending(failure: unknown, isLate: boolean, said: string, code: number | Error): Ending {
    const refusal = refusalOf(this.#program, this.#choice, said, code);
    if (failure instanceof FlowlampError) {
      return { why: failure.happened, refusal: failure, wantsCoarserClock: false };
    }
    if (failure !== null) throw failure;
    const why = isLate ? 'it did not begin to listen' : endingOf(this.#program, said, code);
    return { why, refusal, wantsCoarserClock: wantsCoarserClock(said) };
  }

  /** Reads what the program says, asks for its counts, and gives up one that does not begin. */
  #watch(child: TiedChild, fifo: Fifo | null, tell: (news: SourceNews) => void): Watch {
    const { countsMs, openingMs } = this.#timing;
    const program = this.#program;
    let said = '';
    let isLate = false;
    let asking: NodeJS.Timeout | undefined;
    const opening = setTimeout(() => {
      isLate = true;
      child.kill();
    }, openingMs);
    const begin = () => {
      clearTimeout(opening);
      fifo?.remove();
      tell({ level: 'info', text: `${this.name}: ${program.path} captures` });
      if (program.kind === 'tcpdump') asking = setInterval(child.askCounts, countsMs);
    };
    let hasBegun = false;
    const look = (text: string) => {
      said = (said + text).slice(-SAID_CHARACTERS);
      if (!hasBegun && isListening(program, said)) {
        hasBegun = true;
        begin();
      }
      this.#drops.note(programCounts(program, said));
    };
    child.stderr.setEncoding('utf8').on('data', look);
    const finish = () => {
      clearTimeout(opening);
      clearInterval(asking);
      this.#drops.nextProgram();
    };
    return { said: () => said, isLate: () => isLate, finish };
  }
}

interface Watch {
  said(): string;
  isLate(): boolean;
  finish(): void;
}

async function* piecesOf(child: TiedChild): AsyncGenerator<Uint8Array> {
  for await (const piece of child.stdout!) yield piece as Uint8Array;
}

/**
 * A FIFO that only we can open. What Node gives a child as its output is a socket, which holds a few hundred small packets and
 * hands them over a few at a time; a FIFO is a pipe, at a fifth of the cost.
 */
class Fifo {
  readonly path: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, 'packets');
  }

  /** Null where none can be made: a file system that is read-only, a system without mkfifo. */
  static async make(): Promise<Fifo | null> {
    let folder: string | null = null;
    try {
      folder = mkdtempSync(join(tmpdir(), 'flowlamp-capture-'));
      const fifo = new Fifo(folder);
      await promisify(execFile)('mkfifo', ['-m', '600', fifo.path]);
      return fifo;
    } catch {
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
      return null;
    }
  }

  open(): number {
    return openPipe(this.path);
  }

  end(): void {
    endFifo(this.path);
  }

  /** The name goes; whoever has it open goes on. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
