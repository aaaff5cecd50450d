/** `flowlamp dataset`: captures and tables to learn from, and whether they can be learnt from honestly. */
import type { Command } from 'commander';
import { type Example, examplesText } from '../examples.ts';
import { addAuditCommand } from './dataset/audit.ts';
import { addBuildCommand } from './dataset/build.ts';
import { addGenerateCommand } from './dataset/generate.ts';
import { addImportCommand } from './dataset/import.ts';
import { addRecordCommand } from './dataset/record.ts';
import { addSchemaCommand } from './dataset/schema.ts';
import { addSplitCommand } from './dataset/split.ts';

const EXAMPLES: readonly Example[] = [
  ['flowlamp dataset build manifest.yaml -o table.arrow', 'captures and labels to a table'],
  ['flowlamp dataset split table.arrow --by capture -o split'],
];

export function addDatasetCommand(program: Command): void {
  const dataset = program.command('dataset').description(DESCRIPTION).addHelpText('after', examplesText(EXAMPLES));
  addBuildCommand(dataset);
  addSplitCommand(dataset);
  addAuditCommand(dataset);
  addImportCommand(dataset);
  addRecordCommand(dataset);
  addGenerateCommand(dataset);
  addSchemaCommand(dataset);
}

const DESCRIPTION = 'data sets: label, split, audit, import, record, generate';
