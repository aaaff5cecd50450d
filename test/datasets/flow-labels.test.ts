import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createTable, type ScalarColumn, type Table, type TextColumn } from '../../core/table.ts';
import { appendText, textsOf } from '../../core/text-column.ts';
import { type FlowLabels, loadFlowLabels } from '../../datasets/flow-labels.ts';
import { FEATURES } from '../../features/vector/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const flow = {
  src_ip: '10.0.0.1',
  src_port: 40000,
  dst_ip: '192.0.2.1',
  dst_port: 443,
  protocol: 'tcp',
  label: 'mining',
};

function load(manifest: unknown) {
  const path = join(folder, 'manifest.json');
  writeFileSync(path, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  return loadFlowLabels(path);
}

const withFlow = (change: Record<string, unknown>) => ({
  version: 1,
  captures: [{ file: 'a.pcap' }, { file: 'b.pcap', flows: [flow, { ...flow, ...change }] }],
});

type Ends = readonly [protocol: string, source: string, sourcePort: number, target: string, targetPort: number];

function rows(...ends: readonly Ends[]): Table {
  const table = createTable(FEATURES, ends.length);
  table.length = ends.length;
  const text = (name: string, row: number, value: string) =>
    appendText(table.columns.get(name) as TextColumn, row, value);
  const numbers = (name: string) => (table.columns.get(name) as ScalarColumn<'uint16'>).values;
  ends.forEach(([protocol, source, sourcePort, target, targetPort], row) => {
    text('protocol', row, protocol);
    text('src_ip', row, source);
    text('dst_ip', row, target);
    numbers('src_port')[row] = sourcePort;
    numbers('dst_port')[row] = targetPort;
  });
  return table;
}

/** Labels rows that come from the captures, in turn. */
function apply(labels: FlowLabels, table: Table, ...captures: readonly string[]): void {
  const names = table.columns.get('capture') as TextColumn;
  for (let row = 0; row < table.length; row++) appendText(names, row, captures[row % captures.length]!);
  labels.apply(table);
}

const labelsOf = (table: Table) => textsOf(table.columns.get('label') as TextColumn, table.length);

test.each([
  ['{"version": 1', /it is no JSON/],
  [[], /the manifest is a list; expected an object/],
  [{ captures: [] }, /version is undefined; expected version 1/],
  [{ version: 2, captures: [] }, /version is 2; expected version 1/],
  [{ version: 1 }, /captures is missing; expected a list/],
  [{ version: 1, captures: [{ file: 'a' }, 7] }, /captures\[1\] is number; expected an object/],
  [{ version: 1, captures: [{}] }, /captures\[0\] has none of file, glob; expected one of them/],
  [{ version: 1, captures: [{ file: '' }] }, /captures\[0\]\.file is empty/],
  [{ version: 1, captures: [{ file: 'a', role: 3 }] }, /captures\[0\]\.role is number/],
  [{ version: 1, captures: [{ file: 'a', label: null }] }, /captures\[0\]\.label is null/],
  [{ version: 1, captures: [{ file: 'a', flows: {} }] }, /captures\[0\]\.flows is object; expected a list/],
  [withFlow({ src_ip: 7 }), /captures\[1\]\.flows\[1\]\.src_ip is number; expected text/],
  [withFlow({ dst_port: 65536 }), /captures\[1\]\.flows\[1\]\.dst_port is 65536; expected a port number/],
  [withFlow({ src_port: '443' }), /captures\[1\]\.flows\[1\]\.src_port is string; expected a port number/],
  [withFlow({ protocol: undefined }), /captures\[1\]\.flows\[1\]\.protocol is missing/],
  [withFlow({ label: '' }), /captures\[1\]\.flows\[1\]\.label is empty/],
])('%j: the error names the member that is wrong', (manifest, message) => {
  expect(() => load(manifest)).toThrow(
    expect.objectContaining({ code: 'MANIFEST_INVALID', message: expect.stringMatching(message) }),
  );
});

test('a manifest that does not exist is a file that does not exist', () => {
  expect(() => loadFlowLabels(join(folder, 'none.json'))).toThrow(expect.objectContaining({ code: 'FILE_NOT_FOUND' }));
});

test('a flow matches in either direction, by transport, addresses and ports', () => {
  const table = rows(
    ['tcp', '10.0.0.1', 40000, '192.0.2.1', 443],
    ['tcp', '192.0.2.1', 443, '10.0.0.1', 40000],
    ['udp', '10.0.0.1', 40000, '192.0.2.1', 443],
    ['tcp', '10.0.0.1', 443, '192.0.2.1', 40000],
    ['tcp', '10.0.0.1', 40001, '192.0.2.1', 443],
  );
  apply(load({ version: 1, captures: [{ file: 'a.pcap', flows: [flow] }] }), table, 'a.pcap');
  expect(labelsOf(table)).toEqual(['mining', 'mining', null, null, null]);
});

test("a capture's own label is that of the flows that no entry names", () => {
  const table = rows(['tcp', '10.0.0.1', 40000, '192.0.2.1', 443], ['udp', '10.0.0.9', 1, '10.0.0.8', 2]);
  apply(load({ version: 1, captures: [{ file: 'a.pcap', label: 'other', flows: [flow] }] }), table, 'a.pcap');
  expect(labelsOf(table)).toEqual(['mining', 'other']);
});

test('a capture that the manifest does not name keeps its rows as they are', () => {
  const labels = load({ version: 1, captures: [{ file: 'a.pcap', label: 'other' }] });
  const table = rows(['tcp', '10.0.0.1', 40000, '192.0.2.1', 443]);
  apply(labels, table, 'b.pcap');
  expect(labelsOf(table)).toEqual([null]);
  expect([labels.names('a.pcap'), labels.names('b.pcap')]).toEqual([true, false]);
  expect(() => labels.requireAny(['b.pcap'])).toThrow(/names none of the captures given/);
  expect(() => labels.requireAny(['b.pcap', 'elsewhere/a.pcap'])).not.toThrow();
});

test('captures of one name in two folders are told apart by their place, and refused where that is not known', () => {
  const labels = load({
    version: 1,
    captures: [
      { file: 'one/a.pcap', label: 'first' },
      { file: 'two/a.pcap', label: 'second' },
    ],
  });
  const end: Ends = ['tcp', '10.0.0.1', 40000, '192.0.2.1', 443];
  const table = rows(end);
  apply(labels, table, join(folder, 'two/a.pcap'));
  expect(labelsOf(table)).toEqual(['second']);
  expect(() => apply(labels, rows(end), '/moved/a.pcap')).toThrow(/a\.pcap may be one\/a\.pcap or two\/a\.pcap/);
});

test('rows of several captures are labelled each by its own', () => {
  const end: Ends = ['tcp', '10.0.0.1', 40000, '192.0.2.1', 443];
  const table = rows(end, end, end, end);
  const labels = load({
    version: 1,
    captures: [
      { file: 'a.pcap', label: 'first', flows: [] },
      { file: 'b.pcap', flows: [flow] },
    ],
  });
  apply(labels, table, 'a.pcap', 'b.pcap', 'c.pcap');
  expect(labelsOf(table)).toEqual(['first', 'mining', null, 'first']);
});
