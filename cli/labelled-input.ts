/** Labelled rows for training and evaluation, from flow tables or straight from the captures of a manifest. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { ColumnSpec, Table } from '../core/table.ts';
import { loadFlowLabels } from '../datasets/flow-labels.ts';
import { isManifestPath } from '../datasets/manifest/manifest.ts';
import { sourceKind } from '../features/files/flow-source.ts';
import { expandInputs } from '../features/files/inputs.ts';
import { readTable } from '../features/files/table-reader.ts';
import { FEATURES } from '../features/vector/schema.ts';
import { readCapture } from './captures.ts';
import type { Console } from './console.ts';
import type { FlowOptions } from './options.ts';

export type LabelledReceiver = (name: string, specs: readonly ColumnSpec[], table: Table) => void;

/**
 * Reads every input. Of a manifest whose captures have roles, only those of the given role are taken.
 *
 * @throws FlowlampError for inputs that hold no labelled flows
 */
export async function readLabelledInputs(
  inputs: readonly string[],
  role: 'train' | 'test',
  options: FlowOptions,
  out: Console,
  receive: LabelledReceiver,
): Promise<void> {
  for (const path of expandInputs(inputs)) {
    if (isManifestPath(path)) await readManifest(path, role, options, out, receive);
    else await readLabelledTable(path, receive);
  }
}

async function readLabelledTable(path: string, receive: LabelledReceiver): Promise<void> {
  const kind = await sourceKind(path);
  if (kind === 'capture') throw unlabelledCapture(path);
  await readTable(path, kind, (table, specs) => receive(path, specs, table));
}

async function readManifest(
  path: string,
  role: 'train' | 'test',
  options: FlowOptions,
  out: Console,
  receive: LabelledReceiver,
): Promise<void> {
  const labels = loadFlowLabels(path);
  const files = labels.filesOf(role);
  for (const [index, file] of files.entries()) {
    const apply = (batch: Table) => {
      labels.apply(batch);
      receive(file, FEATURES, batch);
    };
    await readCapture(file, `${index + 1}/${files.length}`, options, apply, out);
  }
}

function unlabelledCapture(path: string): FlowlampError {
  return new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: `${path} is a capture, which has no labels`,
    expected: 'a labelled flow table, or a manifest (.json, .yaml) of captures',
    action: `run flowlamp extract ${path} --label LABEL -o flows.arrow first`,
  });
}
