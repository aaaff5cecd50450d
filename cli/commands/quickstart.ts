/** `flowlamp quickstart`: the tour. Every stage on the captures that ship, by the same code as the other commands. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { loadFlowLabels } from '../../datasets/flow-labels.ts';
import { planSamples, SAMPLES_SEED } from '../../datasets/lab/samples.ts';
import { writeManifest } from '../../datasets/lab/set.ts';
import { DEFAULT_MAX_FLOWS } from '../../features/flow/tracker.ts';
import { DEFAULT_ACTIVE_TIMEOUT, DEFAULT_IDLE_TIMEOUT } from '../../features/flow-extractor.ts';
import { Console } from '../console.ts';
import { type Example, examplesText } from '../examples.ts';
import { generateCaptures } from '../jobs/lab-jobs.ts';
import { durationText } from '../numbers.ts';
import type { FlowOptions } from '../options.ts';
import { makeFolder } from '../outputs.ts';
import { packageRoot } from '../package-root.ts';
import { runEvaluate } from './evaluate.ts';
import { runExtract } from './extract.ts';
import { runScore } from './score.ts';
import { runTrain } from './train.ts';

const FLOW_OPTIONS: FlowOptions = {
  idleTimeout: DEFAULT_IDLE_TIMEOUT,
  activeTimeout: DEFAULT_ACTIVE_TIMEOUT,
  maxFlows: DEFAULT_MAX_FLOWS,
};

const EXAMPLES: readonly Example[] = [
  ['flowlamp quickstart'],
  ['flowlamp quickstart -o /tmp/tour', 'its files in another folder'],
];

export function addQuickstartCommand(program: Command): void {
  program
    .command('quickstart')
    .description('the tour: extract, train, evaluate and score the captures that ship')
    .option('-o, --output <folder>', 'where the files of the tour go', 'flowlamp-tour')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async ({ output }: { output: string }) => runQuickstart(output));
}

async function runQuickstart(folder: string): Promise<void> {
  const started = Date.now();
  const out = new Console(false);
  makeFolder(folder);
  const samples = await samplesFolder(folder, out);
  const manifest = join(samples, 'manifest.json');
  const labels = loadFlowLabels(manifest);
  const filesOf = (role: string) => labels.filesOf(role);
  const trainTable = join(folder, 'train.arrow');
  const testTable = join(folder, 'test.arrow');
  const model = join(folder, 'model');
  const report = join(folder, 'report.html');
  const verdicts = join(folder, 'verdicts.jsonl');

  out.say('The captures of this tour are generated: simulated dialogues in genuine TLS, not recorded traffic.\n');
  out.say('1. Labelled captures -> flows in an Arrow table');
  await runExtract(filesOf('train'), { ...FLOW_OPTIONS, labels: manifest, output: trainTable });
  await runExtract(filesOf('test'), { ...FLOW_OPTIONS, labels: manifest, output: testTable });

  out.say('\n2. Flows -> a classifier, exported to ONNX');
  await runTrain([trainTable], {
    ...FLOW_OPTIONS,
    output: model,
    target: 'label',
    learner: 'gbdt',
    groupBy: 'capture',
    audit: false,
    folds: 5,
    minPayloadPackets: 5,
    seed: 1,
    name: 'tour',
    modelVersion: '1',
    origin: 'the generated captures in datasets/samples',
    generated: true,
    quick: true,
  });

  out.say('\n3. The classifier on captures of hosts and sites that it was not trained on');
  await runEvaluate([testTable], {
    ...FLOW_OPTIONS,
    model,
    output: report,
    groupBy: 'capture',
    quiet: true,
    quick: true,
  });

  out.say('\n4. Verdicts on one more capture');
  const demo = filesOf('demo');
  await runScore(demo, { ...FLOW_OPTIONS, model, format: 'table', top: 20, runtime: 'kernel' });
  await runScore(demo, { ...FLOW_OPTIONS, model, output: verdicts, runtime: 'kernel', quiet: true });

  out.say(`\nDone in ${durationText((Date.now() - started) / 1000)}. The files:`);
  for (const [path, what] of [
    [trainTable, 'flows to learn from (Arrow)'],
    [testTable, 'flows to judge on (Arrow)'],
    [join(model, 'model.onnx'), 'the classifier (ONNX), with card.json beside it'],
    [report, 'how good it is'],
    [verdicts, 'the verdicts, one JSON object a flow'],
  ]) {
    out.say(`  ${path}  ${what}`);
  }
  out.say('Next: flowlamp score YOUR.pcap (scores with the model `mining` that ships; --help shows more)');
}

/** The captures of the tour: those of the repository, or, in a package without them, the same ones made again. */
async function samplesFolder(folder: string, out: Console): Promise<string> {
  const shipped = fileURLToPath(new URL('datasets/samples/', packageRoot()));
  if (existsSync(join(shipped, 'manifest.json'))) return shipped;
  const made = join(folder, 'samples');
  if (!existsSync(join(made, 'manifest.json'))) {
    out.say('Making the captures of the tour (once)');
    makeFolder(made);
    const jobs = planSamples(SAMPLES_SEED);
    writeManifest(made, SAMPLES_SEED, jobs, await generateCaptures(jobs, made, 1, () => {}));
  }
  return made;
}
