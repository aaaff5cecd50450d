/** The bytes of flow tables, decompressed, whether they lie in a file or come through a pipe. */
import { Damage } from '../capture/decoder.ts';
import { isIdle, isPipe, nameOf, newInputAccount, type ReadProgress, readInput } from '../capture/input.ts';
import { notATable } from '../text/text-reader.ts';

/**
 * As `readInput`, but whole: a table that lacks rows must not pass for one that has few.
 *
 * @throws FlowlampError NOT_A_TABLE where what is compressed is cut off or damaged, and what `readInput` throws
 */
export async function* wholeInput(path: string, progress?: ReadProgress): AsyncGenerator<Uint8Array> {
  const account = newInputAccount();
  yield* readInput(path, account, progress);
  if (account.damage === Damage.None) return;
  throw notATable(nameOf(path), `it is compressed (${account.compression}) and ${account.damage}`);
}

/** Tells whether a source has nothing more to give for now, so that rows that have come need not wait for others. */
export type IdleWatch = () => boolean | Promise<boolean>;

/** A file is never idle. */
export const NEVER_IDLE: IdleWatch = () => false;

export function idleWatch(path: string): IdleWatch {
  if (!isPipe(path)) return NEVER_IDLE;
  // What has come is seen once the event loop has turned.
  return () => isIdle(path) && new Promise((resolve) => setImmediate(() => resolve(isIdle(path))));
}
