/** `flowlamp model list`: the models that there are. */
import type { Command } from 'commander';
import { jsonDocument, printable } from '../../../core/visible.ts';
import { listModels, type RegistryEntry } from '../../../models/registry.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { printResult } from '../../outputs.ts';
import { textTable } from '../../text-table.ts';
import { addRegistryOption, type RegistryOptions, rootOf } from './registry-option.ts';

interface ListOptions extends RegistryOptions {
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp model list'],
  ['flowlamp model list --registry ./models --json', 'for programs'],
];

export function addListCommand(model: Command): void {
  addRegistryOption(
    model.command('list').description('the models that ship and those in the registry').option('--json', 'print JSON'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action((options: ListOptions) => {
      const entries = listModels(rootOf(options));
      const out = new Console(options.quiet === true);
      for (const { name, version, problem } of entries) {
        if (problem !== null) out.warn(`${name}@${version} is refused: ${problem}`);
      }
      printResult(options.json === true ? jsonDocument(entries.map(summary)) : listText(entries));
    });
}

function summary({ name, version, path, isShipped, signedBy, card, problem }: RegistryEntry) {
  const { created = null, labels = null, inputs = null } = card ?? {};
  return { name, version, path, isShipped, signedBy, created, labels, inputs: inputs?.length ?? null, problem };
}

function listText(entries: readonly RegistryEntry[]): string {
  const rows = entries.map(({ name, version, isShipped, signedBy, card, problem }) => [
    `${name}@${version}`,
    card === null ? '' : card.created.slice(0, 10),
    card === null ? '' : String(card.inputs.length),
    card === null ? '' : fewLabels(card.labels),
    [isShipped ? 'ships' : '', signedBy === null ? '' : 'signed', problem === null ? '' : 'REFUSED']
      .filter((word) => word !== '')
      .join(', '),
  ]);
  const headings = ['model', 'made', 'inputs', 'labels', ''];
  const lines = textTable(headings, rows, ['left', 'left', 'right', 'left', 'left']).split('\n');
  return lines.map((line) => `${printable(line).trimEnd()}\n`).join('');
}

const SHOWN_LABELS = 4;

function fewLabels(labels: readonly string[]): string {
  const more = labels.length - SHOWN_LABELS;
  return labels.slice(0, SHOWN_LABELS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
