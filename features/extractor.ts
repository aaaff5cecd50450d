/**
 * The one way from frames to flow rows, used by training, batch and live scoring alike: flows (flow-extractor.ts), and
 * rows made of them. Free of input and output.
 */
import type { Ciphers } from '../core/ciphers.ts';
import type { Digests } from '../core/digest.ts';
import type { FrameSink } from './capture/packet-sink.ts';
import { FlowBlock } from './flow/flow-block.ts';
import { type ExtractCounters, FlowExtractor, type FlowOptions } from './flow-extractor.ts';
import { type BatchReceiver, FlowRows } from './vector/rows.ts';

export interface ExtractOptions extends FlowOptions {
  /** Written into the `label` column of every row. */
  readonly label?: string | null;
}

export class Extractor implements FrameSink {
  readonly #flows: FlowExtractor;
  readonly #rows: FlowRows;

  /**
   * @param capture written into the `capture` column
   * @param receive gets the rows in batches, in the order in which flows end
   */
  constructor(capture: string, digests: Digests & Ciphers, receive: BatchReceiver, options: ExtractOptions = {}) {
    this.#rows = new FlowRows(capture, digests, receive, options);
    const block = new FlowBlock();
    const sink = {
      take: () => block,
      give: () => {
        this.#rows.append(block);
        block.count = 0;
      },
    };
    this.#flows = new FlowExtractor(digests, sink, options);
  }

  frame(view: DataView, at: number, end: number, wireLength: number, us: number, ns: number, linkType: number): void {
    this.#flows.frame(view, at, end, wireLength, us, ns, linkType);
  }

  /** As FlowExtractor's; `name` is written into the `capture` column of flows that begin from now on. */
  nextCapture(name: string): void {
    this.#flows.nextCapture();
    this.#rows.nextCapture(name);
  }

  /** As FlowExtractor's: what is due by the wall clock becomes rows, and is handed on at once. */
  advance(us: number): void {
    this.#flows.advance(us);
    this.#rows.flush();
  }

  /** Hands on the rows of flows that have ended, without waiting until they fill a batch. */
  flush(): void {
    this.#flows.flush();
    this.#rows.flush();
  }

  /** The capture is over: ends all flows and hands on the last rows. */
  finish(): ExtractCounters {
    const counters = this.#flows.finish();
    this.#rows.flush();
    return counters;
  }

  get counters(): ExtractCounters {
    return this.#flows.counters;
  }
}
