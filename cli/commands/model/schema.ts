/** `flowlamp model schema`: the form of model maps, for editors. */
import type { Command } from 'commander';
import { MAP_SCHEMA } from '../../../models/import/map-schema.ts';
import { type Example, examplesText } from '../../examples.ts';
import { printResult } from '../../outputs.ts';

const EXAMPLES: readonly Example[] = [
  ['flowlamp model schema'],
  ['flowlamp model schema > map.schema.json', 'for an editor that checks while you write'],
];

export function addSchemaCommand(model: Command): void {
  model
    .command('schema')
    .description('the JSON Schema of model maps')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(() => printResult(`${JSON.stringify(MAP_SCHEMA, null, 2)}\n`));
}
