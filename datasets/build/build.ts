/** From a manifest to a labelled table: parts are joined, labelled, and accounted for. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { readTable } from '../../features/files/table-reader.ts';
import { type TableFormat, TableWriter } from '../../features/files/table-writer.ts';
import type { LabelCount, Labeller, Unmatched } from '../manifest/labeller.ts';
import type { ManifestCapture } from '../manifest/manifest.ts';
import { RowBatches } from '../row-batches.ts';
import { DATASET_COLUMNS, labelled } from './columns.ts';
import { NearestFlows } from './nearest-flows.ts';
import { NearestValues } from './nearest-values.ts';
import type { CaptureFacts, Parts } from './parts.ts';

export interface BuiltCapture {
  readonly capture: ManifestCapture;
  readonly facts: CaptureFacts;
}

export interface BuildAccount {
  readonly rows: number;
  readonly dropped: number;
  readonly counts: readonly LabelCount[];
  /** Tables of labels that know more flows than the captures hold, and the like: sentences. */
  readonly warnings: readonly string[];
}

/**
 * Joins the parts of all captures into one table.
 *
 * @throws FlowlampError LABELS_UNUSABLE for a rule that matches nothing; no table is written then
 */
export async function joinParts(
  path: string,
  format: TableFormat,
  specs: readonly ColumnSpec[],
  parts: Parts,
  captures: readonly BuiltCapture[],
  labeller: Labeller,
  onCapture: (capture: ManifestCapture) => Promise<void>,
): Promise<BuildAccount> {
  const own = new Set(DATASET_COLUMNS.map(({ name }) => name));
  const all = [...specs.filter(({ name }) => !own.has(name)), ...DATASET_COLUMNS];
  const writer = await TableWriter.open(path, format, all);
  // Captures may hold a few flows each.
  const batches = new RowBatches(all, (batch) => writer.write(batch));
  let read = 0;
  let rows = 0;
  try {
    for (const { capture, facts } of captures) {
      await onCapture(capture);
      await readTable(parts.tableOf(capture), 'arrow', (batch) => {
        const table = labelled(all, batch, capture, facts, labeller);
        read += batch.length;
        rows += table.length;
        batches.add(
          table,
          Array.from({ length: table.length }, (_, row) => row),
        );
      });
    }
    const unmatched = labeller.unmatched();
    const whole = unmatched.find(({ isWhole }) => isWhole);
    if (whole !== undefined) throw await nothingMatched(whole, parts, captures, labeller);
    batches.flush();
    writer.finish();
    return { rows, dropped: read - rows, counts: labeller.counts, warnings: unmatched.map(warningOf) };
  } finally {
    writer.abandon();
  }
}

function warningOf({ text, count, shown }: Unmatched): string {
  return `${text}: ${count} of its rows match no flow${shown === undefined ? '' : `, the first: ${shown}`}`;
}

async function nothingMatched(
  { place, text, selector, where, count, shown }: Unmatched,
  parts: Parts,
  captures: readonly BuiltCapture[],
  labeller: Labeller,
): Promise<FlowlampError> {
  const nearest =
    selector !== null
      ? new NearestFlows(selector)
      : where !== null && new NearestValues(where.expression, where.columns);
  const near = nearest === false ? [] : await looked(nearest, parts, captures);
  const left = place[0] === 'labels' && Number(place[1]) > 0 ? ' that the rules before it leave' : '';
  const more = count > 1 ? ` (nor do ${count - 1} more)` : '';
  const what = shown === undefined ? '' : `, such as ${shown}`;
  return new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: `${labeller.manifest.path}: ${text} matches no flow${left}${more}${what}`,
    expected: near.length > 0 ? `perhaps ${near.join(' or ')}` : 'one flow at least',
    action: 'correct the rule or leave it out, and build again: what was extracted is kept',
  });
}

async function looked(
  nearest: NearestFlows | NearestValues,
  parts: Parts,
  captures: readonly BuiltCapture[],
): Promise<string[]> {
  for (const { capture } of captures) {
    await readTable(parts.tableOf(capture), 'arrow', (batch: Table) => nearest.look(batch));
  }
  return nearest.texts;
}
