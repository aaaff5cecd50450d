/** The name that the initiator of each flow had resolved before it began. Few flows have one: kept apart, by slot. */
import { Field, type FlowState } from '../../flow/flow-state.ts';
import { type Packet, TcpFlag } from '../../packet/packet.ts';
import type { ResolvedNames } from './resolved-names.ts';

export class FlowNames {
  readonly #resolved: ResolvedNames;
  readonly #state: FlowState;
  readonly #names = new Map<number, string>();

  constructor(state: FlowState, resolved: ResolvedNames) {
    this.#state = state;
    this.#resolved = resolved;
  }

  of(slot: number): string | null {
    return this.#names.get(slot) ?? null;
  }

  /** A flow begins with a packet of `side`. */
  opened(slot: number, side: 0 | 1, { view, addressAt, ipVersion, tcpFlags, us }: Packet): void {
    const answers = (tcpFlags & (TcpFlag.Syn | TcpFlag.Ack)) === (TcpFlag.Syn | TcpFlag.Ack);
    const isInitiator = !answers && this.#state.get(slot, Field.Forward) === side;
    const otherAt = addressAt + (ipVersion === 4 ? 4 : 16);
    const name = isInitiator
      ? this.#resolved.of(view, addressAt, otherAt, ipVersion, us)
      : this.#resolved.of(view, otherAt, addressAt, ipVersion, us);
    this.#set(slot, name);
  }

  /** The same name for the next part of the flow, or for a row of it. */
  passOn(slot: number, other: number): void {
    this.#set(other, this.of(slot));
  }

  #set(slot: number, name: string | null): void {
    if (name !== null) this.#names.set(slot, name);
    else if (this.#names.size > 0) this.#names.delete(slot);
  }
}
