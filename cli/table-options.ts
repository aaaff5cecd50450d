/** Options of commands that write tables: how they are compressed, and which rows they have. */
import { type Command, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { COMPRESSED_FORMATS, COMPRESSIONS, type Compression } from '../features/files/table-writer.ts';

export interface TableOptions {
  readonly compress?: Compression;
}

export function addTableOptions(command: Command): Command {
  return command.addOption(
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
