/**
 * Bytes in pieces of any size in, frames out: recognises the format from the first bytes, keeps the incomplete record
 * between pieces, and hands whole records to the format's decoder. Free of input and output, so that files, pipes and
 * browsers use the same code.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { type CaptureAccount, type CaptureDecoder, Damage } from './decoder.ts';
import type { FrameSink } from './packet-sink.ts';
import { PcapDecoder, pcapVariant } from './pcap.ts';
import { isPcapng, PcapngDecoder } from './pcapng.ts';

const MAGIC_BYTES = 4;
const FIRST_BUFFER_BYTES = 1 << 20;

/** True if the bytes start like a capture file; four are needed. */
export function looksLikeCapture(bytes: Uint8Array): boolean {
  if (bytes.length < MAGIC_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return isPcapng(view, 0) || pcapVariant(view, 0) !== null;
}

export class CaptureReader {
  readonly #name: string;
  readonly #sink: FrameSink;
  #decoder: CaptureDecoder | null = null;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #view = new DataView(this.#buffer.buffer);
  /** The bytes not used yet are `#buffer[#at, #end)`. */
  #at = 0;
  #end = 0;
  #total = 0;

  /** @param name what to call the capture in errors */
  constructor(name: string, sink: FrameSink) {
    this.#name = name;
    this.#sink = sink;
  }

  /** Room for the next bytes, never empty; valid until the next call. Tell `filled` how much of it was used. */
  space(): Uint8Array {
    this.#makeRoom(1);
    return this.#buffer.subarray(this.#end);
  }

  /** `count` bytes were put at the start of the last `space()`. */
  filled(count: number): void {
    this.#end += count;
    this.#total += count;
    this.#decode();
  }

  /** Takes a piece of the capture; it is copied, so the caller may reuse it. */
  write(piece: Uint8Array): void {
    let from = 0;
    while (from < piece.length) {
      this.#makeRoom(1);
      const count = Math.min(piece.length - from, this.#buffer.length - this.#end);
      this.#buffer.set(piece.subarray(from, from + count), this.#end);
      from += count;
      this.filled(count);
    }
  }

  /**
   * No more bytes will come.
   *
   * @returns the account of what was read
   * @throws FlowlampError FILE_EMPTY for no bytes at all, NOT_A_CAPTURE for bytes that no format knows
   */
  finish(): CaptureAccount {
    if (this.#decoder === null) throw this.#total === 0 ? emptyFile(this.#name) : notACapture(this.#name);
    const { account } = this.#decoder;
    if (account.damage === Damage.None) this.#at = this.#decoder.finish(this.#view, this.#at, this.#end);
    if (this.#at < this.#end && account.damage === Damage.None) account.damage = Damage.CutOff;
    account.bytes = this.#total;
    return account;
  }

  #decode(): void {
    if (this.#decoder === null) {
      if (this.#end - this.#at < MAGIC_BYTES) return;
      this.#decoder = this.#recognise();
    }
    // Once a decoder has stopped, the rest is read and thrown away: its place in the records is lost.
    if (this.#decoder.account.damage !== Damage.None) this.#at = this.#end;
    else this.#at = this.#decoder.decode(this.#view, this.#at, this.#end);
  }

  #recognise(): CaptureDecoder {
    if (isPcapng(this.#view, this.#at)) return new PcapngDecoder(this.#sink);
    const variant = pcapVariant(this.#view, this.#at);
    if (variant === null) throw notACapture(this.#name);
    return new PcapDecoder(variant, this.#sink);
  }

  /** Moves the incomplete record to the front, and takes a larger buffer if it does not fit. */
  #makeRoom(bytes: number): void {
    const kept = this.#end - this.#at;
    if (kept === 0) {
      this.#at = 0;
      this.#end = 0;
    }
    if (this.#buffer.length - this.#end >= bytes && this.#at === 0) return;
    const wanted = this.#decoder === null ? MAGIC_BYTES : this.#decoder.wanted(this.#view, this.#at, this.#end);
    const target =
      wanted + bytes > this.#buffer.length ? new Uint8Array(1 << (32 - Math.clz32(wanted + bytes))) : this.#buffer;
    target.set(this.#buffer.subarray(this.#at, this.#end), 0);
    if (target !== this.#buffer) {
      this.#buffer = target;
      this.#view = new DataView(target.buffer);
    }
    this.#at = 0;
    this.#end = kept;
  }
}

export function emptyFile(name: string): FlowlampError {
  return new FlowlampError(ErrorCode.FileEmpty, {
    happened: `${name} holds no bytes`,
    expected: 'a capture or a flow table',
    action: 'check that whatever wrote it ran and had finished',
  });
}

export function notACapture(name: string): FlowlampError {
  return new FlowlampError(ErrorCode.NotACapture, {
    happened: `${name} is no capture`,
    expected: 'a pcap or pcapng file, as it is or compressed with gzip or zstd',
    action: 'check the path, or convert it with a capture tool first',
  });
}
