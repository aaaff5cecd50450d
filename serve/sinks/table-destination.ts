/** Rows to files of tables. */
import { type Table, withColumns } from '../../core/table.ts';
import type { Item } from '../live/items.ts';
import { chosenSpecs } from './columns.ts';
import type { Destination } from './destination.ts';
import type { HourFiles } from './hour-files.ts';
import { joinTables, tableForm } from './table-form.ts';

export class TableDestination implements Destination<Table> {
  readonly form = tableForm;
  readonly #files: HourFiles;
  readonly #columns: readonly string[] | null;
  /** Of the batch that is being sent, tables that are written: not again after one that failed. */
  #written = 0;
  #batch: readonly Table[] | null = null;
  #joined: readonly Table[] = [];

  constructor(files: HourFiles, columns: readonly string[] | null) {
    this.#files = files;
    this.#columns = columns;
  }

  encode(item: Item): Table | null {
    if (item.kind === 'record' || item.rows.length === 0) return null;
    return this.#columns === null ? item.rows : withColumns(item.rows, chosenSpecs(item.rows.specs, this.#columns));
  }

  async send(tables: readonly Table[]): Promise<void> {
    if (this.#batch !== tables) [this.#batch, this.#joined, this.#written] = [tables, joinTables(tables), 0];
    for (; this.#written < this.#joined.length; this.#written++) await this.#files.write(this.#joined[this.#written]!);
    [this.#batch, this.#joined] = [null, []];
  }

  wakeAt(): number | null {
    return this.#files.wakeAt();
  }

  tend(): Promise<void> {
    return this.#files.tend();
  }

  close(): Promise<void> {
    return this.#files.close();
  }
}
