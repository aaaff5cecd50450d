/** From a capture file to flow rows: the extractor with its input and output attached. */
import { type CaptureAccount, Damage } from './capture/decoder.ts';
import { newInputAccount, readInput } from './capture/input.ts';
import { CaptureReader } from './capture/reader.ts';
import { nodeDigests } from './digests-node.ts';
import { type ExtractCounters, type ExtractOptions, Extractor } from './extractor.ts';
import type { BatchReceiver } from './vector/rows.ts';

export interface CaptureSummary {
  readonly capture: CaptureAccount;
  readonly compression: 'none' | 'gzip' | 'zstd';
  readonly counters: ExtractCounters;
}

export interface ExtractProgress {
  /** Called now and then with the bytes read so far (decompressed). */
  readonly onBytes?: (bytes: number) => void;
  /** Awaited between pieces of the capture: what could not be done while batches were handed on is done here. */
  readonly afterPiece?: () => Promise<void>;
}

/**
 * Reads a capture and hands on its flow rows in batches, in the order in which flows end.
 *
 * @param path a capture file (pcap or pcapng, as it is or gzip or zstd), or `-` for standard input
 * @param receive gets each batch; the table is borrowed during the call
 * @returns what was read: format, interfaces, counts, drops, damage
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY or NOT_A_CAPTURE
 */
export async function extractCapture(
  path: string,
  receive: BatchReceiver,
  options: ExtractOptions & ExtractProgress & { readonly captureName?: string } = {},
): Promise<CaptureSummary> {
  const name = options.captureName ?? path;
  const extractor = new Extractor(name, nodeDigests, receive, options);
  const reader = new CaptureReader(name, extractor);
  const input = newInputAccount();
  let bytes = 0;
  for await (const piece of readInput(path, input)) {
    reader.write(piece);
    bytes += piece.length;
    options.onBytes?.(bytes);
    await options.afterPiece?.();
  }
  const capture = reader.finish();
  if (input.damage !== Damage.None) capture.damage = input.damage;
  return { capture, compression: input.compression, counters: extractor.finish() };
}
