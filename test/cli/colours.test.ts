import { expect, test } from 'vitest';
import { coloured, paletteFor } from '../../cli/colours.ts';

test.each([
  [{ TERM: 'xterm-256color' }, true, 'full'],
  [{ TERM: 'xterm', COLORTERM: 'truecolor' }, true, 'full'],
  [{ TERM: 'xterm' }, true, 'basic'],
  [{}, true, 'basic'],
  [{ TERM: 'xterm-256color' }, false, 'none'],
  [{ TERM: 'dumb' }, true, 'none'],
  [{ TERM: 'xterm-256color', NO_COLOR: '1' }, true, 'none'],
  [{ TERM: 'xterm-256color', NO_COLOR: '' }, true, 'full'],
  [{ FORCE_COLOR: '1' }, false, 'basic'],
  [{ FORCE_COLOR: '' }, false, 'basic'],
  [{ FORCE_COLOR: '3', TERM: 'dumb' }, false, 'full'],
  [{ FORCE_COLOR: '0', TERM: 'xterm-256color' }, true, 'none'],
  [{ FORCE_COLOR: 'false', TERM: 'xterm-256color' }, true, 'none'],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, 'basic'],
] as const)('%o on a terminal: %s gives %s colours', (env, isTerminal, palette) => {
  expect(paletteFor(env, isTerminal)).toBe(palette);
});

test('a colour ends where its text ends, and without colours there is no byte more', () => {
  expect(coloured('mining', 'risk', 'full')).toBe('\x1b[1;38;5;208mmining\x1b[0m');
  expect(coloured('mining', 'risk', 'none')).toBe('mining');
  expect(coloured('mining', undefined, 'full')).toBe('mining');
  expect(coloured('', 'risk', 'full')).toBe('');
});

test('risk and ordinary differ by colours that are told apart by all, not by red and green', () => {
  for (const palette of ['basic', 'full'] as const) {
    const codes = (['risk', 'ordinary', 'unsure'] as const).map((role) => coloured('x', role, palette));
    expect(new Set(codes).size).toBe(3);
    for (const code of codes) expect(code).not.toMatch(/\[(?:1;)?3[12]m/);
  }
});
