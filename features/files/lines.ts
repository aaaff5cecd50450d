/** Text files in records: lines, or rows of CSV cells. Bounded, whatever the file. */
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { newInputAccount, readInput } from '../capture/input.ts';
import { notATable } from '../text/text-reader.ts';

/** No flow row is longer; a file without line ends is no table and must not fill the memory. */
const MAX_LINE_CHARACTERS = 1 << 22;

/** The file's non-empty lines without their ends, up to `most` at a time. */
export async function* readLines(path: string, most: number): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let lines: string[] = [];
  let rest = '';
  for await (const piece of readInput(path, newInputAccount())) {
    const parts = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = parts.pop()!;
    if (rest.length > MAX_LINE_CHARACTERS) throw notATable(path, 'a line has more than four million characters');
    for (const part of parts) {
      const line = part.endsWith('\r') ? part.slice(0, -1) : part;
      if (line !== '') lines.push(line);
      if (lines.length === most) {
        yield lines;
        lines = [];
      }
    }
  }
  if (rest.trim() !== '') lines.push(rest);
  if (lines.length > 0) yield lines;
}

/** The cells of each row, the header's first. */
export async function* csvRows(path: string): AsyncGenerator<string[]> {
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE_CHARACTERS,
  });
  const source = Readable.from(copies(readInput(path, newInputAccount())));
  source.on('error', (cause) => parser.destroy(cause));
  try {
    for await (const cells of source.pipe(parser)) yield cells as string[];
  } catch (cause) {
    if ((cause as Error).name === 'FlowlampError') throw cause;
    throw notATable(path, `a line of CSV does not parse (${(cause as Error).message})`, cause);
  }
}

/** A stream holds on to its pieces, so borrowed ones are copied. */
async function* copies(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield new Uint8Array(piece);
}
