/** `flowlamp dataset generate`: the traffic lab. */
import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { CATALOGUE } from '../../../datasets/lab/dialogue/catalogue.ts';
import { ENCAPSULATIONS } from '../../../datasets/lab/encapsulation/channel.ts';
import { EVASIONS } from '../../../datasets/lab/evasion/catalogue.ts';
import type { EvasionName } from '../../../datasets/lab/evasion/evasion.ts';
import { MODEST_EVASIONS } from '../../../datasets/lab/evasion/plan.ts';
import type { DialogueTally, RecordedCapture } from '../../../datasets/lab/generate.ts';
import { planSamples, SAMPLES_SEED } from '../../../datasets/lab/samples.ts';
import { type CaptureJob, planSet, writeManifest } from '../../../datasets/lab/set.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { generateCaptures } from '../../jobs/lab-jobs.ts';
import { byteText, counted, durationText, grouped } from '../../numbers.ts';
import { fraction, positiveInteger, positiveNumber, wholeNumber } from '../../options.ts';
import { makeEmptyFolder, printResult } from '../../outputs.ts';
import { textTable } from '../../text-table.ts';

interface GenerateOptions {
  readonly output?: string;
  readonly list?: boolean;
  readonly flows: number;
  readonly captures?: number;
  readonly trainCaptures?: number;
  readonly testCaptures?: number;
  readonly hours?: number;
  readonly miningShare: number;
  readonly dialogue?: readonly string[];
  readonly encapsulation?: readonly string[];
  readonly evasion?: readonly EvasionName[];
  readonly evasionShare: number;
  readonly evasionStrength?: number;
  readonly cleanTaps?: boolean;
  readonly gzip?: boolean;
  readonly samples?: boolean;
  readonly seed: number;
  readonly jobs?: number;
  readonly force?: boolean;
  readonly quiet?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp dataset generate -o lab --flows 10000 --hours 1'],
  ['flowlamp dataset generate -o lab --mining-share 0.05 --seed 7 --gzip'],
  ['flowlamp dataset generate --list', 'what can be simulated'],
];

/** Threads started without being asked for: more captures at once are more memory. */
const MOST_UNASKED = 4;

export function addGenerateCommand(dataset: Command): void {
  const SET_OPTIONS = ['flows', 'captures', 'trainCaptures', 'testCaptures', 'hours', 'miningShare', 'dialogue'];
  dataset
    .command('generate')
    .description('simulated mining and ordinary dialogues in genuine TLS -> captures and their manifest')
    .option('-o, --output <folder>', 'where to write')
    .option('--flows <count>', 'flows of all captures together', positiveInteger, 1000)
    .option('--captures <count>', 'captures, each a network of its own (default: one for 100 flows)', positiveInteger)
    .option('--test-captures <count>', 'how many of them are to be judged on (default: a quarter)', positiveInteger)
    .addOption(
      new Option('--train-captures <count>', 'instead of --captures: how many are to learn from')
        .argParser(positiveInteger)
        .conflicts('captures'),
    )
    .option(
      '--hours <hours>',
      'virtual time that every session lasts (default: minutes to an hour, drawn)',
      positiveNumber,
    )
    .option('--mining-share <share>', 'share of mining flows, 0 to 1', fraction, 0.35)
    .option('--dialogue <name>', 'only this dialogue; repeatable (see --list)', oneMore)
    .option('--encapsulation <name>', 'only this encapsulation; repeatable', oneMore)
    .option('--evasion <name>', 'only this evasion; repeatable', oneMore)
    .option(
      '--evasion-share <share>',
      'share of sessions, and of sites, that evade, 0 to 1',
      fraction,
      MODEST_EVASIONS.share,
    )
    .option('--evasion-strength <strength>', 'strength of every evasion, 0 to 1 (default: drawn)', fraction)
    .option('--clean-taps', 'whole frames of both directions from every tap, in microseconds')
    .option('--gzip', 'compress the captures: three quarters of the size, a tenth more time')
    .addOption(
      new Option('--samples', 'the captures that ship in datasets/samples instead').conflicts([
        ...SET_OPTIONS,
        'encapsulation',
        'evasion',
        'evasionShare',
        'evasionStrength',
        'cleanTaps',
        'gzip',
      ]),
    )
    .option('--seed <number>', 'decides everything but the ciphertext', wholeNumber, SAMPLES_SEED)
    .option('--jobs <count>', 'captures made at a time (default: as many as there are cores, up to 4)', positiveInteger)
    .option('--force', 'write over files that are in the folder')
    .option('--list', 'list the dialogues, encapsulations and evasions, and write nothing')
    .option('--quiet', 'no progress and no summary on standard error')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runGenerate);
}

const oneMore = (name: string, before: readonly string[] = []): string[] => [...before, name];

async function runGenerate(options: GenerateOptions, command: Command): Promise<void> {
  if (options.list === true) return list();
  const { output } = options;
  if (output === undefined) return command.error("error: required option '-o, --output <folder>' not specified");
  const out = new Console(options.quiet === true);
  const jobs = options.samples === true ? planSamples(options.seed) : planSet(setOptions(options));
  makeEmptyFolder(output, options.force === true);
  const threads = options.jobs ?? Math.min(availableParallelism(), MOST_UNASKED);
  const started = Date.now();
  const recorded = await generateCaptures(jobs, output, threads, progressBar(jobs, out));
  writeManifest(output, options.seed, jobs, recorded);
  out.endProgress();
  saySummary(output, recorded, (Date.now() - started) / 1000, out);
}

function setOptions(options: GenerateOptions): Parameters<typeof planSet>[0] {
  const { seed, flows, captures, trainCaptures, testCaptures, hours, miningShare, dialogue, encapsulation, evasion } =
    options;
  const all = trainCaptures === undefined ? captures : trainCaptures + (testCaptures ?? Math.ceil(trainCaptures / 3));
  const judged = trainCaptures === undefined ? testCaptures : all! - trainCaptures;
  return {
    seed,
    flows,
    miningShare,
    ...(all !== undefined && { captures: all }),
    ...(judged !== undefined && { testCaptures: judged }),
    ...(hours !== undefined && { hours }),
    choice: {
      ...(dialogue !== undefined && { dialogues: dialogue }),
      ...(encapsulation !== undefined && { encapsulations: encapsulation }),
    },
    evasions: {
      share: options.evasionShare,
      ...(evasion !== undefined && { names: evasion }),
      ...(options.evasionStrength !== undefined && { strength: options.evasionStrength }),
    },
    gzip: options.gzip === true,
    taps: options.cleanTaps === true ? 'clean' : 'varied',
  };
}

function progressBar(jobs: readonly CaptureJob[], out: Console): (flows: number, bytes: number) => void {
  const all = jobs.reduce((sum, { options }) => sum + options.flows, 0);
  const started = Date.now();
  let played = 0;
  let written = 0;
  return (flows, bytes) => {
    played += flows;
    written += bytes;
    if (flows === 0) return;
    const rate = (1000 * played) / Math.max(1, Date.now() - started);
    const filled = Math.round((20 * played) / all);
    const left = played === 0 ? '' : `, ${durationText((all - played) / rate)} left`;
    out.progress(
      `[${'#'.repeat(filled)}${'.'.repeat(20 - filled)}] ${grouped(played)} of ${counted(all, 'flow')}, ${rate.toFixed(1)} flows/s, ${byteText(written)}${left}`,
    );
  };
}

function saySummary(folder: string, recorded: readonly RecordedCapture[], seconds: number, out: Console): void {
  const tallies = sumTallies(recorded);
  out.say(
    textTable(
      ['label', 'dialogue', 'flows', 'packets', 'bytes'],
      tallies.map(({ label, dialogue, flows, packets, bytes }) => [
        label,
        dialogue,
        grouped(flows),
        grouped(packets),
        byteText(bytes),
      ]),
      ['left', 'left', 'right', 'right', 'right'],
      60,
    ),
  );
  const flows = tallies.reduce((sum, tally) => sum + tally.flows, 0);
  const bytes = recorded.reduce((sum, capture) => sum + capture.bytes, 0);
  out.say(
    `wrote ${counted(recorded.length, 'capture')} with ${counted(flows, 'flow')} (${byteText(bytes)}) and manifest.json to ${folder} in ${durationText(seconds)}, ${(flows / seconds).toFixed(1)} flows/s`,
  );
  out.say('They are generated, not recorded: train on them, and judge on real traffic.');
}

/** Mining first, and of each label the most frequent. */
function sumTallies(recorded: readonly RecordedCapture[]): DialogueTally[] {
  const sums = new Map<string, DialogueTally>();
  for (const { tallies } of recorded) {
    for (const tally of tallies) {
      const sum = sums.get(tally.dialogue);
      if (sum === undefined) sums.set(tally.dialogue, { ...tally });
      else {
        sum.flows += tally.flows;
        sum.packets += tally.packets;
        sum.bytes += tally.bytes;
      }
    }
  }
  return [...sums.values()].sort(
    (a, b) => a.label.localeCompare(b.label) || b.flows - a.flows || a.dialogue.localeCompare(b.dialogue),
  );
}

function list(): void {
  const shares = [...CATALOGUE.mining, ...CATALOGUE.other];
  const weightOf = (label: string) =>
    shares.filter(({ value }) => value.label === label).reduce((sum, { weight }) => sum + weight, 0);
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const dialogues = shares.map(({ value: { name, label, ports }, weight }) => [
    label,
    name,
    percent(weight / weightOf(label)),
    ports.join(', '),
  ]);
  const total = ENCAPSULATIONS.reduce((sum, { weight }) => sum + weight, 0);
  const encapsulations = ENCAPSULATIONS.map(({ value, weight }) => [value, percent(weight / total)]);
  const evasions = EVASIONS.map(({ name, scope }) => [name, scope === 'site' ? 'for a site' : 'for a session']);
  const lists = [
    textTable(['label', 'dialogue', 'of its label', 'usual ports'], dialogues, ['left', 'left', 'right', 'left'], 60),
    textTable(['encapsulation', 'of both labels'], encapsulations, ['left', 'right'], 60),
    textTable(['evasion', 'drawn'], evasions, ['left', 'left'], 60),
  ];
  printResult(`${lists.join('\n\n')}\n`);
}
