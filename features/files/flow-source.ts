/** What a user gives to be scored: captures and flow tables alike, told apart by their first bytes. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { STANDARD_INPUT } from '../capture/input.ts';
import { emptyFile, looksLikeCapture } from '../capture/reader.ts';
import { headOf } from './inputs.ts';
import { type TableKind, tableKind } from './table-reader.ts';

/** `capture`, or the format of a flow table. */
export type SourceKind = 'capture' | TableKind;

const PACKED = [
  [0x1f, 0x8b],
  [0x28, 0xb5, 0x2f, 0xfd],
] as const;

/**
 * Standard input is taken for a capture: it cannot be looked at twice.
 *
 * @throws FlowlampError FILE_EMPTY, or NOT_A_CAPTURE for what is neither
 */
export function sourceKind(path: string): SourceKind {
  if (path === STANDARD_INPUT) return 'capture';
  const head = headOf(path);
  if (head.length === 0) throw emptyFile(path);
  const isPacked = PACKED.some((magic) => magic.every((byte, i) => head[i] === byte));
  if (isPacked || looksLikeCapture(head)) return 'capture';
  const kind = tableKind(head);
  if (kind !== null) return kind;
  throw new FlowlampError(ErrorCode.NotACapture, {
    happened: `${path} is neither a capture nor a flow table`,
    expected: 'pcap or pcapng, or what `flowlamp extract` writes (Arrow, CSV, JSONL)',
    action: 'check the path',
  });
}
