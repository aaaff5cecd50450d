/**
 * Flows on their way from the tracker to the rows: copies of what is known of each, in one stretch of memory that may be
 * shared between threads. Blocks are filled, read and filled again, so a flow that ends costs no garbage.
 */
import { LIMITS } from '../../core/limits.ts';
import { COUNTERS, Field, type FlowState, RECORD } from './flow-state.ts';
import { KEY_WORDS } from './key.ts';

/** Flows in a block: enough that handing it over costs nothing each, few enough to stay in a core's cache. */
export const BLOCK_FLOWS = 1024;
/** Bytes of facts in a block, and from how many on it is full: one flow has room for the difference. */
const FACT_BYTES = 512 * 1024;
const FULL_FACTS = 256 * 1024;

const MESSAGES = BLOCK_FLOWS * LIMITS.messages;
const DOUBLE = 8;
const WORD = 4;

export const BLOCK_BYTES =
  BLOCK_FLOWS * RECORD * DOUBLE +
  MESSAGES * (DOUBLE + WORD) +
  (BLOCK_FLOWS * (COUNTERS + KEY_WORDS) + 2 * (BLOCK_FLOWS + 1)) * WORD +
  FACT_BYTES;

export class FlowBlock {
  /** Flows in the block. */
  count = 0;
  /** Record of flow `i` (see flow-state.ts): `records[i * RECORD, (i + 1) * RECORD)`. */
  readonly records: Float64Array;
  /** Counters of flow `i`: `counters[i * COUNTERS, (i + 1) * COUNTERS)`. */
  readonly counters: Uint32Array;
  /** Payload packets of flow `i`: `[messageEnds[i], messageEnds[i + 1])`: times, us; sizes, bytes, positive from side A. */
  readonly times: Float64Array;
  readonly sizes: Int32Array;
  readonly messageEnds: Int32Array;
  /** Key of flow `i`, KEY_WORDS words. */
  readonly keys: Int32Array;
  /** What protocols say of flow `i`: `facts[factEnds[i], factEnds[i + 1])`, see vector/facts.ts. */
  readonly facts: Uint8Array;
  readonly factEnds: Int32Array;

  /** @param memory BLOCK_BYTES long */
  constructor(memory: ArrayBuffer | SharedArrayBuffer = new ArrayBuffer(BLOCK_BYTES)) {
    let at = 0;
    const doubles = (count: number) => new Float64Array(memory, advance(count * DOUBLE), count);
    const words = (count: number) => new Int32Array(memory, advance(count * WORD), count);
    const advance = (bytes: number) => {
      at += bytes;
      return at - bytes;
    };
    this.records = doubles(BLOCK_FLOWS * RECORD);
    this.times = doubles(MESSAGES);
    this.sizes = words(MESSAGES);
    this.counters = new Uint32Array(memory, advance(BLOCK_FLOWS * COUNTERS * WORD), BLOCK_FLOWS * COUNTERS);
    this.keys = words(BLOCK_FLOWS * KEY_WORDS);
    this.messageEnds = words(BLOCK_FLOWS + 1);
    this.factEnds = words(BLOCK_FLOWS + 1);
    this.facts = new Uint8Array(memory, at, FACT_BYTES);
  }

  get isFull(): boolean {
    return this.count === BLOCK_FLOWS || this.factEnds[this.count]! > FULL_FACTS;
  }

  /**
   * Adds the flow in a slot; the block must not be full.
   *
   * @param keys of all slots
   * @param factsEnd where the facts end that were written for it behind those of the flow before
   */
  add(state: FlowState, slot: number, keys: Int32Array, factsEnd: number): void {
    const i = this.count++;
    const from = state.baseOf(slot);
    const record = state.page(slot);
    const to = i * RECORD;
    for (let field = 0; field < RECORD; field++) this.records[to + field] = record[from + field]!;
    const counters = state.counterPage(slot);
    const countersAt = state.countersOf(slot);
    for (let at = 0; at < COUNTERS; at++) this.counters[i * COUNTERS + at] = counters[countersAt + at]!;
    for (let word = 0; word < KEY_WORDS; word++) this.keys[i * KEY_WORDS + word] = keys[slot * KEY_WORDS + word]!;
    const messages = record[from + Field.Messages]!;
    const start = this.messageEnds[i]!;
    if (messages > 0) state.messages.read(record[from + Field.FirstRun]!, messages, this.sizes, this.times, start);
    this.messageEnds[i + 1] = start + messages;
    this.factEnds[i + 1] = factsEnd;
  }
}
