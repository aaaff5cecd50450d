/**
 * Texts of strangers where people look: on terminals, and in logs that are read with `cat`. Characters that control a
 * terminal, turn the direction of writing, break the line or take no room are shown, not sent.
 */

/** What JSON lets stand as it is; outside of texts none of them occurs. */
const UNSEEN_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Faster than the above, and nearly all that a table holds passes. */
const ASCII = /^[\x20-\x7e]*$/;

/** The text with these characters written `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** The same JSON value with these characters escaped, in letters that can be looked at. */
export function visibleJson(json: string): string {
  return ASCII.test(json) ? json : json.replace(UNSEEN_IN_JSON, escaped);
}

/** A document of JSON for people and programs, such as a report, ended. */
export function jsonDocument(value: unknown): string {
  return `${visibleJson(JSON.stringify(value, null, 2))}\n`;
}

/** Above the basic plane a character is two code units, and JSON escapes each. */
function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}
