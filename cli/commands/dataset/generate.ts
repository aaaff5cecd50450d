/** `flowlamp dataset generate`: the traffic lab. */
import type { Command } from 'commander';
import { generateSamples, SAMPLES_SEED } from '../../../datasets/lab/generate.ts';
import { Console } from '../../console.ts';
import { byteText, counted } from '../../numbers.ts';
import { fraction, positiveInteger, wholeNumber } from '../../options.ts';
import { makeFolder } from '../../outputs.ts';

interface GenerateOptions {
  readonly output: string;
  readonly seed: number;
  readonly trainCaptures: number;
  readonly testCaptures: number;
  readonly flows: number;
  readonly miningShare: number;
  readonly quiet?: boolean;
}

export function addGenerateCommand(dataset: Command): void {
  dataset
    .command('generate')
    .description('simulated mining and ordinary dialogues in genuine TLS -> captures and their manifest')
    .requiredOption('-o, --output <folder>', 'where to write')
    .option('--seed <number>', 'decides everything but the ciphertext', wholeNumber, SAMPLES_SEED)
    .option('--train-captures <count>', 'captures to learn from', positiveInteger, 8)
    .option('--test-captures <count>', 'captures of other hosts and sites to be judged on', positiveInteger, 3)
    .option('--flows <count>', 'flows of each capture', positiveInteger, 51)
    .option('--mining-share <share>', 'share of mining flows, 0 to 1', fraction, 0.35)
    .option('--quiet', 'no progress and no summary on standard error')
    .addHelpText('after', '\nExample:\n  flowlamp dataset generate -o lab --train-captures 20 --flows 200\n')
    .action(runGenerate);
}

async function runGenerate(options: GenerateOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  makeFolder(options.output);
  let done = 0;
  const { manifest, bytes } = await generateSamples({
    outDir: options.output,
    seed: options.seed,
    trainCaptures: options.trainCaptures,
    testCaptures: options.testCaptures,
    flowsPerCapture: options.flows,
    miningShare: options.miningShare,
    onCapture: ({ file }) => out.progress(`${++done} of ${options.trainCaptures + options.testCaptures + 1}: ${file}`),
  });
  out.endProgress();
  const flows = manifest.captures.reduce((sum, capture) => sum + capture.flows.length, 0);
  out.say(
    `wrote ${counted(manifest.captures.length, 'capture')} with ${counted(flows, 'flow')} (${byteText(bytes)}) and manifest.json to ${options.output}`,
  );
  out.say('They are generated, not recorded: train on them, and judge on real traffic.');
}
