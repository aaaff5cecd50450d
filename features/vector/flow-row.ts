/**
 * The flow that a row is made of, as the groups see it: its record, with both sides turned the way `fwd` and `bwd` say.
 */
import type { TlsSummary } from '../fingerprint/tls-summary.ts';
import { Field, type FlowState } from '../flow/flow-state.ts';
import { KEY_WORDS } from '../flow/key.ts';
import type { OuterPair } from '../flow/outer-pairs.ts';

export class FlowRow {
  readonly capture: string;
  readonly #state: FlowState;
  /** The truth, where known. */
  label: string | null = null;
  /** The record and where the flow's fields, the forward and the backward side's fields start in it. */
  record = new Float64Array(0);
  flow = 0;
  fwd = 0;
  bwd = 0;
  /** Where the sequence starts, and the sign that makes forward sizes positive. */
  sequence = 0;
  sign = 1;
  /** The side (0 for A, 1 for B) that is forward. */
  forward = 0;
  /** The key: `keys[key, key + KEY_WORDS)`. */
  keys: Int32Array = new Int32Array(KEY_WORDS);
  key = 0;
  tls: TlsSummary | null = null;
  outer: OuterPair | null = null;

  constructor(capture: string, state: FlowState) {
    this.capture = capture;
    this.#state = state;
  }

  /** Points the view at a slot. */
  turnTo(slot: number, keys: Int32Array, tls: TlsSummary | null, outer: OuterPair | null): void {
    const state = this.#state;
    this.record = state.page(slot) as Float64Array<ArrayBuffer>;
    this.flow = state.baseOf(slot);
    this.forward = this.record[this.flow + Field.Forward]!;
    this.fwd = state.sideBaseOf(slot, this.forward);
    this.bwd = state.sideBaseOf(slot, 1 - this.forward);
    this.sequence = state.sequenceBaseOf(slot);
    this.sign = this.forward === 0 ? 1 : -1;
    this.keys = keys;
    this.key = slot * KEY_WORDS;
    this.tls = tls;
    this.outer = outer;
  }

  /** A field of the flow (see flow-state.ts). */
  get(field: number): number {
    return this.record[this.flow + field]!;
  }
}
