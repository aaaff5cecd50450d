/** What a user gives to be scored: captures and flow tables alike, told apart by their first bytes. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { STANDARD_INPUT } from '../capture/input.ts';
import { emptyFile, looksLikeCapture } from '../capture/reader.ts';
import { headOf } from './inputs.ts';
import { type TableKind, tableKind } from './table-reader.ts';

/** `capture`, or the format of a flow table. */
export type SourceKind = 'capture' | TableKind;

/** True if the file can be read and starts like a capture, as it is or compressed; what cannot be read is none. */
export function isCaptureFile(path: string): boolean {
  try {
    return isCaptureHead(headOf(path));
  } catch {
    return false;
  }
}

const PACKED = [
  [0x1f, 0x8b],
  [0x28, 0xb5, 0x2f, 0xfd],
] as const;

/**
 * What an input is, by its first bytes; of standard input they are put back.
 *
 * @throws FlowlampError FILE_EMPTY, FILE_UNREADABLE, or NOT_A_CAPTURE for what is neither
 */
export async function sourceKind(path: string): Promise<SourceKind> {
  const head = path === STANDARD_INPUT ? await headOfStandardInput() : headOf(path);
  return kindOfHead(path === STANDARD_INPUT ? 'standard input' : path, head);
}

/**
 * What begins with these bytes.
 *
 * @param name what to call it in errors
 * @throws FlowlampError FILE_EMPTY for no bytes, NOT_A_CAPTURE for what is neither
 */
export function kindOfHead(name: string, head: Uint8Array): SourceKind {
  if (head.length === 0) throw emptyFile(name);
  if (isCaptureHead(head)) return 'capture';
  const kind = tableKind(head);
  if (kind !== null) return kind;
  throw new FlowlampError(ErrorCode.NotACapture, {
    happened: `${name} is neither a capture nor a flow table`,
    expected: 'pcap or pcapng, or what `flowlamp extract` writes (Arrow, Parquet, CSV, JSONL)',
    action: 'check the path',
  });
}

function isCaptureHead(head: Uint8Array): boolean {
  return PACKED.some((magic) => magic.every((byte, i) => head[i] === byte)) || looksLikeCapture(head);
}

async function headOfStandardInput(): Promise<Uint8Array> {
  const { stdin } = process;
  while (!stdin.readableEnded) {
    const piece = stdin.read() as Buffer | null;
    if (piece !== null) {
      stdin.unshift(piece);
      return piece;
    }
    await new Promise<void>((resolve) => {
      const done = () => {
        stdin.off('readable', done).off('end', done);
        resolve();
      };
      stdin.on('readable', done).on('end', done);
    });
  }
  return new Uint8Array(0);
}
