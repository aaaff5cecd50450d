#!/usr/bin/env node
/** The program `flowlamp`: reads the command line, runs a command, and turns whatever happens into an exit code. */
import { Command, CommanderError } from 'commander';
import { FlowlampError } from '../core/errors.ts';
import { OutputClosed } from '../features/files/output.ts';
import { printable } from './console.ts';
import { ExitCode } from './exit.ts';
import { packageVersion } from './package-root.ts';
import { watchSignals } from './signals.ts';

type AddCommand = (program: Command) => void;

/** Each command is loaded when it is asked for: all of them take a quarter of a second, one a fraction of it. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  extract: async () => (await import('./commands/extract.ts')).addExtractCommand,
  score: async () => (await import('./commands/score.ts')).addScoreCommand,
  train: async () => (await import('./commands/train.ts')).addTrainCommand,
  evaluate: async () => (await import('./commands/evaluate.ts')).addEvaluateCommand,
  inspect: async () => (await import('./commands/inspect.ts')).addInspectCommand,
  dataset: async () => (await import('./commands/dataset.ts')).addDatasetCommand,
  quickstart: async () => (await import('./commands/quickstart.ts')).addQuickstartCommand,
};

async function createProgram(): Promise<Command> {
  const program = new Command('flowlamp')
    .description('Tells what an encrypted network flow is without decrypting it.')
    .version(packageVersion())
    .showHelpAfterError('(flowlamp --help or flowlamp COMMAND --help shows what is expected)')
    .exitOverride();
  const named = process.argv[2] ?? '';
  const wanted = Object.hasOwn(COMMANDS, named) ? [named] : Object.keys(COMMANDS);
  for (const name of wanted) (await COMMANDS[name]!())(program);
  return program;
}

async function main(): Promise<ExitCode> {
  try {
    await (await createProgram()).parseAsync();
    return (process.exitCode as ExitCode | undefined) ?? ExitCode.Done;
  } catch (error) {
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof OutputClosed) return ExitCode.Done;
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
  const known = error instanceof FlowlampError;
  const line = known
    ? `${error.code}: ${error.message}`
    : `INTERNAL: ${String((error as Error)?.message ?? error)}; please report this`;
  process.stderr.write(`flowlamp: ${printable(line)}\n`);
  if (process.env['FLOWLAMP_DEBUG'] !== undefined) console.error(error);
  return ExitCode.Failed;
}

watchSignals();
// Nobody reads what goes to people any more: not an error to report. Data has its own way of noticing (OutputClosed).
process.stderr.on('error', () => undefined);

process.exitCode = await main();
