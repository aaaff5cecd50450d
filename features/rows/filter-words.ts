/** The words of a filter expression, with their places. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { parseTime } from '../text/cell.ts';
import { type Network, parseNetwork } from './address.ts';

export type Word =
  | { readonly kind: 'name' | 'sign' | 'end'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly text: string; readonly at: number; readonly value: number }
  | { readonly kind: 'string'; readonly text: string; readonly at: number; readonly value: string }
  | { readonly kind: 'time'; readonly text: string; readonly at: number; readonly value: bigint }
  | { readonly kind: 'network'; readonly text: string; readonly at: number; readonly value: Network };

/** Longer is no filter that a person wrote. */
const MAX_CHARACTERS = 4096;

const BLANK = /[ \t\r\n]+/y;
const TIME = /\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)/y;
const NETWORK = /[0-9a-fA-F]*[:.][0-9a-fA-F:.]*(?:\/\d+)?/y;
const NUMBER = /-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y;
const NAME = /[A-Za-z_]\w*/y;
const SIGN = /==|!=|<=|>=|&&|\|\||[<>!(),]/y;

/** @throws FlowlampError OPTION_INVALID */
export function wordsOf(text: string): Word[] {
  if (text.length > MAX_CHARACTERS) throw badFilter(`it has ${text.length} characters`, `at most ${MAX_CHARACTERS}`);
  const words: Word[] = [];
  for (let at = matchAt(BLANK, text, 0)?.length ?? 0; at < text.length; ) {
    const word = wordAt(text, at);
    words.push(word);
    at += word.text.length;
    at += matchAt(BLANK, text, at)?.length ?? 0;
  }
  words.push({ kind: 'end', text: '', at: text.length });
  return words;
}

function wordAt(text: string, at: number): Word {
  const first = text[at]!;
  if (first === "'" || first === '"') return stringAt(text, at, first);
  const time = matchAt(TIME, text, at);
  if (time !== null) return { kind: 'time', text: time, at, value: timeOf(time, at) };
  const network = matchAt(NETWORK, text, at);
  const value = network === null ? null : parseNetwork(network);
  if (network !== null && value !== null) return { kind: 'network', text: network, at, value };
  const number = matchAt(NUMBER, text, at);
  if (number !== null) return { kind: 'number', text: number, at, value: Number(number) };
  const name = matchAt(NAME, text, at);
  if (name !== null) return { kind: 'name', text: name, at };
  const sign = matchAt(SIGN, text, at);
  if (sign !== null) return { kind: 'sign', text: sign, at };
  const shown = network ?? [...text.slice(at)][0]!;
  if (shown === '=') throw unexpected(at, '"="', '== to compare');
  throw unexpected(at, JSON.stringify(shown), 'a column, a value, an operator or a parenthesis');
}

/** A quote or a backslash inside stands behind a backslash. */
function stringAt(text: string, at: number, quote: string): Word {
  let value = '';
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === quote) return { kind: 'string', text: text.slice(at, i + 1), at, value };
    if (text[i] === '\\') i++;
    value += text[i] ?? '';
  }
  throw unexpected(at, 'a string that does not end', `a closing ${quote}`);
}

/** @throws FlowlampError OPTION_INVALID for no such day or hour */
export function timeOf(text: string, at: number): bigint {
  const zone = /([+-])(\d\d):(\d\d)$/.exec(text);
  const utc = parseTime(zone === null ? text.toUpperCase() : `${text.slice(0, -6).toUpperCase()}Z`);
  if (utc === null) throw unexpected(at, JSON.stringify(text), 'a time like 2024-05-01T12:00:00Z');
  if (zone === null) return utc;
  const minutes = BigInt(Number(zone[2]) * 60 + Number(zone[3])) * (zone[1] === '+' ? -1n : 1n);
  return utc + minutes * 60_000_000_000n;
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  const match = pattern.exec(text)?.[0];
  return match === undefined || match === '' ? null : match;
}

export function unexpected(at: number, found: string, expected: string): FlowlampError {
  return badFilter(`at character ${at + 1} stands ${found}`, expected);
}

export function badFilter(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `the filter cannot be used: ${happened}`,
    expected,
    action: 'correct --filter (docs/filter.md)',
  });
}
