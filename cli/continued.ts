/** `--continue`: flows go on from one capture to the next, as in the ring of files that a sensor writes. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { inOrderOfTime } from '../features/capture/in-order.ts';
import { isPipe } from '../features/capture/input.ts';
import type { SourceKind } from '../features/files/flow-source.ts';
import type { Console } from './console.ts';
import type { RowOptions } from './options.ts';

/**
 * The inputs in the order in which they are to be read: with `--continue` that of their first packets, unless one is a pipe,
 * whose first packet nobody has seen yet.
 *
 * @throws FlowlampError as `inOrderOfTime`
 */
export async function readingOrder(
  files: readonly string[],
  options: RowOptions,
  out: Console,
): Promise<readonly string[]> {
  if (options.continue !== true || files.length < 2 || files.some(isPipe)) return files;
  const ordered = await inOrderOfTime(files);
  const moved = ordered.find((file, i) => file !== files[i]);
  if (moved !== undefined) out.say(`--continue: read in the order of first packets, ${ordered[0]} first`);
  return ordered;
}

/**
 * Flows go on in captures only: of a table nobody knows which flows were still open at its end.
 *
 * @throws FlowlampError OPTION_INVALID
 */
export function refuseTable(file: string, kind: SourceKind, options: RowOptions): void {
  if (options.continue !== true || kind === 'capture') return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `--continue meets ${file}, which is a flow table`,
    expected: 'captures alone',
    action: 'name the captures alone, and take the table in a run of its own',
  });
}
