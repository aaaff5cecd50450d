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
const FIRST_BUFFER_BYTES = 1 << 16;

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

  /**
   * Takes a piece of the capture. Whole records are read where they lie; only the record that the piece cuts is copied,
   * so the caller may reuse it.
   */
  write(piece: Uint8Array): void {
    this.#total += piece.length;
    let from = 0;
    while (from < piece.length && this.#isWaiting()) {
      const count = Math.min(piece.length - from, this.#missing());
      this.#keep(piece, from, from + count);
      from += count;
      this.#decode();
    }
    if (from === piece.length || this.#isStopped()) return;
    const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
    const used = this.#decoder!.decode(view, from, piece.length);
    this.#keep(piece, used, piece.length);
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

  /** True once nothing of what is written is read any more: the records have lost their places. */
  get isStopped(): boolean {
    return this.#isStopped();
  }

  /** True while the next bytes belong to something that has begun: the first bytes of all, or a cut record. */
  #isWaiting(): boolean {
    return this.#decoder === null || (this.#at < this.#end && !this.#isStopped());
  }

  /** Once a decoder has stopped, the rest is thrown away: its place in the records is lost. */
  #isStopped(): boolean {
    return this.#decoder !== null && this.#decoder.account.damage !== Damage.None;
  }

  /** How many bytes are missing until it is worth looking again; at least 1. */
  #missing(): number {
    const kept = this.#end - this.#at;
    const wanted = this.#decoder === null ? MAGIC_BYTES : this.#decoder.wanted(this.#view, this.#at, this.#end);
    return Math.max(1, wanted - kept);
  }

  #decode(): void {
    if (this.#decoder === null) {
      if (this.#end - this.#at < MAGIC_BYTES) return;
      this.#decoder = this.#recognise();
    }
    this.#at = this.#decoder.decode(this.#view, this.#at, this.#end);
  }

  #recognise(): CaptureDecoder {
    if (isPcapng(this.#view, this.#at)) return new PcapngDecoder(this.#sink);
    const variant = pcapVariant(this.#view, this.#at);
    if (variant === null) throw notACapture(this.#name);
    return new PcapDecoder(variant, this.#sink);
  }

  /** Appends `piece[from, to)` to the bytes that are kept, in a larger buffer if they do not fit. */
  #keep(piece: Uint8Array, from: number, to: number): void {
    const kept = this.#end - this.#at;
    const needed = kept + to - from;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(1 << (32 - Math.clz32(needed - 1)));
      larger.set(this.#buffer.subarray(this.#at, this.#end));
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    } else if (this.#at > 0) this.#buffer.copyWithin(0, this.#at, this.#end);
    this.#buffer.set(piece.subarray(from, to), kept);
    this.#at = 0;
    this.#end = needed;
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
