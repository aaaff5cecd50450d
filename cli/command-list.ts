/**
 * The commands, in the order in which help lists them. Only the one that is asked for is loaded; of the others there is
 * what help says of them, and test/cli/command-list.test.ts holds that to what they say of themselves.
 */
import { Command } from 'commander';

interface ListedCommand {
  readonly name: string;
  readonly description: string;
  /** As `usage` would show it. */
  readonly takes: '' | '[options]' | `<${string}>` | `[options] <${string}>`;
  readonly load: () => Promise<(program: Command) => void>;
}

export const COMMANDS: readonly ListedCommand[] = [
  {
    name: 'extract',
    description: 'captures -> flow rows',
    takes: '[options] <input...>',
    load: async () => (await import('./commands/extract.ts')).addExtractCommand,
  },
  {
    name: 'score',
    description: 'captures or flow tables -> verdicts',
    takes: '[options] <input...>',
    load: async () => (await import('./commands/score.ts')).addScoreCommand,
  },
  {
    name: 'train',
    description: 'labelled flow tables or manifests -> model folder',
    takes: '[options] <input...>',
    load: async () => (await import('./commands/train.ts')).addTrainCommand,
  },
  {
    name: 'evaluate',
    description: 'a model against labelled flows -> report',
    takes: '[options] <input...>',
    load: async () => (await import('./commands/evaluate.ts')).addEvaluateCommand,
  },
  {
    name: 'inspect',
    description: 'what is in a capture: formats, counts, drops, top talkers',
    takes: '[options] <input>',
    load: async () => (await import('./commands/inspect.ts')).addInspectCommand,
  },
  {
    name: 'explain',
    description: 'why a flow got its verdict: evidence, inputs that moved the score, messages',
    takes: '[options] <input...>',
    load: async () => (await import('./commands/explain.ts')).addExplainCommand,
  },
  {
    name: 'serve',
    description: 'the sidecar: verdicts while flows live',
    takes: '[options]',
    load: async () => (await import('./commands/serve.ts')).addServeCommand,
  },
  {
    name: 'dataset',
    description: 'data sets: label, split, audit, import, record, generate',
    takes: '',
    load: async () => (await import('./commands/dataset.ts')).addDatasetCommand,
  },
  {
    name: 'model',
    description: 'models: list, show, verify, import, export, sign',
    takes: '',
    load: async () => (await import('./commands/model.ts')).addModelCommand,
  },
  {
    name: 'quickstart',
    description: 'the tour: extract, train, evaluate and score the captures that ship',
    takes: '[options]',
    load: async () => (await import('./commands/quickstart.ts')).addQuickstartCommand,
  },
  {
    name: 'doctor',
    description: 'what of this machine can be used: capturing programs, packages, models',
    takes: '[options]',
    load: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
  },
  {
    name: 'completion',
    description: 'a script with which bash, zsh or fish completes command lines',
    takes: '<shell>',
    load: async () => {
      const { addCompletionCommand } = await import('./commands/completion.ts');
      return (program) => addCompletionCommand(program, () => wholeProgram(program.name()));
    },
  },
];

/**
 * Adds all commands, as far as these words can need them.
 *
 * @param words the command line. Nothing before a command takes a value, so the first word that names one is the only one
 *   that can be run or, after `help`, explained. Null loads all
 */
export async function addCommands(program: Command, words: readonly string[] | null): Promise<void> {
  const wanted = words?.find((word) => COMMANDS.some(({ name }) => name === word));
  for (const command of COMMANDS) {
    if (words === null || command.name === wanted) (await command.load())(program);
    else addListed(program, command);
  }
}

/** With all commands, for those who read them rather than run one. */
async function wholeProgram(name: string): Promise<Command> {
  const program = new Command(name).version('');
  await addCommands(program, null);
  return program;
}

function addListed(program: Command, { name, description, takes }: ListedCommand): void {
  const listed = program.command(name).description(description);
  for (const word of takes.split(' ')) {
    if (word.startsWith('[')) listed.option('--any');
    if (word.startsWith('<')) listed.argument(word);
  }
}
