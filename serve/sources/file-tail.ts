/**
 * An open capture that may still grow, read up to its last whole record. Between files of several writers the reading can go
 * to and fro: what comes of a file later is led by the same headers.
 */
import { closeSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { LIMITS } from '../../core/limits.ts';
import { type CaptureDecoder, Damage } from '../../features/capture/decoder.ts';
import { FILE_HEADER_BYTES, PcapDecoder, pcapVariant } from '../../features/capture/pcap.ts';
import { isPcapng, PcapngDecoder } from '../../features/capture/pcapng.ts';
import { SectionHeaders } from './section-headers.ts';

const FIRST_BUFFER_BYTES = 1 << 18;
/** Room for the largest block, and what is needed of the next to tell. */
const MOST_BUFFER_BYTES = LIMITS.blockBytes + 1024;
const NO_FRAMES = { frame: () => undefined };
const MAGIC_BYTES = 4;

export class FileTail {
  /** Where the last whole record ends that was handed on. */
  offset = 0;
  readonly file: number;
  #decoder: CaptureDecoder | null = null;
  #headers: SectionHeaders | null = null;
  #pcapHeader = new Uint8Array(0);
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #view = new DataView(this.#buffer.buffer);

  /** @param file open for reading; closed by `close` */
  constructor(file: number) {
    this.file = file;
  }

  get damage(): Damage {
    return this.#decoder?.account.damage ?? Damage.None;
  }

  /** What a stream that goes on at `offset` begins with. */
  get prefix(): Uint8Array {
    return this.offset === 0 ? new Uint8Array(0) : (this.#headers?.bytes() ?? this.#pcapHeader);
  }

  /**
   * The next whole records, as many as fit a buffer; none where there are none. Borrowed until the next call.
   *
   * @param isLast true where no more will come: what waits for the record behind it is given, too
   * @param end offset at which to stop, of a record
   */
  next(isLast = false, end = Number.POSITIVE_INFINITY): Uint8Array {
    for (;;) {
      const room = Math.min(this.#buffer.length, end - this.offset);
      const count = room > 0 ? readSync(this.file, this.#buffer, 0, room, this.offset) : 0;
      if (this.#decoder === null && !this.#recognise(count)) return this.#buffer.subarray(0, 0);
      const decoder = this.#decoder!;
      // After its file header a decoder of pcap knows that one went before.
      let used = decoder.decode(this.#view, 0, count);
      if (used === 0 && isLast) used = decoder.finish(this.#view, 0, count);
      if (used > 0) return this.#took(used);
      if (count < this.#buffer.length || this.#buffer.length >= MOST_BUFFER_BYTES) return this.#buffer.subarray(0, 0);
      this.#grow(decoder.wanted(this.#view, 0, count));
    }
  }

  /** Goes over what was handed on before this was opened: for its headers, and to be as far. */
  async skipTo(offset: number): Promise<void> {
    while (this.offset < offset && this.next(true, offset).length > 0) await setImmediate();
  }

  close(): void {
    closeSync(this.file);
  }

  #recognise(count: number): boolean {
    if (count < MAGIC_BYTES) return false;
    if (isPcapng(this.#view, 0)) {
      this.#decoder = new PcapngDecoder(NO_FRAMES);
      this.#headers = new SectionHeaders();
      return true;
    }
    const variant = pcapVariant(this.#view, 0);
    if (variant === null || count < FILE_HEADER_BYTES) return false;
    this.#decoder = new PcapDecoder(variant, NO_FRAMES);
    this.#pcapHeader = this.#buffer.slice(0, FILE_HEADER_BYTES);
    return true;
  }

  #took(used: number): Uint8Array {
    this.#headers?.take(this.#view, used);
    this.offset += used;
    return this.#buffer.subarray(0, used);
  }

  #grow(wanted: number): void {
    const size = Math.min(MOST_BUFFER_BYTES, Math.max(this.#buffer.length * 2, wanted));
    this.#buffer = new Uint8Array(size);
    this.#view = new DataView(this.#buffer.buffer);
  }
}
