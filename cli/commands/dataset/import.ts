/** `flowlamp dataset import`: the flow tables of others -> a table of ours. */
import { type Command, Option } from 'commander';
import { IMPORTERS, type Imported, importTable, leftNull } from '../../../datasets/import/import.ts';
import { expandInputs } from '../../../features/files/inputs.ts';
import { TABLE_FORMATS, type TableFormat, TableWriter } from '../../../features/files/table-writer.ts';
import { FEATURES } from '../../../features/vector/schema.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { counted, grouped } from '../../numbers.ts';
import { formatFor, outputPath, refuseInputAsOutput } from '../../outputs.ts';
import { breathe } from '../../signals.ts';

interface ImportCommandOptions {
  readonly output?: string;
  readonly format?: TableFormat;
  readonly from?: string;
  readonly label?: string;
  readonly quiet?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp dataset import flows.csv -o table.arrow', 'what it is, its columns tell'],
  ["flowlamp dataset import 'cic/*.csv' --from cicflowmeter -o table.parquet"],
  ['flowlamp dataset import conn.log --from zeek --label other -f jsonl'],
];

export function addImportCommand(dataset: Command): void {
  dataset
    .command('import')
    .description('flow tables of public data sets and other tools -> a table of ours')
    .argument('<file...>', 'files or globs')
    .option('-o, --output <file>', 'write here instead of standard output')
    .addOption(new Option('-f, --format <format>', 'output format').choices(TABLE_FORMATS))
    .addOption(
      new Option('--from <source>', 'what they are (default: told by their columns)').choices(
        IMPORTERS.map(({ name }) => name),
      ),
    )
    .option('--label <label>', 'label of rows that have none')
    .option('--quiet', 'no progress and no summary on standard error')
    .addHelpText(
      'after',
      `\nSources:\n${IMPORTERS.map(({ name, describes }) => `  ${name.padEnd(15)} ${describes}`).join('\n')}\n`,
    )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runImport);
}

async function runImport(inputs: readonly string[], options: ImportCommandOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const files = expandInputs(inputs);
  const path = outputPath(options.output);
  refuseInputAsOutput(path, files);
  const format = formatFor(path, options.format) ?? 'jsonl';
  const writer = await TableWriter.open(path, format, FEATURES);
  const all: Imported[] = [];
  try {
    for (const [index, file] of files.entries()) {
      const importing = { format: options.from ?? null, label: options.label ?? null };
      const imported = await importTable(file, importing, (table) => writer.write(table));
      if (imported.refused > 0)
        out.warn(`${file}: ${counted(imported.refused, 'row')} left out, the first since ${imported.reason}`);
      all.push(imported);
      out.progress(`${index + 1}/${files.length} ${file}`);
      await breathe();
    }
    writer.finish();
  } finally {
    writer.abandon();
  }
  for (const importer of new Set(all.map((imported) => imported.importer))) {
    const own = all.filter((imported) => imported.importer === importer);
    const rows = own.reduce((sum, imported) => sum + imported.rows, 0);
    const empty = leftNull(importer);
    out.say(
      `${importer.name}: ${grouped(rows)} flows of ${counted(own.length, 'file')}; ${FEATURES.length - empty.length} of ${FEATURES.length} columns filled`,
    );
    out.say(
      `  not in the source, and null: ${empty.slice(0, 12).join(', ')}${empty.length > 12 ? ` and ${empty.length - 12} more` : ''}`,
    );
    for (const note of importer.notes) out.say(`  ${note}`);
  }
  if (path !== null) out.say(`wrote ${path} (${format})`);
}
