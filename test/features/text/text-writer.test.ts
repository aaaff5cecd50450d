import { expect, test } from 'vitest';
import { type ColumnSpec, createTable } from '../../../core/table.ts';
import { appendText } from '../../../core/text-column.ts';
import { appendTextList } from '../../../core/text-list-column.ts';
import { csvHeader, csvLines, jsonLines } from '../../../features/text/text-writer.ts';

/** What a table of strangers may hold; what the extractor writes is printable. */
const HOSTILE = 'a\x1b[31m\x9b31m\u202e"\r\n';
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const SPECS: readonly ColumnSpec[] = [
  { name: HOSTILE, type: 'utf8', unit: '', revision: 1 },
  { name: 'names', type: 'list_utf8', unit: '', revision: 1 },
  { name: 'evidence', type: 'findings', unit: '', revision: 1 },
];

function hostileTable() {
  const table = createTable(SPECS, 1);
  const [text, list, findings] = [...table.columns.values()];
  if (text?.type !== 'utf8' || list?.type !== 'list_utf8' || findings?.type !== 'findings') throw new Error('columns');
  appendText(text, 0, HOSTILE);
  appendTextList(list, 0, [HOSTILE]);
  findings.values[0] = [{ source: 'names', finding: HOSTILE, weight: 1 }];
  table.length = 1;
  return table;
}

test('lines of JSON hold nothing that steers a terminal, and the same values', () => {
  const line = jsonLines(SPECS, hostileTable());
  expect(line.slice(0, -1)).not.toMatch(UNSEEN);
  expect(JSON.parse(line)).toEqual({
    [HOSTILE]: HOSTILE,
    names: [HOSTILE],
    evidence: [{ source: 'names', finding: HOSTILE, weight: 1 }],
  });
});

test('CSV on a terminal shows such characters, in a file it holds texts as they are', () => {
  const shown = csvHeader(SPECS, true) + csvLines(SPECS, hostileTable(), true);
  expect(shown.replaceAll('\n', '')).not.toMatch(UNSEEN);
  expect(shown.split('\n')).toHaveLength(3);
  expect(csvLines(SPECS, hostileTable())).toContain('"a\x1b[31m\x9b31m\u202e""\r\n"');
});
