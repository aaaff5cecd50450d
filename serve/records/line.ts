/** Records as lines of JSON. */

/** Characters that steer terminals or hide: JSON lets them stand as they are, and some logs are read with `cat`. */
const UNSEEN = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * One line of JSON, ended. Members that are undefined are left out. Control characters, those that turn the direction of
 * writing and those that take no room are escaped: the same JSON value, in letters that can be looked at.
 */
export function jsonLine(record: object): string {
  return `${JSON.stringify(record).replace(UNSEEN, escaped)}\n`;
}

function escaped(character: string): string {
  // Above the basic plane a character is two code units, and JSON escapes each.
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}
