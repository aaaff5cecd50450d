/** Memory of messages that are being put together: a handshake has one for a moment, and the next takes it over. */
import { TLS_LIMITS } from './limits.ts';

/** Buffers kept of each size. */
const MOST_SPARE = 64;

/** Buffers of TLS_LIMITS.messageStartBytes and its doubles. */
export class MessageBuffers {
  readonly #spare: Uint8Array[][] = [];

  /** A buffer of at least so many bytes; what is in it is left over from another. */
  take(bytes: number): Uint8Array {
    let size: number = TLS_LIMITS.messageStartBytes;
    let kind = 0;
    for (; size < bytes; size *= 2) kind++;
    return this.#spare[kind]?.pop() ?? new Uint8Array(size);
  }

  give(buffer: Uint8Array): void {
    let kind = 0;
    for (let size: number = TLS_LIMITS.messageStartBytes; size < buffer.length; size *= 2) kind++;
    this.#spare[kind] ??= [];
    const spare = this.#spare[kind]!;
    if (spare.length < MOST_SPARE) spare.push(buffer);
  }
}
