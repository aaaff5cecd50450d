/** Who reads the captures of a run: threads (capture-jobs.ts), or this one. */
import { CaptureChain } from '../../features/capture-chain.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import { type ExtractOptions, Extractor } from '../../features/extractor.ts';
import type { BatchReceiver } from '../../features/vector/rows.ts';

export interface CaptureSupply {
  /** True if the capture is the next of those that it reads. */
  has(path: string): boolean;
  /** As `extractPieces`; to be called in the order of the captures. */
  pieces(path: string, receive: BatchReceiver): AsyncGenerator<number, CaptureSummary>;
  /** Hands on flows that have ended, where it does not wait for a whole batch of them anyway. */
  flush(): void;
  /** Stops whatever is still being read. */
  close(): Promise<void>;
}

/** Captures that are read in this thread. Of several, flows go on from one to the next. */
export class CapturesHere implements CaptureSupply {
  readonly #paths: readonly string[];
  readonly #extractor: Extractor;
  readonly #chain: CaptureChain;
  #taken = 0;
  #receive: BatchReceiver = () => undefined;

  constructor(paths: readonly [string, ...string[]], options: ExtractOptions) {
    this.#paths = paths;
    this.#extractor = new Extractor(paths[0], nodeDigests, (batch) => this.#receive(batch), options);
    this.#chain = new CaptureChain(this.#extractor);
  }

  has(path: string): boolean {
    return this.#paths[this.#taken] === path;
  }

  pieces(path: string, receive: BatchReceiver): AsyncGenerator<number, CaptureSummary> {
    this.#receive = receive;
    this.#taken++;
    return this.#chain.pieces(path, this.#taken === this.#paths.length);
  }

  flush(): void {
    this.#extractor.flush();
  }

  async close(): Promise<void> {}
}
