import { expect, test } from 'vitest';
import { displayWidth } from '../../cli/display-width.ts';
import { type FittedColumn, type FittedRow, fittedTable } from '../../cli/fitted-table.ts';

const columns: readonly FittedColumn[] = [
  { heading: 'when', alignment: 'left', dropped: 1 },
  { heading: 'end', alignment: 'left', least: 9, tail: /:\d+$/ },
  { heading: 'bytes', alignment: 'right', dropped: 0 },
  { heading: 'verdict', alignment: 'left' },
];

const row = (...cells: string[]): FittedRow => ({ cells, role: 'risk', coloured: new Set([3]) });
const rows = [
  row('2026-02-03', '192.168.100.200:8443', '5', '! mining'),
  row('2026-02-04', '10.0.0.1:80', '1,000', '  other'),
];
const linesOf = (most: number, own: readonly FittedRow[] = rows) => fittedTable(columns, own, most, 'none').split('\n');

test('without a bound, columns are as wide as their longest cell', () => {
  expect(linesOf(Number.POSITIVE_INFINITY)).toEqual([
    'when        end                   bytes  verdict',
    '2026-02-03  192.168.100.200:8443      5  ! mining',
    '2026-02-04  10.0.0.1:80           1,000    other',
  ]);
});

test('what is too wide is narrowed first, with its end kept', () => {
  expect(linesOf(40)).toEqual([
    'when        end          bytes  verdict',
    '2026-02-03  192.1…:8443      5  ! mining',
    '2026-02-04  10.0.0.1:80  1,000    other',
  ]);
});

test('then columns are left out in their order, and the others may be wider again', () => {
  expect(linesOf(34)[0]).toBe('when        end           verdict');
  expect(linesOf(34)[1]).toBe('2026-02-03  192.16…:8443  ! mining');
  expect(linesOf(30)).toEqual([
    'end                   verdict',
    '192.168.100.200:8443  ! mining',
    '10.0.0.1:80             other',
  ]);
});

test.each([20, 25, 31, 36, 44, 80])('no line is longer than %i', (most) => {
  for (const line of linesOf(most)) expect(displayWidth(line)).toBeLessThanOrEqual(most);
});

test('names from captures cannot steer the terminal, nor shift its columns', () => {
  const hostile = row('\x1b[2J\x9b31m', 'a\u202egnp.exe\u200b', '5\n6', '! mining');
  const text = fittedTable(columns, [hostile, row('例え', 'e\u0301', '1', '  other')], 60, 'none');
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(text).toContain('\\x1b[2J\\x9b31m');
  expect(text.split('\n')).toHaveLength(3);
});

test('a colour is on its own cells only, and a note stands below its row', () => {
  const text = fittedTable(
    columns,
    [{ ...row('x', 'y', '1', '! mining'), note: 'protocol: says \x1b[1mso' }],
    80,
    'basic',
  );
  expect(text.split('\n').slice(1)).toEqual([
    'x     y        1  \x1b[1;33m! mining\x1b[0m',
    '    protocol: says \\x1b[1mso',
  ]);
});
