/** Flow rows as plain objects, for tests. */
import type { Table } from '../../core/table.ts';
import { CaptureReader } from '../../features/capture/reader.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { type ExtractOptions, Extractor } from '../../features/extractor.ts';
import type { ExtractCounters } from '../../features/flow-extractor.ts';
import { jsonCell } from '../../features/text/cell.ts';

export type Row = Record<string, unknown>;

export function rowsOf(table: Table): Row[] {
  return Array.from({ length: table.length }, (_, row) =>
    Object.fromEntries([...table.columns].map(([name, column]) => [name, JSON.parse(jsonCell(column, row))])),
  );
}

/** All rows of a capture, given in pieces of any size. */
export function extractRows(
  capture: Uint8Array,
  options: ExtractOptions = {},
  pieceBytes = capture.length,
): { rows: Row[]; counters: ExtractCounters; reader: CaptureReader } {
  const rows: Row[] = [];
  const extractor = new Extractor('test.pcap', nodeDigests, (batch) => rows.push(...rowsOf(batch)), options);
  const reader = new CaptureReader('test.pcap', extractor);
  for (let at = 0; at < capture.length; at += pieceBytes) reader.write(capture.subarray(at, at + pieceBytes));
  reader.finish();
  return { rows, counters: extractor.finish(), reader };
}
