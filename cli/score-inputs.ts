/** What `flowlamp score` is to read: captures and flow tables, named or found in folders. */
import { statSync } from 'node:fs';
import { isPipe } from '../features/capture/input.ts';
import { isFlowSource, type SourceKind, sourceKind } from '../features/files/flow-source.ts';
import { expandInputs } from '../features/files/inputs.ts';

/** Names of what a run writes while it is at work. */
const UNFINISHED = /\.(partial|journal)$/;

/**
 * The files to read, in order.
 *
 * @param output left out where a folder that is read holds it: the output of the run before
 * @throws FlowlampError as `expandInputs`
 */
export function findInputs(inputs: readonly string[], output: string | null): string[] {
  const before = output === null ? undefined : statSync(output, { throwIfNoEntry: false });
  const isOutput = (path: string) => {
    if (before === undefined) return false;
    const { dev, ino } = statSync(path);
    return dev === before.dev && ino === before.ino;
  };
  return expandInputs(inputs, {
    takes: (path) => !UNFINISHED.test(path) && !isOutput(path) && isFlowSource(path),
    wanted: 'capture or flow table',
    expected: 'pcap or pcapng files, or tables that `flowlamp extract` wrote,',
  });
}

/**
 * What each file is. Pipes are looked at when it is their turn: they may have nothing to give yet.
 *
 * @throws FlowlampError as `sourceKind`, before anything has been read
 */
export async function kindsOf(files: readonly string[]): Promise<ReadonlyMap<string, SourceKind>> {
  const kinds = new Map<string, SourceKind>();
  for (const file of files) if (!kinds.has(file) && !isPipe(file)) kinds.set(file, await sourceKind(file));
  return kinds;
}
