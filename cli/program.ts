/** Reads the command line, runs a command, and turns whatever happens into an exit code. */
import { Command, CommanderError } from 'commander';
import { FlowlampError } from '../core/errors.ts';
import { printable } from '../core/visible.ts';
import { OutputClosed, writeTextFile } from '../features/files/output.ts';
import { packageVersion } from '../features/files/package-files.ts';
import { addCommands } from './command-list.ts';
import { type Example, examplesText } from './examples.ts';
import { ExitCode } from './exit.ts';
import { startEarly } from './jobs/job-thread.ts';
import { watchSignals } from './signals.ts';

const EXAMPLES: readonly Example[] = [
  ['flowlamp score capture.pcap', 'verdicts, a line for each flow'],
  ['flowlamp extract capture.pcap -o flows.arrow', 'features, a row for each flow'],
  ['flowlamp doctor', 'what of this machine it can use'],
];

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

/** @param words the command line: only the command that it names is loaded. Null for all of them */
export async function createProgram(words: readonly string[] | null): Promise<Command> {
  const program = new Command('flowlamp')
    .description('Tells what an encrypted network flow is without decrypting it.')
    .version(packageVersion())
    .addHelpText('after', examplesText(EXAMPLES))
    // As all results, so that a reader who has left ends it quietly.
    .configureOutput({ writeOut: (text) => writeTextFile(null, text) })
    .exitOverride();
  await addCommands(program, words);
  sayWhatNext(program, program.name());
  return program;
}

/** Below the error of a command line that is wrong stands where to read what is right. */
function sayWhatNext(command: Command, line: string): void {
  command.showHelpAfterError(`(${line} --help shows what is expected, with examples)`);
  for (const each of command.commands) sayWhatNext(each, `${line} ${each.name()}`);
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
