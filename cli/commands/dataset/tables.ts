/** Flow tables that a command reads more than once. */

import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import type { ColumnSpec, Table } from '../../../core/table.ts';
import { STANDARD_INPUT } from '../../../features/capture/input.ts';
import { sourceKind } from '../../../features/files/flow-source.ts';
import { expandInputs } from '../../../features/files/inputs.ts';
import { readTable, type TableKind } from '../../../features/files/table-reader.ts';

export interface InputTable {
  readonly path: string;
  readonly kind: TableKind;
}

/** @throws FlowlampError LABELS_UNUSABLE for a capture, which has no labels */
export async function inputTables(inputs: readonly string[]): Promise<InputTable[]> {
  const tables: InputTable[] = [];
  for (const path of expandInputs(inputs)) {
    if (path === STANDARD_INPUT)
      throw unusable('standard input can be read only once', 'files', 'write it to a file first');
    const kind = await sourceKind(path);
    if (kind === 'capture') {
      throw unusable(
        `${path} is a capture, which has no labels`,
        'a labelled flow table',
        'run flowlamp dataset build first',
      );
    }
    tables.push({ path, kind });
  }
  return tables;
}

export function readInputTable(
  { path, kind }: InputTable,
  receive: (batch: Table, specs: readonly ColumnSpec[]) => void | Promise<void>,
  wanted?: (name: string) => boolean,
): Promise<void> {
  return readTable(path, kind, receive, wanted);
}

function unusable(happened: string, expected: string, action: string): FlowlampError {
  return new FlowlampError(ErrorCode.LabelsUnusable, { happened, expected, action });
}
