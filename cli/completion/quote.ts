/** Texts of ours in scripts of shells. */

/** One word of bash and zsh, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** One word of fish, whose backslash means something within quotes. */
export function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Words that a shell splits at blanks again. */
export function splittable(words: readonly string[]): string {
  const strange = words.find((word) => !/^[\w./:@+-]+$/.test(word));
  if (strange === undefined) return words.join(' ');
  throw new Error(`not a plain word: ${strange}`);
}
