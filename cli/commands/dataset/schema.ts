/** `flowlamp dataset schema`: the form of manifests, for editors. */
import type { Command } from 'commander';
import { MANIFEST_SCHEMA } from '../../../datasets/manifest/schema.ts';
import { printResult } from '../../outputs.ts';

export function addSchemaCommand(dataset: Command): void {
  dataset
    .command('schema')
    .description('the JSON Schema of manifests')
    .action(() => printResult(schemaText()));
}

export function schemaText(): string {
  return `${JSON.stringify(MANIFEST_SCHEMA, null, 2)}\n`;
}
