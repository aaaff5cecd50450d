/**
 * Labels by flow, from a manifest (manifest/schema.ts, docs/datasets.md): what `extract --labels` writes into the rows of
 * captures as it reads them.
 */
import type { Table } from '../core/table.ts';
import { appendText, type TextColumn } from '../core/text-column.ts';
import { Labeller } from './manifest/labeller.ts';
import { loadManifest, type ManifestCapture } from './manifest/manifest.ts';
import { invalid } from './manifest/parse.ts';

export type { ManifestCapture };

export class FlowLabels {
  readonly #labeller: Labeller;

  constructor(labeller: Labeller) {
    this.#labeller = labeller;
  }

  get captures(): readonly ManifestCapture[] {
    return this.#labeller.manifest.captures;
  }

  /** The paths of the captures that have the role; all of them if none has any. */
  filesOf(role: string): string[] {
    const hasRoles = this.captures.some((capture) => capture.role !== null);
    return this.captures.filter((capture) => !hasRoles || capture.role === role).map(({ path }) => path);
  }

  /** Columns that rows need for it: those that flows are found by, and the one that is written. */
  get columns(): readonly string[] {
    return [...this.#labeller.columns, 'label'];
  }

  /** True if the manifest speaks of the capture `file`. */
  names(file: string): boolean {
    return this.#labeller.captureOf(file) !== null;
  }

  /** Fills the `label` column of rows that come from the capture `file`; they need the columns of `columns`. */
  apply(file: string, table: Table): void {
    const capture = this.#labeller.captureOf(file);
    if (capture === null) return;
    const labels = table.columns.get('label') as TextColumn;
    this.#labeller.label(capture, table, (row, { label }) => appendText(labels, row, label));
  }

  /**
   * @throws FlowlampError MANIFEST_INVALID if none of the captures is in the manifest: their rows would silently be
   *   without labels
   */
  requireAny(files: readonly string[]): void {
    if (files.some((file) => this.names(file))) return;
    const { path } = this.#labeller.manifest;
    throw invalid(path, 'it names none of the captures given', 'the captures by their file names');
  }
}

/** @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE or MANIFEST_INVALID */
export function loadFlowLabels(path: string): FlowLabels {
  return new FlowLabels(new Labeller(loadManifest(path)));
}
