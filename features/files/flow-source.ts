/** What a user gives to be scored: captures and flow tables alike, told apart by their first bytes. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { headOfInput, isPipe, nameOf } from '../capture/input.ts';
import { emptyFile, looksLikeCapture } from '../capture/reader.ts';
import { HEAD_BYTES, headOf, isCapture, isPacked } from './inputs.ts';
import { openFile } from './random-access.ts';
import { TableKind, tableKind } from './table-reader.ts';

/** `capture`, or the format of a flow table. */
export type SourceKind = 'capture' | TableKind;

/**
 * What an input is, by its first bytes, compressed or not; of a pipe they are put back.
 *
 * @throws FlowlampError FILE_EMPTY, FILE_UNREADABLE, or NOT_A_CAPTURE for what is neither
 */
export async function sourceKind(path: string): Promise<SourceKind> {
  const head = isPipe(path) ? null : headOf(path);
  if (head !== null && !isPacked(head)) return kindOfHead(nameOf(path), head);
  const inside = await headOfInput(path, (bytes) => bytes.length >= HEAD_BYTES || knownKind(bytes) !== null);
  // Of what is packed and cut off at once there is nothing inside; its reader says so.
  return inside.length === 0 && head !== null ? 'capture' : kindOfHead(nameOf(path), inside);
}

/**
 * What begins with these bytes; of compressed ones a capture is expected.
 *
 * @param name what to call it in errors
 * @throws FlowlampError FILE_EMPTY for no bytes, NOT_A_CAPTURE for what is neither
 */
export function kindOfHead(name: string, head: Uint8Array): SourceKind {
  if (head.length === 0) throw emptyFile(name);
  const kind = knownKind(head);
  if (kind !== null) return kind;
  throw new FlowlampError(ErrorCode.NotACapture, {
    happened: `${name} is neither a capture nor a flow table`,
    expected: 'pcap or pcapng, or what `flowlamp extract` writes (Arrow, Parquet, CSV, JSONL)',
    action: 'check the path',
  });
}

function knownKind(head: Uint8Array): SourceKind | null {
  return looksLikeCapture(head) || isPacked(head) ? 'capture' : tableKind(head);
}

/** Columns that every flow table has and hardly anything else: a folder may hold other tables, such as labels. */
const TELLING = ['fwd_packets', 'bwd_packets'];

/** Where tables name their columns: Parquet at its end, all others at the beginning. */
const NAMING_BYTES = 1 << 18;

/**
 * True for a file in a folder that can be scored: a capture, or a table that has the columns of flow tables. Compressed
 * tables are not looked into, and read where they are named.
 */
export function isFlowSource(path: string): boolean {
  if (isCapture(path)) return true;
  const kind = tableKind(headOf(path));
  if (kind === null) return false;
  const text = new TextDecoder('latin1').decode(namingBytes(path, kind));
  return TELLING.every((name) => text.includes(name));
}

function namingBytes(path: string, kind: TableKind): Uint8Array {
  const file = openFile(path);
  try {
    const from = kind === TableKind.Parquet ? Math.max(0, file.size - NAMING_BYTES) : 0;
    return file.readAt(from, from + NAMING_BYTES);
  } finally {
    file.close();
  }
}
