/** Lines of a `case` of bash and zsh. */
import { quoted } from './quote.ts';
import type { CommandWords, Values } from './words.ts';

/**
 * What follows each option of each command that does not stand alone; the word is the command's line and the option.
 *
 * @param assigned what is done with the values
 */
export function valueCases(commands: readonly CommandWords[], assigned: (values: Values) => string): string {
  const cases = commands.flatMap(({ line, options }) =>
    options.flatMap(({ names, value }) => {
      if (value === null) return [];
      const patterns = names.map((name) => quoted(`${line} ${name}`.trimStart()));
      return [`    ${patterns.join(' | ')}) ${assigned(value)} ;;`];
    }),
  );
  return cases.join('\n');
}
