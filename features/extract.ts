/** From a capture file to flow rows: the extractor with its input and output attached. */
import { type CaptureAccount, Damage } from './capture/decoder.ts';
import { newInputAccount, readInput } from './capture/input.ts';
import type { FrameSink } from './capture/packet-sink.ts';
import { CaptureReader } from './capture/reader.ts';
import { nodeDigests } from './digests-node.ts';
import { type ExtractOptions, Extractor } from './extractor.ts';
import type { ExtractCounters } from './flow-extractor.ts';
import type { BatchReceiver } from './vector/rows.ts';

export interface CaptureSummary {
  readonly capture: CaptureAccount;
  readonly compression: 'none' | 'gzip' | 'zstd';
  readonly counters: ExtractCounters;
}

/** Takes frames, and counts what became of them. */
export interface FrameConsumer extends FrameSink {
  /** No more frames will come. */
  finish(): ExtractCounters;
}

/**
 * Reads a capture piece by piece into an extractor.
 *
 * @param path a capture file (pcap or pcapng, as it is or gzip or zstd), or `-` for standard input
 * @returns yields the bytes read so far (decompressed) after each piece, so that the caller can catch up with the
 *   batches; at the end, what was read: format, interfaces, counts, drops, damage
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY or NOT_A_CAPTURE
 */
export async function* capturePieces(path: string, consumer: FrameConsumer): AsyncGenerator<number, CaptureSummary> {
  const reader = new CaptureReader(path, consumer);
  const input = newInputAccount();
  let bytes = 0;
  for await (const piece of readInput(path, input)) {
    reader.write(piece);
    bytes += piece.length;
    yield bytes;
  }
  const capture = reader.finish();
  if (input.damage !== Damage.None) capture.damage = input.damage;
  return { capture, compression: input.compression, counters: consumer.finish() };
}

/**
 * Reads a capture piece by piece and hands on its flow rows in batches, in the order in which flows end; as
 * `capturePieces` otherwise.
 *
 * @param receive gets each batch; the table is borrowed during the call
 */
export function extractPieces(
  path: string,
  receive: BatchReceiver,
  options: ExtractOptions = {},
): AsyncGenerator<number, CaptureSummary> {
  return capturePieces(path, new Extractor(path, nodeDigests, receive, options));
}

/** Reads a whole capture: `extractPieces` for those who have nothing to do in between. */
export async function extractCapture(
  path: string,
  receive: BatchReceiver,
  options: ExtractOptions = {},
): Promise<CaptureSummary> {
  const pieces = extractPieces(path, receive, options);
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return next.value;
  }
}
