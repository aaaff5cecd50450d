/**
 * The second stage: application bytes in, wire bytes out, with no notion of time. A channel is opened once per connection
 * and then seals messages in sending order; the session decides when each flight and each message leaves.
 */
import type { Side } from '../dialogue/message.ts';

/** Bytes one side writes without waiting for the other. */
export interface Flight {
  readonly from: Side;
  readonly bytes: Uint8Array;
}

export interface Channel {
  /** Alternating flights of the handshake, the client's first; each is sent when the one before has arrived. */
  readonly handshake: readonly Flight[];
  /** The flight after which the client may write: on having sent it, or on having received it. -1: at once. */
  readonly clientReadyAfter: number;
  /** The bytes `from` writes for one application message. Calls must not overlap. */
  seal(from: Side, bytes: Uint8Array): Promise<Uint8Array>;
  /** What is written when `from` says it will write no more, its own flight first; may be empty. */
  farewell(from: Side): Promise<readonly Flight[]>;
  /** Frees what the channel holds. */
  dispose(): void;
}

export type EncapsulationName = 'plain' | 'tls12' | 'tls13';

/** The same for both labels, mostly TLS: what is inside must not show in how it is wrapped. */
export const ENCAPSULATIONS: readonly { readonly weight: number; readonly value: EncapsulationName }[] = [
  { weight: 14, value: 'plain' },
  { weight: 28, value: 'tls12' },
  { weight: 58, value: 'tls13' },
];
