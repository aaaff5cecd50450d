import { expect, test } from 'vitest';
import { jsonDocument, printable, visibleJson } from '../../core/visible.ts';

/** ESC, the C1 form of ESC [, an override of the direction, a blank of no width, two ends of lines, one beyond 16 bits. */
const HOSTILE = 'a\x1b[31m\x9b31m\x7f\u202e\u200b\u2028\u2029\u{e0001}';
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test('JSON holds no character that steers a terminal or hides, and is the same value', () => {
  const json = visibleJson(JSON.stringify({ [HOSTILE]: [HOSTILE] }));
  expect(json).not.toMatch(UNSEEN);
  expect(json).toContain('\\u009b31m\\u007f\\u202e\\u200b\\u2028\\u2029\\udb40\\udc01');
  expect(JSON.parse(json)).toEqual({ [HOSTILE]: [HOSTILE] });
});

test('a document breaks its lines and nothing else', () => {
  const text = jsonDocument({ name: HOSTILE });
  expect(text.replaceAll('\n', '')).not.toMatch(UNSEEN);
  expect(text.split('\n')).toHaveLength(4);
});

test('text for people shows what it would send', () => {
  expect(printable(HOSTILE)).not.toMatch(UNSEEN);
  expect(printable('a\x1b[0m\u202e')).toBe('a\\x1b[0m\\u{202e}');
});

test.each(['', 'plain "text" ~', 'ünï 矿 ⛏', '\\u0000'])('%j is as it was', (text) => {
  expect(visibleJson(text)).toBe(text);
  expect(printable(text)).toBe(text);
});
