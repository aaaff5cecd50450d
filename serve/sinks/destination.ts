/** Where a sink's items go: what a destination is to the sink that delivers to it, and how it says that it could not take them. */
import type { Item } from '../live/items.ts';

/** What is delivered of an item, as bytes and back: it may lie on disk for a while, and be sent by a later run. */
export interface Form<P> {
  /** Says what the bytes are; another form is not read. At most 24 characters of ASCII. */
  readonly tag: string;
  toBytes(payload: P): Uint8Array;
  /** @throws where the bytes are none of these */
  fromBytes(bytes: Uint8Array): P | Promise<P>;
}

/** Of payloads that are bytes themselves. */
export function bytesForm(tag: string): Form<Uint8Array> {
  return { tag, toBytes: (payload) => payload, fromBytes: (bytes) => bytes };
}

/** Nothing of it is called while another call is under way. */
export interface Destination<P> {
  readonly form: Form<P>;
  /**
   * What is delivered of an item, made once, when its turn has come: what is dropped before costs nothing. Lets other work
   * in between where it takes long.
   *
   * @returns null where there is nothing to say of the item
   */
  encode(item: Item): P | null | Promise<P | null>;
  /**
   * Delivers payloads in their order; settles when they are there, as far as the destination lets one know.
   *
   * @param signal ends the attempt
   * @throws Refused where it is of no use to try again; whatever else is thrown is tried again, with all payloads
   */
  send(payloads: readonly P[], signal: AbortSignal): Promise<void>;
  /** When `tend` is to be called although nothing is to be sent, milliseconds since 1970; null for never. */
  wakeAt?(): number | null;
  /** Does what is due by time: rotates, completes the file of an hour. Errors are tried again. */
  tend?(): Promise<void>;
  /** Lets go of the file, which somebody has moved, and begins it anew. */
  reopen?(): Promise<void>;
  close(): Promise<void>;
}

/** The destination will not take this, however often it is sent. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** The destination asks for some patience. */
export class TryLater extends Error {
  override readonly name = 'TryLater';
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

const LONGEST_TROUBLE = 200;

/** What went wrong, for people: one line without addresses or contents, of which some are secret. */
export function troubleText(error: unknown): string {
  const { code, syscall, message } = error as Partial<NodeJS.ErrnoException>;
  const text = code !== undefined && syscall !== undefined ? `${syscall}: ${code}` : String(message ?? error);
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, LONGEST_TROUBLE);
}
