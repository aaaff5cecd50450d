/** Examples below the options of a command. test/cli/every-command.test.ts holds each of them to the options that there are. */

/** A line as one could type it, and what it does where that is not plain. */
export type Example = readonly [line: string, says?: string];

/** What the longest lines do stands behind them, not in a column with the others'. */
const WIDEST = 72;

export function examplesText(examples: readonly Example[]): string {
  const lengths = examples.flatMap(([line, says]) => (says === undefined || line.length > WIDEST ? [] : [line.length]));
  const width = Math.max(0, ...lengths);
  const lines = examples.map(([line, says]) => `  ${says === undefined ? line : `${line.padEnd(width)}   ${says}`}`);
  return `\nExamples:\n${lines.join('\n')}\n`;
}
