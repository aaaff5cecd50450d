/** From a capture file to flow rows: the extractor with its input and output attached. */
import { setImmediate } from 'node:timers/promises';
import { copyTable } from '../core/copy-table.ts';
import type { Table } from '../core/table.ts';
import { type CaptureAccount, Damage } from './capture/decoder.ts';
import { type InputAccount, newInputAccount, type ReadProgress, readInput, unpacked } from './capture/input.ts';
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
  /**
   * Where flows go on from captures before it: how long before their end it begins, us. Then packets were not read in the
   * order of time.
   */
  readonly overlapUs?: number;
}

/**
 * Reads a capture piece by piece into an extractor.
 *
 * @param path a capture file (pcap or pcapng, as it is or gzip or zstd), or `-` for standard input
 * @param finish called at its end; says what became of its frames
 * @returns yields the bytes read so far (as they lie in the file) after each piece, so that the caller can catch up with
 *   the batches; at the end, what was read: format, interfaces, counts, drops, damage
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY or NOT_A_CAPTURE
 */
export function capturePieces(
  path: string,
  consumer: FrameSink,
  finish: () => ExtractCounters,
): AsyncGenerator<number, CaptureSummary> {
  const input = newInputAccount();
  const progress = { packedBytes: 0 };
  return piecesOf(path, readInput(path, input, progress), input, progress, consumer, finish);
}

/** The same of a capture in pieces; `name` is what to call it in errors. */
async function* piecesOf(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  input: InputAccount,
  progress: ReadProgress,
  consumer: FrameSink,
  finish: () => ExtractCounters,
): AsyncGenerator<number, CaptureSummary> {
  const reader = new CaptureReader(name, consumer);
  for await (const piece of pieces) {
    reader.write(piece);
    yield progress.packedBytes;
  }
  const capture = reader.finish();
  if (input.damage !== Damage.None) capture.damage = input.damage;
  return { capture, compression: input.compression, counters: finish() };
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
  const extractor = new Extractor(path, nodeDigests, receive, options);
  return capturePieces(path, extractor, () => extractor.finish());
}

/**
 * The flow rows of a capture, a batch at a time, each a table of its own. Between pieces of the capture the event loop goes
 * round, so that a server goes on serving while a large one is read.
 *
 * @param name written into the column `capture`, and what to call the capture in errors
 * @param source its bytes, as they are or gzip or zstd; a path is read, `-` is standard input
 * @returns yields tables of at most LIMITS.batchRows rows; at the end, what was read
 * @throws FlowlampError as capturePieces
 */
export async function* captureTables(
  name: string,
  source: string | AsyncIterable<Uint8Array>,
  options: ExtractOptions = {},
): AsyncGenerator<Table, CaptureSummary> {
  const waiting: Table[] = [];
  const extractor = new Extractor(name, nodeDigests, (batch) => void waiting.push(copyTable(batch)), options);
  const input = newInputAccount();
  const bytes = typeof source === 'string' ? readInput(source, input) : unpacked(source, input);
  const pieces = piecesOf(name, bytes, input, { packedBytes: 0 }, extractor, () => extractor.finish());
  return yield* tablesOf(pieces, waiting);
}

/**
 * The tables that reading a capture puts into `waiting`, after each piece; between pieces the event loop goes round. Whoever
 * stops early closes the capture.
 */
export async function* tablesOf(
  pieces: AsyncGenerator<number, CaptureSummary>,
  waiting: Table[],
): AsyncGenerator<Table, CaptureSummary> {
  try {
    for (;;) {
      const next = await pieces.next();
      yield* waiting.splice(0);
      if (next.done === true) return next.value;
      await setImmediate();
    }
  } finally {
    await pieces.return(undefined as never);
  }
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
