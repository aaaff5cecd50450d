/**
 * Streams of capture bytes in, ended flows and looks at live ones out: what runs in the thread that reads packets. Flows go on
 * from one stream to the next, and while a live source is silent the clock on the wall goes on for it.
 */
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { Damage } from '../../../features/capture/decoder.ts';
import type { FrameSink } from '../../../features/capture/packet-sink.ts';
import { CaptureReader } from '../../../features/capture/reader.ts';
import type { FlowExtractor } from '../../../features/flow-extractor.ts';
import type { SourceNews, StreamSink } from '../source.ts';

/** After so long without a packet the wall clock takes over, ms. */
const SILENCE_MS = 1_000;

export class Ingester implements StreamSink {
  readonly #extractor: FlowExtractor;
  readonly #frames: FrameSink;
  readonly #tell: (news: SourceNews) => void;
  readonly #now: () => number;
  #reader: CaptureReader | null = null;
  #name = '';
  #damaged = 0;
  /** Whether bytes came since the last flush. */
  #isFresh = false;
  /** When bytes came last, and where packet time stood then. */
  #readAtMs = Number.NEGATIVE_INFINITY;

  /**
   * @param frames what packets are shown to: the extractor, or who looks at them first
   * @param now a clock that never steps back, ms
   */
  constructor(
    extractor: FlowExtractor,
    frames: FrameSink,
    tell: (news: SourceNews) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#extractor = extractor;
    this.#frames = frames;
    this.#tell = tell;
    this.#now = now;
  }

  get damagedStreams(): number {
    return this.#damaged;
  }

  begin(name: string): void {
    this.#name = name;
    this.#reader = new CaptureReader(name, this.#frames);
  }

  write(piece: Uint8Array): void {
    this.#isFresh = true;
    this.#readAtMs = this.#now();
    const reader = this.#reader;
    if (reader === null) return;
    try {
      reader.write(piece);
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
    // Reading on would throw away all that comes: the source begins a new stream, if it can.
    if (reader.isStopped) throw brokenOff(this.#name);
  }

  /** @param isStopped the source was told to: that it ends within a record is no damage */
  end(isStopped = false): void {
    const reader = this.#reader;
    this.#reader = null;
    if (reader === null) return;
    try {
      const { damage, frames } = reader.finish();
      if (damage === Damage.None || (isStopped && damage === Damage.CutOff)) return;
      this.#damage(`${damage} after ${frames} packets; read up to there`);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Hands on what is known; called every few milliseconds. `isLive`: silence of the source is time that passes. */
  tick(isLive: boolean): void {
    if (this.#isFresh) {
      this.#isFresh = false;
      this.#extractor.flush();
      return;
    }
    const silentMs = this.#now() - this.#readAtMs;
    if (!isLive || silentMs <= SILENCE_MS) return;
    const { lastUs } = this.#extractor.counters;
    if (lastUs !== null) this.#extractor.advance(lastUs + silentMs * 1_000);
  }

  #giveUp(error: unknown): void {
    this.#reader = null;
    if (!(error instanceof FlowlampError)) throw error;
    this.#damage(error.happened);
  }

  #damage(text: string): void {
    this.#damaged++;
    this.#tell({ level: 'warn', text: `${this.#name}: ${text}` });
  }
}

function brokenOff(name: string): FlowlampError {
  return new FlowlampError(ErrorCode.CaptureDamaged, {
    happened: `${name} is no capture from some record on`,
    expected: 'records of pcap or pcapng',
    action: 'look at what writes it; what came before is read',
  });
}
