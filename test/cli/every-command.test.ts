/** Every command shows examples that can be typed, says where to read on when it is called wrongly, and can be completed. */
import { type Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { commandWords } from '../../cli/completion/words.ts';
import { examplesText } from '../../cli/examples.ts';
import { commands, parsed, program, wordsOf } from './command-lines.ts';

/** The lines below `Examples:`, without what stands beside them. */
async function examplesOf(command: Command): Promise<string[]> {
  let text = '';
  command.configureOutput({ writeOut: (piece) => (text += piece) });
  command.outputHelp();
  const lines = text.split('\nExamples:\n')[1]?.split('\n') ?? [];
  return lines.filter((line) => line.startsWith('  ')).map((line) => line.trim().split('   ')[0]!);
}

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
