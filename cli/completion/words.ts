/** What can be typed where, read off the commands themselves. */
import type { Argument, Command, Option } from 'commander';

/** What a value can be: some words, names of files, or both. */
export interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
}

export interface OptionWords {
  readonly names: readonly string[];
  readonly description: string;
  /** Null for an option that stands alone. */
  readonly value: Values | null;
}

/** A command, or the program itself, whose line is ''. */
export interface CommandWords {
  /** Names of commands from the outermost to this one. */
  readonly line: string;
  readonly description: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionWords[];
  readonly operand: Values;
}

/** Words within <...> that stand for files or folders. */
const FILES = /^(file|folder|path|keyfile|manifest|input|table|program|file-or-url|command)$/;
const NOTHING: Values = { words: [], files: false };
const HELP = { name: 'help', description: 'display help for command' };

/**
 * The program and all its commands, each before those within it.
 *
 * @param models names of models that ship
 */
export function commandWords(program: Command, models: readonly string[]): CommandWords[] {
  const walk = (command: Command, line: string): CommandWords[] => {
    const within = command.commands.map((each) => ({
      name: each.name(),
      description: each.summary() || each.description(),
    }));
    const commands = within.length === 0 ? [] : [...within, HELP];
    const [operand] = command.registeredArguments;
    const own: CommandWords = {
      line,
      description: command.description(),
      commands,
      options: [
        ...command.options.filter(({ hidden }) => !hidden).map((option) => optionWords(option, models)),
        HELP_OPTION,
      ],
      operand: operand === undefined ? NOTHING : valuesOf(operand, operand.name(), models),
    };
    const inner = command.commands.flatMap((each) => walk(each, joined(line, each.name())));
    if (commands.length === 0) return [own];
    const words = within.map(({ name }) => name);
    const help = { line: joined(line, HELP.name), description: HELP.description, commands: [], options: [] };
    return [own, { ...help, operand: { words, files: false } }, ...inner];
  };
  return walk(program, '');
}

const HELP_OPTION: OptionWords = { names: ['-h', '--help'], description: HELP.description, value: null };

function joined(line: string, name: string): string {
  return line === '' ? name : `${line} ${name}`;
}

function optionWords(option: Option, models: readonly string[]): OptionWords {
  const { short, long, description, flags } = option;
  const names = [short, long].filter((name) => name !== undefined);
  const placeholder = /<([^>.]+)/.exec(flags)?.[1];
  return { names, description, value: placeholder === undefined ? null : valuesOf(option, placeholder, models) };
}

function valuesOf({ argChoices }: Option | Argument, placeholder: string, models: readonly string[]): Values {
  if (argChoices !== undefined) return { words: argChoices, files: false };
  if (placeholder === 'model') return { words: models, files: true };
  return { words: [], files: FILES.test(placeholder) };
}
