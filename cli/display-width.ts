/** How many cells of a terminal a text takes: names may be in any script. */

/** East Asian Wide and Fullwidth (Unicode TR 11), by blocks, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** Marks sit on the character before. */
const MARK = /\p{M}/u;
const ASCII = /^[\x20-\x7e]*$/;
/** Marks that one character keeps: more of them would climb over the lines above. */
const MOST_MARKS = 2;

function widthOf(character: string): number {
  return MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** The text if it takes at most so many cells, else its beginning with an ellipsis; heaps of marks are cut, too. */
export function shortenedTo(text: string, most: number): string {
  const plain = ASCII.test(text) ? text : withFewMarks(text);
  if (displayWidth(plain) <= most) return plain;
  let kept = '';
  let width = 0;
  for (const character of plain) {
    width += widthOf(character);
    if (width > most - 1) break;
    kept += character;
  }
  return most < 1 ? '' : `${kept}…`;
}

/** The same with the last characters kept, such as a port; the ellipsis stands before them. */
export function shortenedBefore(text: string, tail: string, most: number): string {
  const room = most - displayWidth(tail);
  return tail === '' || displayWidth(text) <= most || room < 2 || !text.endsWith(tail)
    ? shortenedTo(text, most)
    : `${shortenedTo(text.slice(0, -tail.length), room)}${tail}`;
}

function withFewMarks(text: string): string {
  let marks = 0;
  let kept = '';
  for (const character of text) {
    marks = MARK.test(character) ? marks + 1 : 0;
    if (marks <= MOST_MARKS) kept += character;
  }
  return kept;
}

export function paddedTo(text: string, width: number, alignment: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return alignment === 'right' ? blanks + text : text + blanks;
}
