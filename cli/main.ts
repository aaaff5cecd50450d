#!/usr/bin/env node
/** The program `flowlamp`: reads the command line, runs a command, and turns whatever happens into an exit code. */
import { Command, CommanderError } from 'commander';
import { FlowlampError } from '../core/errors.ts';
import { OutputClosed } from '../features/files/output.ts';
import { addDatasetCommand } from './commands/dataset.ts';
import { addEvaluateCommand } from './commands/evaluate.ts';
import { addExtractCommand } from './commands/extract.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addQuickstartCommand } from './commands/quickstart.ts';
import { addScoreCommand } from './commands/score.ts';
import { addTrainCommand } from './commands/train.ts';
import { printable } from './console.ts';
import { ExitCode } from './exit.ts';
import { packageVersion } from './package-root.ts';
import { watchSignals } from './signals.ts';

function createProgram(): Command {
  const program = new Command('flowlamp')
    .description('Tells what an encrypted network flow is without decrypting it.')
    .version(packageVersion())
    .showHelpAfterError('(flowlamp --help or flowlamp COMMAND --help shows what is expected)')
    .exitOverride();
  addExtractCommand(program);
  addScoreCommand(program);
  addTrainCommand(program);
  addEvaluateCommand(program);
  addInspectCommand(program);
  addDatasetCommand(program);
  addQuickstartCommand(program);
  return program;
}

async function main(): Promise<ExitCode> {
  try {
    await createProgram().parseAsync();
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
