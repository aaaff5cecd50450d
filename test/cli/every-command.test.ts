/** Every command shows examples that can be typed, says where to read on when it is called wrongly, and can be completed. */
import { type Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { commandWords } from '../../cli/completion/words.ts';
import { examplesText } from '../../cli/examples.ts';
import { createProgram } from '../../cli/program.ts';

/** Reads a command line and does nothing more; what was said about it, and why it was refused. */
async function parsed(words: readonly string[]): Promise<{ readonly said: string; readonly error: unknown }> {
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

/** The lines below `Examples:`, without what stands beside them. */
async function examplesOf(command: Command): Promise<string[]> {
  let text = '';
  command.configureOutput({ writeOut: (piece) => (text += piece) });
  command.outputHelp();
  const lines = text.split('\nExamples:\n')[1]?.split('\n') ?? [];
  return lines.filter((line) => line.startsWith('  ')).map((line) => line.trim().split('   ')[0]!);
}

/** Words as a shell makes them of a line: quotes, pipes, what is written where. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)].map(([, one, two, bare]) => one ?? two ?? bare!);
  const start = words.findIndex((word) => /^(<\()?flowlamp$/.test(word));
  const rest = words.slice(start + 1);
  const end = rest.findIndex((word) => ['|', '>', '<', '&&', ';'].includes(word));
  return rest.slice(0, end < 0 ? undefined : end).map((word) => word.replace(/\)$/, ''));
}

const program = await createProgram(null);
const commands = walk(program);
for (const { command } of commands) if (command.commands.length === 0) command.action(() => undefined);
const lines = commands.map(({ line, command }) => [line, command] as const);

test('all commands are there', () => {
  expect(commands.length).toBeGreaterThan(25);
  expect(commands.map(({ line }) => line)).toContain('flowlamp dataset build');
});

test.each(lines)('%s shows two examples or more, whose words are all known', async (line, command) => {
  const examples = await examplesOf(command);
  expect(examples.length).toBeGreaterThanOrEqual(2);
  for (const example of examples) {
    const words = wordsOf(example);
    if (line !== 'flowlamp') expect(`flowlamp ${words.join(' ')} `, example).toContain(`${line} `);
    expect(await parsed(words), example).toEqual({ said: '', error: null });
  }
});

test.each(lines)('%s says where to read on when it is called wrongly', async (line, command) => {
  const words = line.split(' ').slice(1);
  const [operand] = command.registeredArguments;
  const wrong: string[][] = [[...words, '--no-such-option']];
  if (operand?.required === true) wrong.push(words);
  if (command.commands.length > 0) wrong.push([...words, 'nosuchcommand']);
  if (command.commands.length === 0 && operand === undefined) wrong.push([...words, 'too-many']);
  for (const option of command.options.filter(({ required }) => required)) {
    wrong.push([...words, option.long!]);
    if (option.argChoices !== undefined) wrong.push([...words, option.long!, 'nosuchchoice']);
  }
  for (const typed of wrong) {
    const { said, error } = await parsed(typed);
    expect(error, typed.join(' ')).toBeInstanceOf(CommanderError);
    expect(said, typed.join(' ')).toMatch(/^error: /);
    expect(said, typed.join(' ')).toContain(`(${line} --help shows what is expected, with examples)\n`);
  }
});

test('completion knows every command, and every option with its choices', () => {
  const known = commandWords(program, ['mining']);
  expect(known.map(({ line }) => `flowlamp ${line}`.trimEnd()).filter((line) => !line.endsWith(' help'))).toEqual(
    commands.map(({ line }) => line),
  );
  for (const { line, command } of commands) {
    const { options } = known.find((each) => `flowlamp ${each.line}`.trimEnd() === line)!;
    expect(
      options.map(({ names }) => names.at(-1)),
      line,
    ).toEqual([...command.options.map(({ long }) => long), '--help']);
    for (const [i, { long, argChoices, required, flags }] of command.options.entries()) {
      expect(options[i]!.value !== null, `${line} ${long}`).toBe(required);
      if (argChoices !== undefined) expect(options[i]!.value?.words, `${line} ${long}`).toEqual(argChoices);
      if (/<(file|folder|keyfile)>/.test(flags)) expect(options[i]!.value?.files, `${line} ${long}`).toBe(true);
      if (flags.includes('<model>')) expect(options[i]!.value).toEqual({ words: ['mining'], files: true });
    }
  }
});

test('what examples do stands in one column, but behind the longest lines', () => {
  const long = 'x'.repeat(100);
  expect(examplesText([['a'], ['bb', 'one'], ['c', 'two'], [long, 'three']])).toBe(
    `\nExamples:\n  a\n  bb   one\n  c    two\n  ${long}   three\n`,
  );
});
