/**
 * Labels by flow, from a manifest (manifest/schema.ts, docs/datasets.md): what `extract --labels` writes into the rows of
 * captures as it reads them.
 */
import type { Table } from '../core/table.ts';
import { appendText, type TextColumn, textAt } from '../core/text-column.ts';
import { Labeller, type RowLabel } from './manifest/labeller.ts';
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
    return [...this.#labeller.columns, 'capture', 'label'];
  }

  /** True if the manifest speaks of the capture `file`. */
  names(file: string): boolean {
    return this.#labeller.captureOf(file) !== null;
  }

  /** Fills the `label` column of rows by what the manifest says of the capture that each names; they need the columns of `columns`. */
  apply(table: Table): void {
    const labels = table.columns.get('label') as TextColumn;
    const captures = table.columns.get('capture') as TextColumn;
    const labelAt = new Map<string, ((row: number) => RowLabel) | null>();
    for (let row = 0; row < table.length; row++) {
      const name = textAt(captures, row) ?? '';
      let labelOf = labelAt.get(name);
      if (labelOf === undefined) {
        const capture = this.#labeller.captureOf(name);
        labelOf = capture === null ? null : this.#labeller.labelsOf(capture, table);
        labelAt.set(name, labelOf);
      }
      appendText(labels, row, labelOf?.(row).label ?? null);
    }
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
