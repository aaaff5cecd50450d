/** `flowlamp dataset`: captures and tables to learn from, and whether they can be learnt from honestly. */
import type { Command } from 'commander';
import { addAuditCommand } from './dataset/audit.ts';
import { addBuildCommand } from './dataset/build.ts';
import { addGenerateCommand } from './dataset/generate.ts';
import { addImportCommand } from './dataset/import.ts';
import { addRecordCommand } from './dataset/record.ts';
import { addSchemaCommand } from './dataset/schema.ts';
import { addSplitCommand } from './dataset/split.ts';

export function addDatasetCommand(program: Command): void {
  const dataset = program.command('dataset').description(DESCRIPTION);
  addBuildCommand(dataset);
  addSplitCommand(dataset);
  addAuditCommand(dataset);
  addImportCommand(dataset);
  addRecordCommand(dataset);
  addGenerateCommand(dataset);
  addSchemaCommand(dataset);
}

const DESCRIPTION = 'data sets: label, split, audit, import, record, generate';
