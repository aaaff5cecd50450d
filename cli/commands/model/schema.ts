/** `flowlamp model schema`: the form of model maps, for editors. */
import type { Command } from 'commander';
import { MAP_SCHEMA } from '../../../models/import/map-schema.ts';
import { printResult } from '../../outputs.ts';

export function addSchemaCommand(model: Command): void {
  model
    .command('schema')
    .description('the JSON Schema of model maps')
    .action(() => printResult(`${JSON.stringify(MAP_SCHEMA, null, 2)}\n`));
}
