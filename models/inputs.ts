/** From a table's columns to the matrix that a model reads, or a refusal that says what differs. */
import type { Digests } from '../core/digest.ts';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { Column, ColumnSpec, Table } from '../core/table.ts';
import { hashInputs, type ModelInput } from './card.ts';

/**
 * Checks that a table has the columns that a model reads, with the meaning that they had in training.
 *
 * @param model what reads the columns, for the error: a model, or this program
 * @param table what to call the table in the error
 * @throws FlowlampError SCHEMA_MISMATCH with both hashes
 */
export function checkInputs(
  model: string,
  inputs: readonly ModelInput[],
  table: string,
  specs: readonly ColumnSpec[],
  digests: Pick<Digests, 'sha256Hex'>,
): void {
  const found = inputs.map(({ name }) => specs.find((spec) => spec.name === name));
  const wanted = hashInputs(inputs, digests);
  const present = found.filter((spec) => spec !== undefined);
  if (hashInputs(present.map(asInput), digests) === wanted) return;
  throw new FlowlampError(ErrorCode.SchemaMismatch, {
    happened: `${table} does not fit ${model}: ${differences(inputs, found)}; its inputs hash to ${short(hashInputs(present.map(asInput), digests))}`,
    expected: short(wanted),
    action: 'extract the captures again with this version, or train again',
  });
}

function asInput({ name, type, revision }: ColumnSpec): ModelInput {
  return { name, type, revision };
}

const MOST_SHOWN = 3;

function differences(inputs: readonly ModelInput[], found: readonly (ColumnSpec | undefined)[]): string {
  if (found.every((spec) => spec === undefined)) return `it has none of the ${inputs.length} columns that are read`;
  const texts: string[] = [];
  inputs.forEach((input, i) => {
    const spec = found[i];
    if (spec === undefined) texts.push(`no column ${input.name}`);
    else if (spec.type !== input.type) texts.push(`${input.name} is ${spec.type}, not ${input.type}`);
    else if (spec.revision !== input.revision) {
      texts.push(`${input.name} has revision ${spec.revision}, not ${input.revision}`);
    }
  });
  const more = texts.length - MOST_SHOWN;
  return texts.slice(0, MOST_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function short(hash: string): string {
  return `${hash.slice(0, 12)}…`;
}

/**
 * The model's inputs of all rows, row-major [table.length, inputs.length], NaN where a value is null.
 *
 * @param out used if it is large enough, so that a scorer can keep one
 */
export function readInputs(table: Table, inputs: readonly ModelInput[], out = new Float32Array(0)): Float32Array {
  const width = inputs.length;
  const target = out.length >= table.length * width ? out : new Float32Array(table.length * width);
  inputs.forEach(({ name }, i) => {
    readColumn(table.columns.get(name)!, table.length, (row, value) => {
      target[row * width + i] = value;
    });
  });
  return target;
}

/** The column's numbers, NaN where null, in the order of the rows. */
export function readColumn(column: Column, rows: number, take: (row: number, value: number) => void): void {
  switch (column.type) {
    case 'utf8':
    case 'list_utf8':
    case 'findings':
    case 'list_int32':
    case 'list_float64':
    case 'timestamp_ns':
      throw new FlowlampError(ErrorCode.Unsupported, {
        happened: `a column of type ${column.type} cannot be a model input`,
        expected: 'a column of numbers',
        action: 'choose other inputs',
      });
    default: {
      const { values, valid } = column;
      for (let row = 0; row < rows; row++) take(row, valid[row] === 0 ? Number.NaN : values[row]!);
    }
  }
}
