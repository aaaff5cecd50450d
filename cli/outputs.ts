/** Where results go and in which format, as commands ask for it. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { writeTextFile } from '../features/files/output.ts';
import { formatOfPath, TABLE_FORMATS, type TableFormat } from '../features/files/table-writer.ts';

/** Endings of formats that are not written: a file of that name must not hold another. */
const OTHER_FORMATS = /\.(pcap|pcapng|html|xlsx?|gz|zst)$/i;

/** The file of `-o`, null for standard output. */
export function outputPath(output: string | undefined): string | null {
  return output === undefined || output === '-' ? null : output;
}

/**
 * The format that `-f` or the file's ending asks for, null if neither does.
 *
 * @throws FlowlampError FORMAT_UNKNOWN for the ending of a format that is not written
 */
export function formatFor(path: string | null, format: TableFormat | undefined): TableFormat | null {
  if (format !== undefined || path === null) return format ?? null;
  const byEnding = formatOfPath(path);
  if (byEnding !== null || !OTHER_FORMATS.test(path)) return byEnding;
  throw new FlowlampError(ErrorCode.FormatUnknown, {
    happened: `${path} ends like a format that is not written`,
    expected: `an ending of ${TABLE_FORMATS.map((name) => `.${name}`).join(', ')}`,
    action: 'choose another name for -o, or name the format with -f',
  });
}

/** Text to standard output; a reader who has left ends the command quietly. */
export function printResult(text: string): void {
  writeTextFile(null, text);
}

/**
 * Keeps results from taking the place of what they are made of.
 *
 * @throws FlowlampError OUTPUT_UNWRITABLE
 */
export function refuseInputAsOutput(path: string | null, inputs: readonly string[]): void {
  if (path === null) return;
  const target = statSync(path, { throwIfNoEntry: false });
  if (target?.isFile() !== true) return;
  const same = inputs.some((input) => {
    const status = statSync(input, { throwIfNoEntry: false });
    return status !== undefined && status.dev === target.dev && status.ino === target.ino;
  });
  if (!same) return;
  throw new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `${path} is one of the inputs`,
    expected: 'a file of its own for the results',
    action: 'choose another with -o',
  });
}

/**
 * A folder for results; there already is fine.
 *
 * @throws FlowlampError OUTPUT_UNWRITABLE
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new FlowlampError(ErrorCode.OutputUnwritable, {
      happened: `the folder ${path} cannot be made (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      expected: 'a folder that this user may write to',
      action: 'choose another with -o',
      cause,
    });
  }
}

/**
 * A folder for results that has nothing in it yet, unless `force` says that files in it may be written over.
 *
 * @throws FlowlampError OUTPUT_UNWRITABLE
 */
export function makeEmptyFolder(path: string, force: boolean): void {
  makeFolder(path);
  const names = readdirSync(path).filter((name) => !name.startsWith('.'));
  if (names.length === 0 || force) return;
  throw new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `${path} has files in it already (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''})`,
    expected: 'a folder that is empty or new',
    action: 'choose another with -o, or write over them with --force',
  });
}
