/** Reading an evidence folder: its logs and its files, and whether they fit each other. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE_NAME, LOG_NAME, type LogState, MOST_OLD_LOGS, replay, sha256Of } from './evidence-log.ts';

/** Of a file that is being written. */
export const PART_ENDING = '.part';

/** The lines of all logs, oldest first; the last one may be unfinished. */
export function readLogs(folder: string): { readonly lines: readonly string[]; readonly isTorn: boolean } {
  const names = Array.from({ length: MOST_OLD_LOGS }, (_, i) => `${LOG_NAME}.${MOST_OLD_LOGS - i}`);
  const text = [...names, LOG_NAME].map((name) => readIfThere(join(folder, name))).join('');
  const lines = text.split('\n');
  const last = lines.pop()!;
  return { lines: last === '' ? lines : [...lines, last], isTorn: last !== '' };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Files by their names alone: nothing that this program would not write. Links are no files. */
export function evidenceNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => FILE_NAME.test(name) && lstatSync(join(folder, name)).isFile())
    .sort();
}

export function partNames(folder: string): string[] {
  return readdirSync(folder).filter(
    (name) => name.endsWith(PART_ENDING) && FILE_NAME.test(name.slice(1, -PART_ENDING.length)),
  );
}

export interface EvidenceCheck {
  /** True where every line follows from the one before it and every file is what its line says. */
  readonly isWhole: boolean;
  /** What is wrong, each in a sentence. */
  readonly faults: readonly string[];
  readonly files: number;
  readonly log: Pick<LogState, 'head' | 'lines' | 'torn' | 'isFromTheStart'>;
}

/**
 * Holds the files of a folder against its log. What was cut off from the end of the log does not show: compare `log.head` with
 * the one that was last told elsewhere.
 *
 * @throws where the folder cannot be read
 */
export function verifyEvidence(folder: string): EvidenceCheck {
  const { lines, isTorn } = readLogs(folder);
  const log = replay(lines);
  const faults = [...log.faults];
  if (isTorn && !faults.some((fault) => fault.startsWith(`line ${lines.length} `))) {
    faults.push(`line ${lines.length} is not ended`);
  }
  const there = new Set(evidenceNames(folder));
  for (const [file, { sha256, bytes }] of log.files) {
    if (!there.delete(file)) faults.push(`${file} is missing`);
    else {
      const content = readFileSync(join(folder, file));
      if (content.length !== bytes) faults.push(`${file} has ${content.length} bytes, not ${bytes}`);
      else if (sha256Of(content) !== sha256) faults.push(`${file} has another content than was written`);
    }
  }
  for (const file of there) faults.push(`${file} is in no line of the log`);
  const { head, lines: count, torn, isFromTheStart, files } = log;
  const told = { head, lines: count, torn, isFromTheStart };
  return { isWhole: faults.length === 0, faults, files: files.size, log: told };
}
