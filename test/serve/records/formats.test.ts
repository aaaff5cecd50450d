import { expect, test } from 'vitest';
import { specsOfNames } from '../../../features/text/text-reader.ts';
import { checkRecordColumns, RECORD_FORMATS, recordLines } from '../../../serve/records/formats.ts';
import { jsonLine } from '../../../serve/records/line.ts';
import { benign, miningModel, scoredTable, tlsFlow } from '../../support/scored-rows.ts';

test('records are one a line, in the order of the rows', () => {
  const table = scoredTable([[tlsFlow], [{ ...tlsFlow, src_ip: '10.0.0.2' }, benign]]);
  const lines = (format: 'eve' | 'ecs') => recordLines(format, table, miningModel).trimEnd().split('\n');
  expect(lines('eve').map((line) => JSON.parse(line).event_type)).toEqual(['alert', 'flow', 'flow']);
  expect(lines('ecs').map((line) => JSON.parse(line).source.ip)).toEqual(['10.0.0.1', '10.0.0.2']);
});

test('what would steer a terminal or hide is escaped, and is the same value to whoever reads it', () => {
  const hostile = { sni: 'a\x1b[2J\x9b31m\u202egnp.exe\u200b\u2028\x7f\u{e0041}', name: 'bücher 例え' };
  const line = jsonLine(hostile);
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(line).toContain('a\\u001b[2J\\u009b31m\\u202egnp.exe\\u200b\\u2028\\u007f\\udb40\\udc41');
  expect(line).toContain('bücher 例え');
  expect(JSON.parse(line)).toEqual(hostile);
});

test.each(RECORD_FORMATS)('%s is refused where a table has no times or addresses', (format) => {
  expect(() => checkRecordColumns(format, specsOfNames(Object.keys(tlsFlow)))).not.toThrow();
  expect(() => checkRecordColumns(format, specsOfNames(['src_ip', 'dst_ip', 'protocol', 'first_seen']))).toThrow(
    /no last_seen; expected the columns first_seen, last_seen/,
  );
});
