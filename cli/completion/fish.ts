/** Completion for fish, from 3.0 on, with what each command and option is for. */
import { fishQuoted, splittable } from './quote.ts';
import type { CommandWords, OptionWords } from './words.ts';

export function fishScript(name: string, commands: readonly CommandWords[]): string {
  const steps = commands.flatMap(({ line, commands: within }) =>
    within.map((each) => fishQuoted(`${line} ${each.name}`)),
  );
  const taking = commands.flatMap(({ line, options }) =>
    options.flatMap(({ names, value }) => (value === null ? [] : names.map((each) => fishQuoted(`${line} ${each}`)))),
  );
  return `# Completion of ${name} for fish, made by \`${name} completion fish\`.

# Whether the words before the cursor have come to this command.
function __${name}_at
    set -l at ''
    set -l is_value no
    for word in (commandline -opc)[2..-1]
        if test $is_value = yes
            set is_value no
            continue
        end
        switch "$at $word"
            case ${steps.join(' ')}
                set at (string trim "$at $word")
            case ${taking.join(' ')}
                set is_value yes
        end
    end
    test "$at" = "$argv[1]"
end

complete -c ${name} -f
${commands.map((command) => linesOf(name, command)).join('\n')}
`;
}

function linesOf(name: string, { line, commands, options, operand }: CommandWords): string {
  const start = `complete -c ${name} -n ${fishQuoted(`__${name}_at ${fishQuoted(line)}`)}`;
  const lines = commands.map((each) => `${start} -a ${fishQuoted(each.name)} -d ${fishQuoted(each.description)}`);
  for (const option of options) lines.push(`${start} ${optionWords(option)}`);
  if (operand.words.length > 0) lines.push(`${start} -a ${fishQuoted(splittable(operand.words))}`);
  if (operand.files) lines.push(`${start} -F`);
  return lines.join('\n');
}

function optionWords({ names, description, value }: OptionWords): string {
  const flags = names.map((each) => (each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`));
  const taken = value === null ? [] : [value.files ? '-r -F' : '-x'];
  if (value !== null && value.words.length > 0) taken.push(`-a ${fishQuoted(splittable(value.words))}`);
  return [...flags, ...taken, `-d ${fishQuoted(description)}`].join(' ');
}
