/**
 * The log of an evidence folder: a line for each file that is kept or deleted, with the hash of the line before, so that no
 * line can be changed, left out or put in without changing every line behind it.
 *
 *     TIME EVENT SHA256 BYTES FILE FLOW_ID SHA256-OF-THE-LINE-BEFORE
 */
import { createHash } from 'node:crypto';

export const LOG_NAME = 'evidence.log';
/** Of older logs, the newest first: `evidence.log.1`. */
export const MOST_OLD_LOGS = 7;
/** Before the first line. */
export const NO_LINE = '0'.repeat(64);

export const LogEvent = {
  Kept: 'kept',
  /** Given up for want of space. */
  Deleted: 'deleted',
  /** Was there without a line: the program was killed between writing the file and the line. */
  Found: 'found',
  /** The line before was not finished: the program was killed while writing it. */
  Resumed: 'resumed',
} as const;
export type LogEvent = (typeof LogEvent)[keyof typeof LogEvent];

export interface LogEntry {
  /** RFC 3339, of the wall clock. */
  readonly time: string;
  readonly event: LogEvent;
  readonly sha256: string;
  readonly bytes: number;
  readonly file: string;
  /** 0 where the row had none. */
  readonly flowId: number;
}

/** Names that this program gives: nothing else in a log or a folder is ever opened or deleted. */
export const FILE_NAME = /^\d{8}T\d{6}Z-[A-Za-z0-9_]{1,32}-\d{1,16}-(?:first|following)(?:-\d{1,6})?\.pcapng$/;
const LINE =
  /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (kept|deleted|found|resumed) ([0-9a-f]{64}) (\d{1,15}) (\S{1,120}) (\d{1,16}) ([0-9a-f]{64})$/;
/** Stands where an event is about no file. */
export const NO_FILE = '-';

export function writeLine(entry: LogEntry, previous: string): string {
  const { time, event, sha256, bytes, file, flowId } = entry;
  return `${time} ${event} ${sha256} ${bytes} ${file} ${flowId} ${previous}`;
}

export interface ReadLine extends LogEntry {
  readonly previous: string;
}

/** Null for what is no line of a log. */
export function readLine(line: string): ReadLine | null {
  const match = LINE.exec(line);
  if (match === null) return null;
  const [, time, event, sha256, bytes, file, flowId, previous] = match as unknown as string[];
  const isName = event === LogEvent.Resumed ? file === NO_FILE : FILE_NAME.test(file!);
  if (!isName) return null;
  return {
    time: time!,
    event: event as LogEvent,
    sha256: sha256!,
    bytes: Number(bytes),
    file: file!,
    flowId: Number(flowId),
    previous: previous!,
  };
}

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What the lines of all logs, oldest first, come to. */
export interface LogState {
  /** Hash of the last line. */
  readonly head: string;
  readonly lines: number;
  /** Files that are there by the log, oldest first. */
  readonly files: ReadonlyMap<string, LogEntry>;
  /** Lines that do not follow from the one before, or are none; each in words. */
  readonly faults: readonly string[];
  /** Lines that were not finished, as the one behind them says. */
  readonly torn: number;
  /** False where older lines have been thrown away with the log that they stood in. */
  readonly isFromTheStart: boolean;
}

export function replay(lines: readonly string[]): LogState {
  const files = new Map<string, LogEntry>();
  const faults: string[] = [];
  let head: string | null = null;
  let torn = 0;
  let isFromTheStart = true;
  lines.forEach((text, i) => {
    const line = readLine(text);
    const next = line === null ? readLine(lines[i + 1] ?? '') : null;
    if (line !== null) {
      if (head === null) isFromTheStart = line.previous === NO_LINE;
      else if (line.previous !== head) faults.push(`line ${i + 1} does not follow from the line before`);
      if (line.event === LogEvent.Deleted) files.delete(line.file);
      else if (line.event !== LogEvent.Resumed) files.set(line.file, line);
    } else if (next?.event === LogEvent.Resumed) torn++;
    else faults.push(`line ${i + 1} is no line of a log`);
    head = sha256Of(text);
  });
  return { head: head ?? NO_LINE, lines: lines.length, files, faults, torn, isFromTheStart };
}
