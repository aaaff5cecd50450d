/**
 * The first stage: what the two applications say to each other, and when, before anything is encrypted or packetised.
 *
 * A dialogue is data, not a program: every message names the earliest moment it may leave and, if it reacts, the message
 * that must have arrived at its sender first. Only the transport knows the round-trip time, so it alone turns `after` into
 * a time; the same dialogue plays over a near and a far server and stays causal on both.
 */
import type { Prng } from '../../../core/prng.ts';

export const SECOND_US = 1_000_000;
export const MILLISECOND_US = 1_000;

export type Side = 'client' | 'server';
export type Label = 'mining' | 'other';

export interface Message {
  readonly from: Side;
  readonly bytes: Uint8Array;
  /** Earliest sending time, virtual microseconds since the application could first write. */
  readonly atUs: number;
  /** Index of the message that must have reached this sender first; -1 when the message reacts to nothing. */
  readonly after: number;
  /** Further messages that must have reached, or left, this sender first: what a write made of several replies waits for. */
  readonly also?: readonly number[];
  /** Time the sender thinks once `after` has arrived, microseconds. */
  readonly thinkUs: number;
}

export interface DialogueContext {
  /** Randomness of this session alone. */
  readonly prng: Prng;
  /** Habits of the server's operator: the same stream in every session with that site. */
  readonly operator: Prng;
  /** The moment the application could first write, on the clock of the capture, microseconds. */
  readonly startUs: number;
  /** Session length asked for, microseconds; messages past it are not sent. */
  readonly durationUs: number;
  /** Server name, for headers. */
  readonly host: string;
  /** Seed of the block arrivals, common to every session of a capture: all miners of a coin see the same blocks. */
  readonly chainSeed: number;
  /** How often this client has been at this site before, in this capture; 0 when left out. */
  readonly visit?: number;
  /** Factor on the share difficulty the miner asks its pool for; 1 when left out. */
  readonly difficulty?: number;
}

export interface Dialogue {
  readonly name: string;
  readonly label: Label;
  /** Ports this application is found on when it uses its usual one. */
  readonly ports: readonly number[];
  /** Its sessions begin with an HTTP request, always or at some operators: it is not carried in a second WebSocket. */
  readonly speaksHttp?: boolean;
  /** From this message on the bytes are the application's own ciphertext: an ignorable frame more shows as length alone. */
  readonly opaqueFrom?: number;
  /** Its sites differ in how they write: whether there is room for filler is seen on a session, and not on the dialogue. */
  readonly mixedFormats?: boolean;
  play(context: DialogueContext): readonly Message[];
}

/** A dialogue and how often it is played, in proportion to the others of its label. */
export interface Share {
  readonly weight: number;
  readonly value: Dialogue;
}

const encoder = new TextEncoder();

/** Collects the messages of one dialogue; every method returns the index of the message it added. */
export class Script {
  readonly messages: Message[] = [];

  /** Sends at a time of the sender's own choosing. */
  say(from: Side, atUs: number, content: string | Uint8Array): number {
    return this.#add(from, atUs, -1, 0, content);
  }

  /** The other side answers `to`, `thinkUs` after it arrived. */
  reply(to: number, content: string | Uint8Array, thinkUs: number): number {
    return this.#add(this.messages[to]!.from === 'client' ? 'server' : 'client', 0, to, thinkUs, content);
  }

  /** The same side as `previous` goes on, `thinkUs` after it was sent and not before `atUs`. */
  follow(previous: number, content: string | Uint8Array, thinkUs: number, atUs = 0): number {
    return this.#add(this.messages[previous]!.from, atUs, previous, thinkUs, content);
  }

  /** The same side as `previous` sends at `atUs`, or once `previous` was sent, whichever is later. */
  followAt(previous: number, atUs: number, content: string | Uint8Array): number {
    return this.#add(this.messages[previous]!.from, atUs, previous, 0, content);
  }

  /** The side that receives `to` sends at `atUs`, or once `to` has arrived, whichever is later. */
  sayAfter(to: number, atUs: number, content: string | Uint8Array, thinkUs = 0): number {
    return this.#add(this.messages[to]!.from === 'client' ? 'server' : 'client', atUs, to, thinkUs, content);
  }

  /** `from` sends at `atUs`, or `thinkUs` after `to` was sent or has arrived, whichever of them did it, if that is later. */
  sayOnce(from: Side, to: number, atUs: number, content: string | Uint8Array, thinkUs = 0): number {
    return this.#add(from, atUs, to, thinkUs, content);
  }

  #add(from: Side, atUs: number, after: number, thinkUs: number, content: string | Uint8Array): number {
    const bytes = typeof content === 'string' ? encoder.encode(content) : content;
    this.messages.push({ from, bytes, atUs, after, thinkUs });
    return this.messages.length - 1;
  }
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** `length` letters and digits. */
export function letters(prng: Prng, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ALPHABET[prng.below(ALPHABET.length)]!;
  return text;
}

/** A version-4 UUID in text, 36 characters. */
export function uuid(prng: Prng): string {
  const h = prng.hex(32);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
}

/** A log-normal draw held between two bounds, rounded: sizes in bytes and times in microseconds. */
export function drawn(prng: Prng, median: number, sigma: number, low: number, high: number): number {
  return Math.round(Math.min(high, Math.max(low, prng.logNormal(median, sigma))));
}

/** As likely between 10 and 20 as between 100 and 200: for what is known to an order of magnitude only. */
export function logUniform(prng: Prng, low: number, high: number): number {
  return low * (high / low) ** prng.float();
}

/** Time a server takes to answer something it has at hand; chosen to span a cache hit to a busy database. */
export function serverThinkUs(prng: Prng): number {
  return drawn(prng, 1_500, 0.9, 100, 80_000);
}
