/** `flowlamp completion`: a script with which a shell completes command lines. */
import { Argument, type Command } from 'commander';
import { listShippedModels } from '../../models/folder.ts';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { type CommandWords, commandWords } from '../completion/words.ts';
import { zshScript } from '../completion/zsh.ts';
import { type Example, examplesText } from '../examples.ts';
import { printResult } from '../outputs.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  string,
  (name: string, commands: readonly CommandWords[]) => string
>;
export type Shell = keyof typeof SCRIPTS;
const SHELLS = Object.keys(SCRIPTS) as readonly Shell[];

const EXAMPLES: readonly Example[] = [
  ['source <(flowlamp completion bash)', 'in this shell; in ~/.bashrc for all'],
  ['flowlamp completion zsh > ~/.zfunc/_flowlamp', 'where fpath has ~/.zfunc, before compinit'],
  ['flowlamp completion fish > ~/.config/fish/completions/flowlamp.fish'],
];

/** @param whole the program with all its commands */
export function addCompletionCommand(program: Command, whole: () => Promise<Command>): void {
  program
    .command('completion')
    .description('a script with which bash, zsh or fish completes command lines')
    .addArgument(new Argument('<shell>', 'the shell that reads it').choices(SHELLS))
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (shell: Shell) => printResult(completionScript(shell, await whole())));
}

export function completionScript(shell: Shell, program: Command): string {
  return SCRIPTS[shell](program.name(), commandWords(program, listShippedModels()));
}
