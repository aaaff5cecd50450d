/**
 * Blocks of flows in memory that two threads share, used in turn. They are emptied in the order in which they are filled, so a credit
 * is for the next one, and whoever has none waits: what is under way is bounded.
 */
import { FlowBlock } from './flow-block.ts';

/** Waits until something may be handed over. Blocks the thread. */
export function spendCredit(credits: Int32Array): void {
  Atomics.wait(credits, 0, 0);
  Atomics.sub(credits, 0, 1);
}

/** What was handed over has been taken. */
export function returnCredit(credits: Int32Array): void {
  Atomics.add(credits, 0, 1);
  Atomics.notify(credits, 0);
}

/** In the thread that fills them. */
export class SharedBlocks {
  readonly #blocks: readonly FlowBlock[];
  readonly #credits: Int32Array;
  readonly #tell: (block: number, flows: number) => void;
  #turn = 0;

  /** @param tell what the other thread is told: which block holds how many flows */
  constructor(memory: readonly SharedArrayBuffer[], credits: Int32Array, tell: (block: number, flows: number) => void) {
    this.#blocks = memory.map((shared) => new FlowBlock(shared));
    this.#credits = credits;
    this.#tell = tell;
  }

  take(): FlowBlock {
    spendCredit(this.#credits);
    const block = this.#blocks[this.#turn]!;
    block.count = 0;
    return block;
  }

  give({ count }: FlowBlock): void {
    this.#tell(this.#turn, count);
    this.#turn = (this.#turn + 1) % this.#blocks.length;
  }
}
