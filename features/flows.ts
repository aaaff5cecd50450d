/**
 * Two doors to one extractor. `flows` yields plain objects, which is friendly and costs an object with a member for each
 * column, some 10 us a flow. `extract` yields the same rows in columns, which costs a copy of them.
 */
import type { Table } from '../core/table.ts';
import { type FlowInput, type FlowInputOptions, flowBatches } from './flow-input.ts';
import { type Flow, rowsOf } from './rows-of.ts';

/**
 * The flows of a capture, in the order in which they end; of a table, its rows.
 *
 * @throws FlowlampError as extract
 */
export async function* flows(input: FlowInput, options: FlowInputOptions = {}): AsyncGenerator<Flow> {
  for await (const table of extract(input, options)) yield* rowsOf(table);
}

/**
 * The same rows in tables, each the caller's own, of at most 8,192 rows.
 *
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY, NOTHING_FOUND, NOT_A_CAPTURE, NOT_A_TABLE,
 *   LIMIT_EXCEEDED or OPTION_INVALID
 */
export async function* extract(input: FlowInput, options: FlowInputOptions = {}): AsyncGenerator<Table> {
  for await (const { table } of flowBatches(input, options)) yield table;
}
