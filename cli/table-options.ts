/** Options of commands that write tables: how they are compressed, and which rows they have. */
import { type Command, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type ColumnSpec, type Table, takeTableRows } from '../core/table.ts';
import { nodeDigests } from '../features/digests-node.ts';
import { loadAnonymizerKey } from '../features/files/anonymizer-key.ts';
import { COMPRESSED_FORMATS, COMPRESSIONS, type Compression } from '../features/files/table-writer.ts';
import { Anonymizer, TUPLE_COLUMNS } from '../features/rows/anonymize.ts';
import { chosenRows, type Filter, parseFilter, type RowTest } from '../features/rows/filter.ts';
import type { Console } from './console.ts';
import { addLoginOptions, type LoginCommandOptions } from './login-options.ts';

export interface TableOptions extends LoginCommandOptions {
  readonly filter?: string;
  readonly compress?: Compression;
}

export function addTableOptions(command: Command): Command {
  return addLoginOptions(command)
    .option(
      '--filter <expression>',
      'only rows that fit, such as "dst_port == 443 and sni endsWith \'.com\'" (docs/filter.md)',
    )
    .option(
      '--anonymize <keyfile>',
      'replace addresses, prefixes kept (Crypto-PAn), by a key of 32 bytes (docs/anonymize.md)',
    )
    .addOption(
      new Option(
        '--compress <codec>',
        'compress what is in Arrow and Parquet files (Parquet has Snappy without it)',
      ).choices(COMPRESSIONS),
    );
}

/** @throws FlowlampError OPTION_INVALID for a format that has no place for it */
export function compressionFor(format: string, { compress = 'none' }: TableOptions): Compression {
  if (compress === 'none' || (COMPRESSED_FORMATS as readonly string[]).includes(format)) return compress;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `--compress ${compress} has no place in the format ${format}`,
    expected: `it with ${COMPRESSED_FORMATS.join(', ')}`,
    action: 'choose another --format, or pipe the output to a program that compresses',
  });
}

/** What `--filter` and `--anonymize` make of a table before it is written: rows are chosen by what they say in truth. */
export class RowsOut {
  readonly #filter: Filter | null;
  readonly #anonymizer: Anonymizer | null;
  readonly #compiled = new WeakMap<readonly ColumnSpec[], (table: Table) => RowTest>();

  /** @throws FlowlampError for an expression or a key that cannot be used */
  constructor({ filter, anonymize }: TableOptions, out: Console) {
    this.#filter = filter === undefined ? null : parseFilter(filter);
    this.#anonymizer = anonymize === undefined ? null : openAnonymizer(anonymize, out);
  }

  /** The columns that rows need, so that those named can be written. */
  columnsFor(names: readonly string[]): string[] {
    const more = this.#anonymizer !== null && names.includes('community_id') ? TUPLE_COLUMNS : [];
    return [...new Set([...names, ...(this.#filter?.columns ?? []), ...more])];
  }

  /** @throws FlowlampError if a table with these columns cannot be filtered */
  check(specs: readonly ColumnSpec[]): void {
    if (this.#filter !== null) this.#compiled.set(specs, this.#filter.compile(specs));
  }

  /** @param specs columns of the table; checked once for each list */
  apply(specs: readonly ColumnSpec[], table: Table): Table {
    let kept = table;
    if (this.#filter !== null) {
      if (!this.#compiled.has(specs)) this.check(specs);
      const rows = chosenRows(this.#compiled.get(specs)!(table), table.length);
      if (rows.length < table.length) kept = takeTableRows(table, rows);
    }
    return this.anonymized(kept);
  }

  /** The table as it may be shown, with all its rows. */
  anonymized(table: Table): Table {
    return this.#anonymizer === null ? table : this.#anonymizer.table(table);
  }
}

function openAnonymizer(path: string, out: Console): Anonymizer {
  const { key, isOpen } = loadAnonymizerKey(path);
  if (isOpen) out.warn(`the key file ${path} can be read by other users; chmod 600 keeps it to you`);
  return new Anonymizer(key, nodeDigests);
}
