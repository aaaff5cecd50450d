import { expect, test } from 'vitest';
import { COLOURS, PLAIN, paintFor } from '../../../cli/explain/paint.ts';

test('colours are for terminals, and not where NO_COLOR or a dumb terminal refuses them', () => {
  expect(paintFor(true, {})).toBe(COLOURS);
  expect(paintFor(true, { NO_COLOR: '' })).toBe(COLOURS);
  expect(paintFor(false, {})).toBe(PLAIN);
  expect(paintFor(true, { NO_COLOR: '1' })).toBe(PLAIN);
  expect(paintFor(true, { TERM: 'dumb' })).toBe(PLAIN);
});

test('a painted text ends its own colour', () => {
  expect(COLOURS.toward('++')).toBe('\x1b[38;5;208m++\x1b[0m');
  expect(COLOURS.away('')).toBe('');
});
