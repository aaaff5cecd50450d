/** Captures in the order of their first packets: names of a ring that has gone round do not say which file is the oldest. */
import { newInputAccount, readInput } from './input.ts';
import { CaptureReader } from './reader.ts';

/**
 * The same captures, oldest first. Those that begin at the same time, and those without a packet, stay where they are among
 * each other; the latter come last.
 *
 * @param paths files, not pipes: their beginnings are read
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY or NOT_A_CAPTURE
 */
export async function inOrderOfTime(paths: readonly string[]): Promise<string[]> {
  const dated: { path: string; firstUs: number }[] = [];
  for (const path of paths) dated.push({ path, firstUs: await firstTime(path) });
  return dated.sort((a, b) => (a.firstUs < b.firstUs ? -1 : a.firstUs > b.firstUs ? 1 : 0)).map(({ path }) => path);
}

/** Time of the first packet, us since 1970; Infinity without one. */
async function firstTime(path: string): Promise<number> {
  let first = Infinity;
  const reader = new CaptureReader(path, {
    frame: (_view, _at, _end, _wireLength, us) => {
      if (first === Infinity) first = us;
    },
  });
  for await (const piece of readInput(path, newInputAccount())) {
    reader.write(piece);
    if (first !== Infinity || reader.isStopped) return first;
  }
  reader.finish();
  return first;
}
