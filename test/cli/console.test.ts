import { afterEach, expect, test, vi } from 'vitest';
import { Console } from '../../cli/console.ts';
import { textTable } from '../../cli/text-table.ts';
import { printable } from '../../core/visible.ts';

const ESCAPE = '\x1b';
afterEach(() => vi.restoreAllMocks());

test('names from captures cannot steer a terminal', () => {
  const hostile = [
    `${ESCAPE}[2J${ESCAPE}]0;title\x07`,
    'over\rwritten',
    'two\nlines',
    '\x9b31m',
    'a\u202egnp.exe',
    'zero\u200bwidth',
    'line\u2028break',
    '\x7f\x00',
  ];
  for (const text of hostile) {
    expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(printable(text)).not.toBe(text);
  }
  expect(printable(`${ESCAPE}[2J`)).toBe('\\x1b[2J');
  expect(printable('a\u202eb')).toBe('a\\u{202e}b');
});

test('ordinary names stay as they are, in any script', () => {
  for (const text of ['pool.example', 'bücher.example', '例え.テスト', 'C:\\captures\\a.pcap', 'tab-less line']) {
    expect(printable(text)).toBe(text);
  }
});

function written(use: (out: Console) => void, quiet: boolean): string {
  let text = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((piece) => {
    text += String(piece);
    return true;
  });
  use(new Console(quiet));
  return text;
}

test('--quiet silences summaries and progress, not warnings', () => {
  const speak = (out: Console) => {
    out.progress('half way');
    out.say('done');
    out.warn('damaged');
  };
  expect(written(speak, true)).toBe('flowlamp: warning: damaged\n');
  expect(written(speak, false)).toContain('done\nflowlamp: warning: damaged\n');
});

test('a warning stays one line, whatever is in the name it speaks of', () => {
  expect(written((out) => out.warn(`evil\n${ESCAPE}[1mname: cut off`), false)).toBe(
    'flowlamp: warning: evil\\x0a\\x1b[1mname: cut off\n',
  );
});

test('a table aligns its columns, and cuts and defuses long or hostile cells', () => {
  const table = textTable(
    ['name', 'bytes'],
    [
      ['a', '5'],
      ['a-very-long-name', '1,000'],
      [`x${ESCAPE}`, ''],
    ],
    ['left', 'right'],
    8,
  );
  expect(table.split('\n')).toEqual(['name      bytes', 'a             5', 'a-very-…  1,000', 'x\\x1b']);
});
