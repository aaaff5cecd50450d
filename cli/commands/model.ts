/** `flowlamp model`: models by name and version, from elsewhere and to elsewhere. */
import type { Command } from 'commander';
import { type Example, examplesText } from '../examples.ts';
import { addExportCommand } from './model/export.ts';
import { addImportCommand } from './model/import.ts';
import { addListCommand } from './model/list.ts';
import { addSchemaCommand } from './model/schema.ts';
import { addShowCommand } from './model/show.ts';
import { addSignCommand } from './model/sign.ts';
import { addVerifyCommand } from './model/verify.ts';

const EXAMPLES: readonly Example[] = [['flowlamp model list'], ['flowlamp model verify mining']];

export function addModelCommand(program: Command): void {
  const model = program
    .command('model')
    .description('models: list, show, verify, import, export, sign')
    .addHelpText('after', examplesText(EXAMPLES));
  addListCommand(model);
  addShowCommand(model);
  addVerifyCommand(model);
  addImportCommand(model);
  addExportCommand(model);
  addSignCommand(model);
  addSchemaCommand(model);
}
