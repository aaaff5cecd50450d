/** Help says of a command that is not loaded what it says of one that is. */
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addCommands, COMMANDS } from '../../cli/command-list.ts';

async function help(words: readonly string[]): Promise<string> {
  const program = new Command('flowlamp');
  await addCommands(program, words);
  return program.helpInformation();
}

test('the list of commands is the same whichever of them is loaded', async () => {
  const listed = await help([]);
  expect(COMMANDS.map(({ name }) => name).filter((name) => !listed.includes(`\n  ${name}`))).toEqual([]);
  for (const { name } of COMMANDS) expect(await help([name]), name).toBe(listed);
});

test.each([
  [['extract', 'x.pcap'], 'extract'],
  [['help', 'extract'], 'extract'],
  [['--', 'extract', 'score'], 'extract'],
  [['extract', 'score'], 'extract'],
])('%j loads the one command that can be meant', async (words, wanted) => {
  const program = new Command('flowlamp');
  await addCommands(program, words);
  const loaded = program.commands.filter((command) => command.options.some(({ long }) => long === '--quiet'));
  expect(loaded.map((command) => command.name())).toEqual([wanted]);
});
