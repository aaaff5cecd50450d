/** Text in records: lines, or rows of CSV cells. Bounded, whatever the text. */
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { nameOf } from '../capture/input.ts';
import { notATable } from '../text/text-reader.ts';
import { type IdleWatch, NEVER_IDLE, wholeInput } from './table-bytes.ts';

/** No flow row is longer; a file without line ends is no table and must not fill the memory. */
const MAX_LINE_CHARACTERS = 1 << 22;
const LONGEST_REASON = 160;
/** Characters of the lines that are handed on together, unless one line alone has more. */
export const BATCH_CHARACTERS = 1 << 24;

/** The file's non-empty lines without their ends, up to `most` at a time. */
export function readLines(path: string, most: number): AsyncGenerator<string[]> {
  return linesOf(nameOf(path), wholeInput(path), () => most);
}

/**
 * The same of a text in pieces.
 *
 * @param name what to call it in errors
 * @param most lines at a time; asked before each run of them
 * @param isIdle fewer are handed on where the source pauses
 */
export async function* linesOf(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  most: () => number,
  isIdle: IdleWatch = NEVER_IDLE,
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let lines: string[] = [];
  let characters = 0;
  let rest = '';
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    const parts = text.split('\n');
    parts[0] = rest + parts[0]!;
    rest = parts.pop()!;
    for (const part of parts) {
      const line = part.endsWith('\r') ? part.slice(0, -1) : part;
      if (line.length > MAX_LINE_CHARACTERS) throw tooLong(name);
      if (line === '') continue;
      characters += line.length;
      lines.push(line);
      if (lines.length < most() && characters < BATCH_CHARACTERS) continue;
      yield lines;
      lines = [];
      characters = 0;
    }
    if (rest.length > MAX_LINE_CHARACTERS) throw tooLong(name);
    if (lines.length === 0 || !(await isIdle())) continue;
    yield lines;
    lines = [];
    characters = 0;
  }
  rest += decoder.decode();
  if (rest.trim() !== '') lines.push(rest);
  if (lines.length > 0) yield lines;
}

function tooLong(name: string): Error {
  return notATable(name, 'a line has more than four million characters');
}

/** The cells of each row, the header's first. */
export async function* csvRows(path: string): AsyncGenerator<string[]> {
  for await (const row of csvRowsOf(nameOf(path), wholeInput(path))) if (row !== PAUSE) yield row;
}

/** Stands between two rows where the source has nothing more to give for now. */
export const PAUSE = Symbol('the source pauses');

/**
 * The same of a text in pieces.
 *
 * @param name what to call it in errors
 */
export async function* csvRowsOf(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  isIdle: IdleWatch = NEVER_IDLE,
): AsyncGenerator<string[] | typeof PAUSE> {
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE_CHARACTERS,
  });
  const source = Readable.from(copies(pieces));
  source.on('error', (cause) => parser.destroy(cause));
  try {
    for await (const cells of source.pipe(parser)) {
      yield cells as string[];
      if (parser.readableLength === 0 && (await isIdle())) yield PAUSE;
    }
  } catch (cause) {
    if ((cause as Error).name === 'FlowlampError') throw cause;
    // The library quotes the cell, however long it is.
    const reason = (cause as Error).message.slice(0, LONGEST_REASON);
    throw notATable(name, `a line of CSV does not parse (${reason})`, cause);
  } finally {
    source.destroy();
  }
}

/** A stream holds on to its pieces, so borrowed ones are copied. */
async function* copies(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield new Uint8Array(piece);
}
