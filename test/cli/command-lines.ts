/** The whole command line of the program, read and not run: whether what pages and examples show can be typed. */
import type { Command } from 'commander';
import { createProgram } from '../../cli/program.ts';

export const program = await createProgram(null);
export const commands = walk(program);
for (const { command } of commands) if (command.commands.length === 0) command.action(() => undefined);

/** Reads a command line and does nothing more; what was said about it, and why it was refused. */
export async function parsed(words: readonly string[]): Promise<{ readonly said: string; readonly error: unknown }> {
  let said = '';
  const write = (text: string) => {
    said += text;
  };
  for (const { command } of commands) command.configureOutput({ writeOut: write, writeErr: write });
  const error = await program.parseAsync(words, { from: 'user' }).then(
    () => null,
    (cause: unknown) => cause,
  );
  return { said, error };
}

function walk(command: Command, line = command.name()): { readonly line: string; readonly command: Command }[] {
  const within = command.commands.flatMap((each) => walk(each, `${line} ${each.name()}`));
  return [{ line, command }, ...within];
}

/** Words as a shell makes them of a line: quotes, pipes, what is written where. */
export function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)].map(([, one, two, bare]) => one ?? two ?? bare!);
  const start = words.findIndex((word) => /^(<\()?flowlamp$/.test(word));
  const rest = words.slice(start + 1);
  const end = rest.findIndex((word) => ['|', '>', '<', '&&', ';'].includes(word));
  return rest.slice(0, end < 0 ? undefined : end).map((word) => word.replace(/\)$/, ''));
}
