/** Items as lines of text, to a file or a socket. */
import type { Item } from '../live/items.ts';
import { bytesForm, type Destination } from './destination.ts';
import type { Lines } from './log-file.ts';

export class LineDestination implements Destination<Uint8Array> {
  readonly form;
  readonly #encode: (item: Item) => Promise<Uint8Array | null>;
  readonly #lines: Lines;

  /** @param tag what the lines are */
  constructor(tag: string, encode: (item: Item) => Promise<Uint8Array | null>, lines: Lines) {
    this.form = bytesForm(tag);
    this.#encode = encode;
    this.#lines = lines;
  }

  async encode(item: Item): Promise<Uint8Array | null> {
    const lines = await this.#encode(item);
    return lines === null || lines.length === 0 ? null : lines;
  }

  send(payloads: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return this.#lines.write(payloads.length === 1 ? payloads[0]! : Buffer.concat(payloads), signal);
  }

  wakeAt(): number | null {
    return this.#lines.wakeAt();
  }

  tend(): Promise<void> {
    return this.#lines.tend();
  }

  reopen(): Promise<void> {
    return this.#lines.reopen();
  }

  close(): Promise<void> {
    return this.#lines.close();
  }
}
