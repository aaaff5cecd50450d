/** Scored tables as records of other programs (EVE, ECS), to a file or standard output. */
import type { Table } from '../core/table.ts';
import { Output } from '../features/files/output.ts';
import type { TableCheckpoint } from '../features/files/table-writer.ts';
import { type RecordFormat, recordLines } from '../serve/records/formats.ts';
import type { ModelFacts } from '../serve/records/row.ts';

export class RecordWriter {
  readonly #output: Output;
  readonly #format: RecordFormat;
  readonly #model: ModelFacts;

  /**
   * @param path the file, or null for standard output
   * @param before the output to go on with
   * @throws FlowlampError OUTPUT_UNWRITABLE
   */
  constructor(path: string | null, format: RecordFormat, model: ModelFacts, before: TableCheckpoint | null = null) {
    this.#output = new Output(path, before);
    this.#format = format;
    this.#model = model;
  }

  write(table: Table): void {
    this.#output.writeText(recordLines(this.#format, table, this.#model));
  }

  /** Puts everything written so far where its reader sees it. */
  flush(): void {
    this.#output.flush();
  }

  /** As `Output.checkpoint`. */
  checkpoint(): TableCheckpoint | null {
    const begun = this.#output.checkpoint();
    return begun === null ? null : { ...begun, blocks: [] };
  }

  finish(): void {
    this.#output.finish();
  }

  abandon(): void {
    this.#output.abandon();
  }
}
