/** `flowlamp dataset schema`: the form of manifests, for editors. */
import type { Command } from 'commander';
import { MANIFEST_SCHEMA } from '../../../datasets/manifest/schema.ts';
import { type Example, examplesText } from '../../examples.ts';
import { printResult } from '../../outputs.ts';

const EXAMPLES: readonly Example[] = [
  ['flowlamp dataset schema'],
  ['flowlamp dataset schema > manifest.schema.json', 'for an editor that checks while you write'],
];

export function addSchemaCommand(dataset: Command): void {
  dataset
    .command('schema')
    .description('the JSON Schema of manifests')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(() => printResult(schemaText()));
}

export function schemaText(): string {
  return `${JSON.stringify(MANIFEST_SCHEMA, null, 2)}\n`;
}
