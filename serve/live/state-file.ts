/** What the sidecar remembers over a restart, in one small file: written beside and renamed, so that it is whole or the one before. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';

/** Larger than anything that is written here. */
const MOST_BYTES = 16 * 1024 * 1024;

export type State = Readonly<Record<string, unknown>>;

/** What was written last; empty where there is nothing, or nothing that can be read: then all begins anew. */
export function readState(path: string): State {
  try {
    if (statSync(path).size > MOST_BYTES) return {};
    const state: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof state === 'object' && state !== null && !Array.isArray(state) ? (state as State) : {};
  } catch {
    return {};
  }
}

/** @throws FlowlampError OUTPUT_UNWRITABLE */
export function writeState(path: string, state: State): void {
  const beside = `${path}.new`;
  try {
    const file = openSync(beside, 'w', 0o600);
    try {
      writeSync(file, JSON.stringify(state));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (cause) {
    throw new FlowlampError(ErrorCode.OutputUnwritable, {
      happened: `the state cannot be written to ${path} (${(cause as Error).message})`,
      expected: 'a folder that can be written to, with room',
      action: 'look at its permissions and at the room on the disk',
      cause,
    });
  }
}
