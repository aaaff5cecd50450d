/**
 * One turn of fuzzing: a thousand inputs of one kind through one extractor, everything drawn from the seed and the
 * turn's number. Hostile bytes must never throw, read outside of their frame, cost more than their length allows, get
 * lost uncounted or leave a value in a row that is none.
 */
import { FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import type { FrameSink } from '../../features/capture/packet-sink.ts';
import { CaptureReader } from '../../features/capture/reader.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { type ExtractOptions, Extractor } from '../../features/extractor.ts';
import type { CorpusCapture } from './corpus.ts';
import { CountingView } from './counting-view.ts';
import { mutate } from './mutate.ts';
import { FRAME_ROOM, RandomFrame } from './random-frame.ts';
import { RowCheck } from './row-check.ts';

export const TURN_INPUTS = 1024;
export const Kind = { File: 'file', Packet: 'packet', Header: 'header' } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A frame as it is given to the extractor, or a whole file. */
export interface Input {
  readonly bytes: Uint8Array;
  /** -1 for a file. */
  readonly linkType: number;
}

/** Who wants to know of each input before it is used: a watchdog, a log of what failed. */
export type Announce = (index: number, input: Input) => void;

export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
}

/** Reads of one frame: layers, headers in them and the two passes over a tunnel are bounded, options go by bytes. */
const READS = 2000;
const READS_PER_BYTE = 4;
const LARGEST = 66_000;
const REFUSALS: readonly string[] = ['NOT_A_CAPTURE', 'FILE_EMPTY'];

const OPTIONS: readonly ExtractOptions[] = [
  {},
  { maxFlows: 16 },
  { maxFlows: 1, keyVlan: true },
  { idleTimeout: 0, activeTimeout: 0 },
  { idleTimeout: 1, activeTimeout: 2 },
  { emit: { end: true, prefixes: [1, 3], intervalUs: 1e6 } },
];

export function kindOfTurn(turn: number): Kind {
  const place = turn % 8;
  return place === 0 ? Kind.File : place < 4 ? Kind.Packet : Kind.Header;
}

/**
 * Runs one turn.
 *
 * @param counted share of the turns in which every read is counted, which takes longer
 * @throws FuzzFailure, or whatever the code under test threw
 */
export function runTurn(
  corpus: readonly CorpusCapture[],
  seed: number,
  turn: number,
  announce: Announce,
  counted = 0.25,
): void {
  new Turn(corpus, new Prng(`${seed}/${turn}`), kindOfTurn(turn), announce, turn * TURN_INPUTS, counted).run();
}

class Turn {
  readonly #corpus: readonly CorpusCapture[];
  readonly #random: Prng;
  readonly #kind: Kind;
  readonly #announce: Announce;
  readonly #check = new RowCheck();
  readonly #extractor: Extractor;
  /** Frames stand at the end of the buffer, so that a read behind them fails. */
  readonly #view: DataView<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #index: number;
  #us = 1.7e15;

  constructor(
    corpus: readonly CorpusCapture[],
    random: Prng,
    kind: Kind,
    announce: Announce,
    firstIndex: number,
    counted: number,
  ) {
    this.#corpus = corpus;
    this.#random = random;
    this.#kind = kind;
    this.#announce = announce;
    this.#index = firstIndex;
    const options = random.pick(OPTIONS);
    this.#extractor = new Extractor('fuzz', nodeDigests, (batch) => this.#check.batch(batch), options);
    const buffer = new ArrayBuffer(LARGEST);
    this.#bytes = new Uint8Array(buffer);
    this.#view = random.chance(counted) ? new CountingView(buffer) : new DataView(buffer);
  }

  run(): void {
    if (this.#kind === Kind.File) this.#files();
    else if (this.#kind === Kind.Packet) this.#packets();
    else this.#headers();
    const { frames, packets, drops, rows } = this.#extractor.finish();
    const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
    if (packets + dropped !== frames) throw new FuzzFailure(`${frames} frames: ${packets} packets, ${dropped} drops`);
    if (this.#check.packets !== packets) {
      throw new FuzzFailure(`${packets} packets counted, ${this.#check.packets} in rows`);
    }
    if (this.#check.rows !== rows) throw new FuzzFailure(`${rows} rows counted, ${this.#check.rows} handed on`);
  }

  #files(): void {
    const random = this.#random;
    const bytes = new Uint8Array(LARGEST);
    for (let left = TURN_INPUTS; left > 0; left--) {
      const base = random.pick(this.#corpus).bytes;
      // Small files let one more of the turn's mutations hit a header.
      const wanted = random.chance(0.7) ? Math.min(base.length, 2048) : base.length;
      bytes.set(base.subarray(0, wanted));
      const length = mutate(bytes, wanted, random.pick(this.#corpus).bytes, random);
      this.#file(bytes.subarray(0, length));
    }
  }

  #file(bytes: Uint8Array): void {
    this.#announce(this.#index++, { bytes, linkType: -1 });
    const extractor = this.#extractor;
    const before = extractor.counters.frames;
    let captured = 0;
    const reader = new CaptureReader('fuzz', {
      frame(view, at, end, wireLength, us, ns, linkType) {
        captured += end - at;
        extractor.frame(view, at, end, wireLength, us, ns, linkType);
      },
    });
    const piece = this.#random.chance(0.5) ? bytes.length : this.#random.integer(1, 4096);
    try {
      for (let at = 0; at < bytes.length; at += piece) reader.write(bytes.subarray(at, at + piece));
      const { frames, bytes: read } = reader.finish();
      const reached = extractor.counters.frames - before;
      if (reached !== frames || read !== bytes.length) {
        throw new FuzzFailure(`${reached} of ${frames} frames arrived, ${read} of ${bytes.length} bytes were read`);
      }
      // Frames lie beside each other: together they are no longer than the file.
      if (captured > bytes.length) throw new FuzzFailure(`${captured} bytes of frames in ${bytes.length} of file`);
    } catch (error) {
      if (!(error instanceof FlowlampError && REFUSALS.includes(error.code))) throw error;
    }
  }

  /** Runs of a capture's frames in order, so that handshakes get far, every other one damaged. */
  #packets(): void {
    const random = this.#random;
    const withFrames = this.#corpus.filter(({ frames }) => frames.length > 0);
    const bytes = new Uint8Array(LARGEST);
    for (let left = TURN_INPUTS; left > 0; ) {
      const { frames } = random.pick(withFrames);
      const first = random.chance(0.5) ? 0 : random.below(frames.length);
      const run = frames.slice(first, first + Math.min(left, random.integer(1, 64)));
      left -= run.length;
      for (const frame of run) {
        const length = Math.min(frame.bytes.length, LARGEST);
        bytes.set(frame.bytes.subarray(0, length));
        const other = random.pick(random.pick(withFrames).frames).bytes;
        const damaged = random.chance(0.5) ? this.#damage(bytes, length, other, frame.linkType) : length;
        const linkType = random.chance(0.02) ? random.pick([0, 1, 101, 105, 113, 127, 276]) : frame.linkType;
        this.#frame(bytes.subarray(0, damaged), linkType);
      }
    }
  }

  /** Damages a frame anywhere, or only behind the transport header, so that packets still belong to their flow. */
  #damage(bytes: Uint8Array, length: number, other: Uint8Array, linkType: number): number {
    const at = this.#random.chance(0.5) ? payloadAt(bytes, length, linkType) : 0;
    return at + mutate(bytes.subarray(at), length - at, other, this.#random);
  }

  #headers(): void {
    const random = this.#random;
    const frame = new RandomFrame(random);
    for (let left = TURN_INPUTS; left > 0; left--) {
      frame.next(random);
      const length = random.chance(0.1) ? mutate(frame.bytes, frame.length, frame.bytes, random) : frame.length;
      this.#frame(frame.bytes.subarray(0, Math.min(length, FRAME_ROOM)), frame.linkType);
    }
  }

  #frame(frame: Uint8Array, linkType: number): void {
    this.#announce(this.#index++, { bytes: frame, linkType });
    const view = this.#view;
    const at = LARGEST - frame.length;
    this.#bytes.set(frame, at);
    this.#tick();
    const sink: FrameSink = this.#extractor;
    const cut = this.#random.chance(0.1) ? this.#random.pick([1, 40, 0x1_0000, 0xffff_ffff - frame.length]) : 0;
    const ns = this.#random.below(1000);
    if (!(view instanceof CountingView)) {
      sink.frame(view, at, LARGEST, frame.length + cut, this.#us, ns, linkType);
      return;
    }
    view.from = at;
    view.to = LARGEST;
    view.reads = READS + READS_PER_BYTE * frame.length;
    sink.frame(view, at, LARGEST, frame.length + cut, this.#us, ns, linkType);
  }

  /** Time mostly goes on by a little; clocks also jump. */
  #tick(): void {
    const random = this.#random;
    if (random.chance(0.98)) this.#us += random.below(5000);
    else if (random.chance(0.9)) this.#us = Math.max(0, this.#us + random.integer(-300, 300) * 1e6);
    else this.#us = random.pick([0, 1, 1.7e15, 2 ** 32 * 1e6, Number.MAX_SAFE_INTEGER]);
  }
}

/** Where the payload of TCP or UDP over IPv4 and Ethernet begins, 0 in other frames. */
function payloadAt(bytes: Uint8Array, length: number, linkType: number): number {
  if (linkType !== 1 || length < 42 || bytes[12] !== 8 || bytes[13] !== 0) return 0;
  const transport = 14 + (bytes[14]! & 15) * 4;
  const at = bytes[23] === 6 ? transport + (bytes[transport + 12]! >> 4) * 4 : bytes[23] === 17 ? transport + 8 : 0;
  return at < length ? at : 0;
}
