/** `flowlamp model verify`: whether a model is the one that was made, and whether it runs here. */
import type { Command } from 'commander';
import { nodeDigests } from '../../../features/digests-node.ts';
import { COLUMNS } from '../../../features/vector/schema.ts';
import type { ModelCard } from '../../../models/card.ts';
import { requireSignedBy } from '../../../models/folder.ts';
import { TRIAL_ROWS, trialRows, tryModel } from '../../../models/import/check-run.ts';
import { checkInputs } from '../../../models/inputs.ts';
import { openPredictor } from '../../../models/predictor.ts';
import { createSession } from '../../../models/session.ts';
import { invalidModel } from '../../../models/trees/forest.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { counted } from '../../numbers.ts';
import { printResult } from '../../outputs.ts';
import { addRegistryOption, loadCarded, type RegistryOptions } from './registry-option.ts';

interface VerifyOptions extends RegistryOptions {
  readonly key?: string;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp model verify mining'],
  ['flowlamp model verify my-model --key team.pub.pem', 'signed by whoever has the key'],
];

/** Between ONNX Runtime, which sums in float32, and the kernel, which sums in float64. */
const PARITY = 1e-5;

export function addVerifyCommand(model: Command): void {
  addRegistryOption(
    model
      .command('verify')
      .description('checksums, signature, columns, and a run on made-up rows')
      .argument('<model>', 'a model folder, name@version, or the name of a model that ships')
      .option('--key <file>', 'a public key (PEM) that must have signed it'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runVerify);
}

async function runVerify(request: string, options: VerifyOptions): Promise<void> {
  const loaded = loadCarded(request, options);
  const { card, path, signedBy } = loaded;
  if (options.key !== undefined) requireSignedBy(signedBy, options.key, path);
  const model = `${card.name}@${card.version}`;
  checkInputs(`the model ${model}`, card.inputs, 'this version', COLUMNS, nodeDigests);
  const run = await compareEngines(loaded);
  const signed = signedBy === null ? 'not signed' : `signed by ${signedBy}`;
  const trusted = options.key === undefined ? '' : ', the key given';
  printResult(
    `${model}: sound\n  ${counted(card.files.length, 'file')} as on the card; ${signed}${trusted}\n  ${counted(card.inputs.length, 'column')} as this version makes them\n  ${run}\n`,
  );
  if (signedBy === null && !loaded.isShipped) {
    new Console(options.quiet === true).say(
      'without a signature, whoever can change the files can change the card too',
    );
  }
}

/** Runs made-up rows on ONNX Runtime and, where it can run them, on the kernel. */
async function compareEngines(model: { card: ModelCard; onnx: Uint8Array; path: string }): Promise<string> {
  const runtime = await openPredictor(model, 'onnxruntime', createSession);
  const kernel = await openPredictor(model, 'kernel', createSession);
  try {
    await tryModel(runtime);
    const said = `${TRIAL_ROWS} made-up rows, nulls among them, run`;
    if (kernel.engine !== 'kernel') return `${said} on ONNX Runtime`;
    const rows = trialRows(runtime.featureCount);
    const ours = await kernel.predict(rows, TRIAL_ROWS);
    const theirs = await runtime.predict(rows, TRIAL_ROWS);
    const worst = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
    if (!(worst <= PARITY)) {
      throw invalidModel(`the kernel and ONNX Runtime differ by ${worst.toPrecision(2)}`, `at most ${PARITY}`);
    }
    return `${said} on ONNX Runtime and on the kernel, which agree to ${worst === 0 ? 'the last bit' : worst.toPrecision(1)}`;
  } finally {
    await Promise.all([runtime.release(), kernel.release()]);
  }
}
