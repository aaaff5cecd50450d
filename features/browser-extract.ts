/** Flow rows of a capture in bytes, where there is no Node: the extractor without files, and with the crypto that is handed in. */
import type { Ciphers } from '../core/ciphers.ts';
import { copyTable } from '../core/copy-table.ts';
import type { Digests } from '../core/digest.ts';
import type { Table } from '../core/table.ts';
import { CaptureReader } from './capture/reader.ts';
import type { CaptureSummary } from './extract.ts';
import { type ExtractOptions, Extractor } from './extractor.ts';

/** A capture (pcap or pcapng, not compressed): whole, or in pieces, of which each may be lent. */
export type CaptureBytes = Uint8Array | ArrayBuffer | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface BrowserExtractOptions extends ExtractOptions {
  /** What fingerprints are computed with, and QUIC's first packets opened: `plainDigests`, or something faster. */
  readonly crypto: Digests & Ciphers;
  /** What the capture is called in errors and in the column `capture`. Default `input`. */
  readonly name?: string;
  /** Told at the end what was read: packets, drops, damage. */
  readonly onCapture?: (name: string, summary: CaptureSummary) => void;
}

/** Between two of them whoever asks for rows gets some, and the page may do something else. */
const PIECE_BYTES = 1 << 20;

/**
 * The flow rows of a capture in tables of at most 8,192 rows, each the caller's own, in the order in which flows end.
 *
 * @throws FlowlampError FILE_EMPTY, or NOT_A_CAPTURE, which is what compressed captures are here: DecompressionStream unpacks gzip
 */
export async function* extract(input: CaptureBytes, options: BrowserExtractOptions): AsyncGenerator<Table> {
  const { crypto, name = 'input', onCapture } = options;
  const waiting: Table[] = [];
  const extractor = new Extractor(name, crypto, (batch) => void waiting.push(copyTable(batch)), options);
  const reader = new CaptureReader(name, extractor);
  for await (const piece of piecesOf(input)) {
    reader.write(piece);
    yield* waiting.splice(0);
  }
  const capture = reader.finish();
  const counters = extractor.finish();
  yield* waiting.splice(0);
  onCapture?.(name, { capture, compression: 'none', counters });
}

function piecesOf(input: CaptureBytes): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (input instanceof Uint8Array) return slices(input);
  return input instanceof ArrayBuffer ? slices(new Uint8Array(input)) : input;
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
