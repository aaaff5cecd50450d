/** The command line that the process was started with, as one could type it again. */

/** Words that a shell takes as they are. */
const PLAIN = /^[\w@%+=:,./-]+$/;

export function commandLine(words: readonly string[] = process.argv.slice(2)): string {
  return ['flowlamp', ...words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))].join(
    ' ',
  );
}
