/** `flowlamp dataset record`: a command's real traffic, labelled. */
import { existsSync, rmSync } from 'node:fs';
import type { Command } from 'commander';
import { record } from '../../../datasets/record/record.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { counted, grouped } from '../../numbers.ts';
import { positiveNumber, seconds } from '../../options.ts';
import { makeFolder } from '../../outputs.ts';

interface RecordCommandOptions {
  readonly label: string;
  readonly output: string;
  readonly interface: string;
  readonly filter?: string;
  readonly linger: number;
  readonly limit: number;
  readonly site?: string;
  readonly quiet?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp dataset record --label browsing -i lo --filter "port 8443" -- curl -sk https://localhost:8443/'],
  [
    'flowlamp dataset record --label mining -o recorded --limit 600 --site office -- xmrig -c config.json',
    'ended after ten minutes',
  ],
];

export function addRecordCommand(dataset: Command): void {
  dataset
    .command('record')
    .description('run a command and record its traffic -> a labelled capture and its manifest')
    .argument('<command...>', 'what to run, after --')
    .requiredOption('--label <label>', 'what the traffic is')
    .option('-o, --output <folder>', 'where captures and manifest.json go; more are added', 'recorded')
    .option('-i, --interface <name>', 'where to listen', 'any')
    .option('--filter <expression>', 'only these packets, as tcpdump takes it: port 3333, host 192.0.2.1')
    .option('--linger <seconds>', 'listen on after the command has ended', seconds, 1)
    .option('--limit <seconds>', 'end the command after this long', positiveNumber, 3600)
    .option('--site <name>', 'the network that it is recorded in')
    .option('--quiet', 'no summary on standard error')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runRecord);
}

async function runRecord(command: readonly string[], options: RecordCommandOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const isNew = !existsSync(options.output);
  makeFolder(options.output);
  const recording = await record({
    folder: options.output,
    label: options.label,
    interface: options.interface,
    filter: options.filter ?? null,
    linger: options.linger,
    limit: options.limit,
    site: options.site ?? null,
    command,
  }).catch((cause: unknown) => {
    if (isNew) rmSync(options.output, { recursive: true, force: true });
    throw cause;
  });
  const { file, packets, dropped, code, wasEnded } = recording;
  if (dropped > 0) out.warn(`${counted(dropped, 'packet')} lost: what was recorded is not whole`);
  if (packets === 0) out.warn('no packet was recorded: check --interface and --filter');
  if (wasEnded) out.warn(`the command was ended after ${options.limit} s`);
  else if (code !== 0)
    out.warn(`the command failed (exit code ${code ?? 'none'}): its traffic may not be what its label says`);
  out.say(
    `recorded ${grouped(packets)} packets as ${options.label} to ${options.output}/${file}, and added it to manifest.json`,
  );
  if (options.filter === undefined)
    out.say('Whatever else used the interface meanwhile was recorded too; --filter keeps it out.');
}
