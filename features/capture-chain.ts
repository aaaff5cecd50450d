/**
 * Captures in which flows go on from one to the next, such as the ring of files that a sensor writes. Each is read, counted
 * and warned about as a capture of its own; the flows are those of one extractor.
 */
import type { FrameSink } from './capture/packet-sink.ts';
import { type CaptureSummary, capturePieces } from './extract.ts';
import type { ExtractCounters } from './flow-extractor.ts';

/** What flows go on in. */
export interface ChainConsumer extends FrameSink {
  readonly counters: ExtractCounters;
  nextCapture(name: string): void;
  /** No more frames will come. */
  finish(): ExtractCounters;
}

export class CaptureChain {
  readonly #consumer: ChainConsumer;
  #isBegun = false;
  /** When the captures before ended, us; null as long as they had no packet. */
  #endUs: number | null = null;

  /** @param consumer where nothing has been read into; what it calls its first capture is up to it */
  constructor(consumer: ChainConsumer) {
    this.#consumer = consumer;
  }

  /**
   * Reads the next capture, as `capturePieces`; the summary counts what came while it was read.
   *
   * @param isLast its flows end with it
   */
  async *pieces(path: string, isLast: boolean): AsyncGenerator<number, CaptureSummary> {
    const consumer = this.#consumer;
    if (this.#isBegun) consumer.nextCapture(path);
    this.#isBegun = true;
    const before = consumer.counters;
    const finish = () => since(before, isLast ? consumer.finish() : consumer.counters);
    const summary = yield* capturePieces(path, consumer, finish);
    return { ...summary, overlapUs: this.#overlapUs(summary.counters) };
  }

  #overlapUs({ firstUs, lastUs }: ExtractCounters): number {
    if (firstUs === null || lastUs === null) return 0;
    const overlapUs = this.#endUs === null ? 0 : Math.max(0, this.#endUs - firstUs);
    this.#endUs = Math.max(this.#endUs ?? lastUs, lastUs);
    return overlapUs;
  }
}

/** What was counted between two moments; times are those of the second. */
function since(before: ExtractCounters, now: ExtractCounters): ExtractCounters {
  const drops = Object.entries(now.drops).map(([name, count]) => [name, count - (before.drops[name] ?? 0)]);
  return {
    ...now,
    frames: now.frames - before.frames,
    packets: now.packets - before.packets,
    wireBytes: now.wireBytes - before.wireBytes,
    drops: Object.fromEntries(drops),
    flows: now.flows - before.flows,
    rows: now.rows - before.rows,
    evictedFlows: now.evictedFlows - before.evictedFlows,
    outOfOrderPackets: now.outOfOrderPackets - before.outOfOrderPackets,
    earlyRows: now.earlyRows - before.earlyRows,
    handshakesGivenUp: now.handshakesGivenUp - before.handshakesGivenUp,
    quicUntried: now.quicUntried - before.quicUntried,
    streamsGivenUp: now.streamsGivenUp - before.streamsGivenUp,
  };
}
