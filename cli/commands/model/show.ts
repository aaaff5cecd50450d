/** `flowlamp model show`: what a model says of itself. */
import type { Command } from 'commander';
import { jsonDocument, printable } from '../../../core/visible.ts';
import type { ModelCard } from '../../../models/card.ts';
import type { LoadedModel } from '../../../models/folder.ts';
import { describeModel } from '../../../models/onnx/describe.ts';
import { tryForest } from '../../../models/predictor.ts';
import { treeCount } from '../../../models/trees/forest.ts';
import { type Example, examplesText } from '../../examples.ts';
import { counted } from '../../numbers.ts';
import { printResult } from '../../outputs.ts';
import { addRegistryOption, loadCarded, type RegistryOptions } from './registry-option.ts';

interface ShowOptions extends RegistryOptions {
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp model show mining', 'the model that ships'],
  ['flowlamp model show ./my-model --json', 'its card'],
];

export function addShowCommand(model: Command): void {
  addRegistryOption(
    model
      .command('show')
      .description('what a model says of itself')
      .argument('<model>', 'a model folder, name@version, or the name of a model that ships')
      .option('--json', 'print the card'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action((request: string, options: ShowOptions) => {
      const loaded = loadCarded(request, options);
      printResult(options.json === true ? jsonDocument(loaded.card) : showText(loaded));
    });
}

function showText({ card, onnx, path, signedBy, isShipped }: LoadedModel & { readonly card: ModelCard }): string {
  const { training, scope, thresholds } = card;
  const rows = Object.entries(training.rowsPerLabel).map(([label, count]) => `${label} ${count}`);
  const lines: [string, string][] = [
    ['model', `${card.name}@${card.version}`],
    ['made', card.created],
    ['folder', `${path}${isShipped ? ' (ships with the program)' : ''}`],
    ['signed', signedBy === null ? 'no' : `by the key ${signedBy}`],
    ['labels', card.labels.map((label) => (label === card.positive ? `${label} (the risk)` : label)).join(', ')],
    ['reads', `${counted(card.inputs.length, 'column')}: ${card.inputs.map(({ name }) => name).join(', ')}`],
    ['nulls', nullsText(card)],
    ['speaks of', `${scope.protocols.join(', ')} flows with ${scope.minPayloadPackets} or more packets with payload`],
    [
      'verdict from',
      Object.entries(thresholds)
        .map(([label, least]) => `${label} ${least.toPrecision(3)}`)
        .join(', '),
    ],
    ['learner', card.learner.name],
    ['graph', graphText(onnx)],
    [
      'trained on',
      `${training.rows} rows of ${training.captures} captures (${rows.join(', ') || 'not said'}), ${training.groups} groups`,
    ],
    ['origin', `${training.origin}${training.generated ? ' (generated)' : ''}`],
    ...card.limitations.map((sentence, i): [string, string] => [i === 0 ? 'limits' : '', sentence]),
    ...card.files.map(({ name, sha256 }, i): [string, string] => [i === 0 ? 'files' : '', `${name} sha256 ${sha256}`]),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${printable(`${name.padEnd(width)}  ${text}`)}\n`).join('');
}

function nullsText({ adapter }: ModelCard): string {
  const values = [...new Set((adapter?.missing ?? [null]).map((value) => (value === null ? 'NaN' : String(value))))];
  return `given to it as ${values.join(' or ')}`;
}

function graphText(onnx: Uint8Array): string {
  const { producer, opsets, ops } = describeModel(onnx);
  const forest = tryForest(onnx);
  const sets = opsets.map(({ domain, version }) => `${domain === '' ? 'onnx' : domain} ${version}`).join(', ');
  const trees =
    forest === null
      ? counted(ops.length, 'operator')
      : `${counted(treeCount(forest), 'tree')}, ${counted(forest.feature.length, 'node')}`;
  const explains =
    forest === null ? '' : forest.cover === null ? ', no node covers (cannot be explained)' : ', with node covers';
  return `${trees}${explains}; ${sets}${producer === '' ? '' : `; made by ${producer}`}`;
}
