/** Texts of strangers in sentences: names come from attackers, and a sentence goes to terminals and logs. */

/** Control, format, surrogate, private and unassigned characters, and separators other than the blank. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** A host name has at most 253 characters; half of that is enough to know it by. */
const MOST_CHARACTERS = 120;

/** The text with what is not printable written `\u{...}`, and cut where it is long. */
export function safeText(text: string, most = MOST_CHARACTERS): string {
  const cut = text.length > most ? `${text.slice(0, most)}...` : text;
  return escaped(cut);
}

/** The text with what is not printable written `\u{...}`. */
export function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
