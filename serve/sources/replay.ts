/** `--replay`: captures one after the other, at the pace at which they were captured, a multiple of it, or as fast as can be. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { Damage } from '../../features/capture/decoder.ts';
import { newInputAccount, readInput, STANDARD_INPUT } from '../../features/capture/input.ts';
import { expandInputs } from '../../features/files/inputs.ts';
import type { Source, SourceCounters, SourceNews, StreamSink } from '../live/source.ts';
import { inSeconds, pause } from './back-off.ts';
import type { ReplayConfig } from './config.ts';
import { paced } from './file-pieces.ts';
import { Outlet, pump } from './outlet.ts';
import { LONGEST_PAUSE_MS, Pace, PacketMarks } from './packet-pace.ts';

/** Packets due within so long go together: a timer is no more exact. */
const TOGETHER_MS = 1;

export class Replay implements Source {
  readonly name: string;
  readonly isLive = false;
  readonly #files: readonly string[];
  readonly #speed: number;
  #outlet: Outlet | null = null;

  /** @throws FlowlampError OPTION_INVALID for the speed, and as expandInputs */
  constructor({ inputs, speed = 1 }: ReplayConfig) {
    if (!(speed >= 0 && speed < Number.POSITIVE_INFINITY)) throw badSpeed(speed);
    if (inputs.includes(STANDARD_INPUT)) throw standardInput();
    this.#files = expandInputs(inputs);
    this.#speed = speed;
    this.name = `replay ${inputs.join(' ')}`;
  }

  get counters(): SourceCounters {
    const { streams = 0, bytes = 0 } = this.#outlet ?? {};
    return { captureDrops: null, captured: null, restarts: 0, streams, bytes };
  }

  async run(sink: StreamSink, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void> {
    const outlet = new Outlet(sink);
    this.#outlet = outlet;
    // One pace for all: files of a ring follow each other without a gap.
    const pace = this.#speed === 0 ? null : new Pace(this.#speed);
    for (const path of this.#files) {
      if (signal.aborted) return;
      await this.#play(path, pace, outlet, signal, tell);
    }
  }

  async #play(
    path: string,
    pace: Pace | null,
    outlet: Outlet,
    signal: AbortSignal,
    tell: (news: SourceNews) => void,
  ): Promise<void> {
    const account = newInputAccount();
    outlet.open(path);
    try {
      const pieces = readInput(path, account);
      const timed = pace === null ? pieces : this.#timed(path, pieces, pace, signal, tell);
      await pump(paced(timed, signal), outlet);
      if (!outlet.isBegun && !signal.aborted) tell({ level: 'warn', text: `${path} holds no capture; it is left out` });
      await outlet.close();
    } catch (cause) {
      await outlet.giveUp();
      // The only file, or the first of several: whoever named it wants to know at once.
      if (!(cause instanceof FlowlampError) || outlet.streams === 0) throw cause;
      tell({ level: 'error', text: `${cause.happened}; the replay goes on with the next file` });
    }
    if (account.damage !== Damage.None) {
      tell({ level: 'warn', text: `${path} is packed and ends too early; what could be unpacked was replayed` });
    }
  }

  /** The same pieces, cut where packets have to wait, each part when it is due. */
  async *#timed(
    path: string,
    pieces: AsyncIterable<Uint8Array>,
    pace: Pace,
    signal: AbortSignal,
    tell: (news: SourceNews) => void,
  ): AsyncGenerator<Uint8Array> {
    const marks = new PacketMarks(path, TOGETHER_MS * 1000 * this.#speed);
    for await (const piece of pieces) {
      let at = 0;
      for (const { end, us } of marks.partsOf(piece)) {
        const { ms, isCut } = us === null ? { ms: 0, isCut: false } : pace.waitFor(us, performance.now());
        if (isCut) tell({ level: 'info', text: `${path}: a pause is cut to ${inSeconds(LONGEST_PAUSE_MS)}` });
        if (ms >= TOGETHER_MS) await pause(ms, signal);
        if (signal.aborted) return;
        if (end > at) yield piece.subarray(at, end);
        at = end;
      }
    }
  }
}

function badSpeed(speed: number): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `captures cannot be replayed ${speed} times as fast`,
    expected: 'a number from 0 on; 0 is as fast as can be',
    action: 'correct --speed',
  });
}

function standardInput(): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: 'standard input cannot be replayed',
    expected: 'files, folders or globs',
    action: 'use --pcap - for it',
  });
}
