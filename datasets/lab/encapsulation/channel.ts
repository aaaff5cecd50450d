/**
 * The second stage: application bytes in, wire bytes out, with no notion of time. A channel is opened once per connection
 * and then seals messages in sending order; the session decides when each flight and each message leaves. Channels stack: what
 * one seals is a message of the one below (stack.ts).
 */
import type { Side } from '../dialogue/message.ts';

/** Bytes one side writes without waiting for the other. */
export interface Flight {
  readonly from: Side;
  readonly bytes: Uint8Array;
  /** Index of the flight that comes first: that has arrived, if it is the other side's, or has left. -1: none. */
  readonly after: number;
  /** Time the sender takes beyond what any answer takes, microseconds: a proxy connects onward, a password is checked. */
  readonly thinkUs: number;
}

/** Wire bytes, at once where nothing has to be waited for. */
export type Sealed = Uint8Array | Promise<Uint8Array>;

/** What an encapsulation says by itself while the connection lasts. */
export interface KeepAlive {
  readonly from: Side;
  readonly everyUs: number;
  /** Whether the time counts from the last message that reached `from`; else from the last ping. */
  readonly whenIdle: boolean;
  ping(): Sealed;
  /** The other side's answer. */
  pong(): Sealed;
}

/** Sealed in its turn, when it is sent. */
export interface Reaction {
  readonly from: Side;
  bytes(): Sealed;
}

export interface Channel {
  /** Flights of the handshake in the order in which each side sends its own. */
  readonly handshake: readonly Flight[];
  /** Index of the flight after which a side may write, on having sent or received it. -1: at once. */
  readonly readyAfter: Readonly<Record<Side, number>>;
  readonly keepAlives: readonly KeepAlive[];
  /** The bytes `from` writes for one application message. Calls must not overlap. */
  seal(from: Side, bytes: Uint8Array): Sealed;
  /** What the receiver of the message sealed last writes as soon as it has it, null if nothing. To be asked once. */
  reaction(): Reaction | null;
  /** What is written when `from` says it will write no more, its own flight first; may be empty. */
  farewell(from: Side): Promise<readonly Pick<Flight, 'from' | 'bytes'>[]>;
  /** Frees what the channel holds. */
  dispose(): void;
}

/** A channel's common case: nothing is said but messages. */
export const QUIET = {
  keepAlives: [],
  reaction: () => null,
  farewell: async () => [],
  dispose: () => {},
} as const satisfies Partial<Channel>;

export const opposite = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/** What one connection is wrapped in, as the manifest says it; `-tls` is TLS of either version inside. */
export type EncapsulationName =
  | 'plain'
  | 'tls12'
  | 'tls13'
  | 'websocket'
  | 'websocket-tls'
  | 'http-connect'
  | 'http-connect-tls'
  | 'socks5'
  | 'socks5-tls'
  | 'ssh-tunnel';

/** Whether there is a TLS handshake in it. */
export const hasTls = (name: EncapsulationName) => name.includes('tls');

/**
 * The same for both labels, mostly TLS: what is inside must not show in how it is wrapped. Shares are chosen: proxies and
 * tunnels are what miners are seen to hide in and what offices have anyway, each often enough to be learnt and tested.
 */
export const ENCAPSULATIONS: readonly { readonly weight: number; readonly value: EncapsulationName }[] = [
  { weight: 12, value: 'plain' },
  { weight: 20, value: 'tls12' },
  { weight: 42, value: 'tls13' },
  { weight: 2, value: 'websocket' },
  { weight: 9, value: 'websocket-tls' },
  { weight: 2, value: 'http-connect' },
  { weight: 4, value: 'http-connect-tls' },
  { weight: 2, value: 'socks5' },
  { weight: 3, value: 'socks5-tls' },
  { weight: 4, value: 'ssh-tunnel' },
];
