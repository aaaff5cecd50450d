/** Reads the command line, runs a command, and turns whatever happens into an exit code. */
import { Command, CommanderError } from 'commander';
import { FlowlampError } from '../core/errors.ts';
import { printable } from '../core/visible.ts';
import { OutputClosed } from '../features/files/output.ts';
import { packageVersion } from '../features/files/package-files.ts';
import { addCommands } from './command-list.ts';
import { ExitCode } from './exit.ts';
import { startEarly } from './jobs/job-thread.ts';
import { watchSignals } from './signals.ts';

/** Runs the command that the process was started with. */
export async function runProgram(): Promise<ExitCode> {
  watchSignals();
  // Nobody reads what goes to people any more: not an error to report. Data has its own way of noticing (OutputClosed).
  process.stderr.on('error', () => undefined);
  const words = process.argv.slice(2);
  startEarly(words);
  try {
    await (await createProgram(words)).parseAsync();
    return (process.exitCode as ExitCode | undefined) ?? ExitCode.Done;
  } catch (error) {
    return exitCodeOf(error);
  }
}

async function createProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('flowlamp')
    .description('Tells what an encrypted network flow is without decrypting it.')
    .version(packageVersion())
    .showHelpAfterError('(flowlamp --help or flowlamp COMMAND --help shows what is expected)')
    .exitOverride();
  await addCommands(program, words);
  return program;
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
