/**
 * A folder that one sink alone writes to: what lies in it half-done is its own, left by an earlier run. A lock of a process
 * that no longer runs is taken over. It does not hold between machines, nor between containers.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { isOtherAlive, ownMark, type ProcessMark } from '../../features/files/process-mark.ts';

const LOCK = '.flowlamp.lock';
/** Those of this process: two sinks with the same folder are a mistake, too. */
const held = new Set<string>();

/**
 * Makes the folder where it is missing, and takes it.
 *
 * @returns lets it go
 * @throws FlowlampError OUTPUT_UNWRITABLE, or OPTION_INVALID where another sink has it
 */
export function lockFolder(folder: string): () => void {
  const path = resolve(folder);
  const lock = join(path, LOCK);
  if (held.has(path) || isHeldByOther(lock)) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: `another sink writes to the folder ${folder}`,
      expected: 'a folder of its own for each sink that spills or writes tables',
      action: 'name another folder, or end the other sidecar',
    });
  }
  try {
    mkdirSync(path, { recursive: true });
    writeFileSync(lock, JSON.stringify(ownMark()));
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(lock, { force: true });
  };
}

function isHeldByOther(lock: string): boolean {
  try {
    const mark = JSON.parse(readFileSync(lock, 'utf8')) as Partial<ProcessMark>;
    return typeof mark.pid === 'number' && isOtherAlive({ pid: mark.pid, started: mark.started ?? null });
  } catch {
    return false; // none, or one that was cut off when its writer was killed
  }
}

/** @param path of the sink's file or folder */
export function unwritable(path: string, cause: unknown): FlowlampError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `${path} cannot be written (${code})`,
    expected: 'a path in an existing folder that the sidecar may write to',
    action: 'create the folder, give it to the user that the sidecar runs as, or name another in the sink',
    cause,
  });
}
