/**
 * The flow that a row is made of, as the groups see it: its record, with both sides turned the way `fwd` and `bwd` say.
 */
import type { FlowBlock } from '../flow/flow-block.ts';
import { CAPTURE_AT, COUNTERS, Field, RECORD, SIDE_AT, SIDE_COUNTERS, SIDE_LENGTH } from '../flow/flow-state.ts';
import { KEY_WORDS } from '../flow/key.ts';
import { Messages } from './messages.ts';

export class FlowRow {
  /** Names of the captures that flows began in, by number. */
  readonly captures: string[];
  /** The truth, where known. */
  readonly label: string | null;
  /** The record and where the flow's fields, the forward and the backward side's fields start in it. */
  record = new Float64Array(0);
  flow = 0;
  fwd = 0;
  bwd = 0;
  /** Counters (see flow-state.ts), and where each side's start. */
  counters = new Uint32Array(0);
  fwdCounters = 0;
  bwdCounters = 0;
  /** Payload packets `[messagesAt, messagesEnd)`: sizes, bytes, and times, us; and the sign that makes forward sizes positive. */
  sizes: Int32Array = new Int32Array(0);
  times = new Float64Array(0);
  messagesAt = 0;
  messagesEnd = 0;
  sign = 1;
  /** The side (0 for A, 1 for B) that is forward. */
  forward = 0;
  /** The key: `keys[key, key + KEY_WORDS)`. */
  keys: Int32Array = new Int32Array(0);
  key = 0;

  readonly #messages = new Messages();
  #hasMessages = false;

  constructor(capture: string, label: string | null) {
    this.captures = [capture];
    this.label = label;
  }

  /** Points the view at flow `i` of a block. */
  turnTo(block: FlowBlock, i: number): void {
    this.record = block.records as Float64Array<ArrayBuffer>;
    this.flow = i * RECORD;
    this.forward = this.record[this.flow + Field.Forward]!;
    this.fwd = this.flow + SIDE_AT + this.forward * SIDE_LENGTH;
    this.bwd = this.flow + SIDE_AT + (1 - this.forward) * SIDE_LENGTH;
    this.counters = block.counters as Uint32Array<ArrayBuffer>;
    this.fwdCounters = i * COUNTERS + this.forward * SIDE_COUNTERS;
    this.bwdCounters = i * COUNTERS + (1 - this.forward) * SIDE_COUNTERS;
    this.sizes = block.sizes;
    this.times = block.times as Float64Array<ArrayBuffer>;
    this.messagesAt = block.messageEnds[i]!;
    this.messagesEnd = block.messageEnds[i + 1]!;
    this.sign = this.forward === 0 ? 1 : -1;
    this.#hasMessages = false;
    this.keys = block.keys;
    this.key = i * KEY_WORDS;
  }

  /** The messages kept, by side; made once for all groups that ask, and valid until the next row. */
  messages(): Messages {
    if (!this.#hasMessages) {
      this.#messages.read(this.sizes, this.times, this.messagesAt, this.messagesEnd, this.sign);
      this.#hasMessages = true;
    }
    return this.#messages;
  }

  /** Name of the capture that the flow's first packet was in. */
  get capture(): string {
    return this.captures[Math.floor(this.get(Field.Origin) / CAPTURE_AT)]!;
  }

  /** Time from the first to the last packet of the part, us. */
  duration(): number {
    const ns = this.get(Field.LastNs) - this.get(Field.FirstNs);
    return this.get(Field.LastUs) - this.get(Field.FirstUs) + ns / 1000;
  }

  /** A field of the flow (see flow-state.ts). */
  get(field: number): number {
    return this.record[this.flow + field]!;
  }
}

/** Fills the columns of a group, which it was made for, in a row. */
export type FillRow = (row: number, flow: FlowRow) => void;
