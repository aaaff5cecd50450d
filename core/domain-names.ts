/**
 * Internationalised domain names (RFC 5891, as browsers read them: UTS 46), without Node: what maps and checks letters is
 * the URL class that every runtime has.
 */

const PREFIX = 'xn--';
/** Stands where no name could be set. Whoever is called so is taken for no name. */
const NO_NAME = 'no-name.flowlamp.invalid';

/** The name in ASCII and lower case, its labels as `xn--` where they need it; '' for what cannot be a host's name. */
export function domainToAscii(name: string): string {
  const url = new URL(`ws://${NO_NAME}`);
  // The setter ignores what it does not take.
  url.hostname = name;
  return url.hostname === NO_NAME ? '' : url.hostname;
}

/** The letters that a label in ASCII and lower case stands for; the label itself where it stands for no others. */
export function labelToUnicode(label: string): string {
  if (!label.startsWith(PREFIX)) return label;
  const letters = decodePunycode(label.slice(PREFIX.length));
  // Only what this label would be written as: others are read by nobody.
  return letters !== null && domainToAscii(letters) === label ? letters : label;
}

/** Parameters of RFC 3492 5. */
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const FIRST_BIAS = 72;
const FIRST_CODE = 0x80;
const LAST_CODE = 0x10ffff;

/** RFC 3492 6.2; null for what is none. */
function decodePunycode(text: string): string | null {
  const hyphen = text.lastIndexOf('-');
  const letters = [...text.slice(0, Math.max(hyphen, 0))];
  let code = FIRST_CODE;
  let at = 0;
  let bias = FIRST_BIAS;
  for (let i = hyphen + 1; i < text.length; ) {
    const before = at;
    for (let k = BASE, weight = 1; ; k += BASE) {
      const digit = digitOf(text.charCodeAt(i++));
      if (digit < 0) return null;
      at += digit * weight;
      const t = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < t) break;
      weight *= BASE - t;
    }
    const count = letters.length + 1;
    bias = adapted(at - before, count, before === 0);
    code += Math.floor(at / count);
    if (code > LAST_CODE) return null;
    at %= count;
    letters.splice(at++, 0, String.fromCodePoint(code));
  }
  return letters.join('');
}

/** `a` to `z` are 0 to 25, `0` to `9` are 26 to 35; -1 for others, and for what is behind the end. */
function digitOf(character: number): number {
  if (character >= 0x61 && character <= 0x7a) return character - 0x61;
  return character >= 0x30 && character <= 0x39 ? character - 0x30 + 26 : -1;
}

/** RFC 3492 6.1. */
function adapted(delta: number, count: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / count);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
