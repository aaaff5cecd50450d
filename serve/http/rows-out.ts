/** Scored tables to the bytes of an answer, a piece at a time. */
import type { ColumnSpec, Table } from '../../core/table.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import { withVerdictColumns } from '../verdict-columns.ts';
import { FIXED_LIMITS } from './limits.ts';
import { type AnswerMedia, Media } from './media.ts';
import { keyedColumns, rowJson } from './row-json.ts';
import type { BodyAccount } from './rows-in.ts';

export type Piece = string | Uint8Array;

/**
 * The pieces of an answer; between them the event loop may go round.
 *
 * @param tables those of one body, so all with the same columns
 */
export async function* encodedRows(
  media: AnswerMedia,
  tables: AsyncIterable<Table>,
  account: BodyAccount,
): AsyncGenerator<Piece> {
  if (media === Media.ArrowStream) yield* arrow(tables);
  else if (media === Media.JsonLines) yield* jsonRows(tables, { before: '', behind: '\n' });
  else yield* jsonList(tables, account);
}

async function* jsonList(tables: AsyncIterable<Table>, account: BodyAccount): AsyncGenerator<Piece> {
  let isFirst = true;
  for await (const text of jsonRows(tables, { before: ',', behind: '' })) {
    yield isFirst ? `${opening(account)}${text.slice(1)}` : text;
    isFirst = false;
  }
  if (isFirst) yield opening(account);
  yield account.isWrapped ? ']}' : ']';
}

/** In the form of the body. */
function opening({ isWrapped }: BodyAccount): string {
  return isWrapped ? '{"rows":[' : '[';
}

async function* jsonRows(
  tables: AsyncIterable<Table>,
  { before, behind }: { readonly before: string; readonly behind: string },
): AsyncGenerator<string> {
  for await (const table of tables) {
    const columns = keyedColumns(table);
    for (let from = 0; from < table.length; from += FIXED_LIMITS.rowsPerTurn) {
      if (from > 0) await turn();
      const end = Math.min(table.length, from + FIXED_LIMITS.rowsPerTurn);
      let text = '';
      for (let row = from; row < end; row++) text += `${before}${rowJson(columns, row)}${behind}`;
      yield text;
    }
  }
}

async function* arrow(tables: AsyncIterable<Table>): AsyncGenerator<Piece> {
  const { ArrowWriter } = await import('../../features/arrow/arrow-writer.ts');
  const pieces: Uint8Array[] = [];
  const open = (specs: readonly ColumnSpec[]) =>
    new ArrowWriter('arrows', specs, (bytes) => void pieces.push(bytes.slice()));
  let writer: InstanceType<typeof ArrowWriter> | null = null;
  for await (const table of tables) {
    writer ??= open(table.specs);
    writer.write(table);
    yield* pieces.splice(0);
  }
  // A capture without flows has no table, but its columns.
  writer ??= open(withVerdictColumns(FEATURES));
  writer.finish();
  yield* pieces.splice(0);
}

/** Lets events in. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
