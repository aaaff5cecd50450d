import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Labeller, type RowLabel } from '../../../datasets/manifest/labeller.ts';
import { loadManifest } from '../../../datasets/manifest/manifest.ts';
import { flowTable } from '../flow-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-labeller-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ['a.pcap', 'b.pcap']) writeFileSync(join(folder, name), '');

function labeller(manifest: string, files: Readonly<Record<string, string>> = {}) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'm.yaml'), manifest);
  return new Labeller(loadManifest(join(folder, 'm.yaml')));
}

function labels(own: Labeller, table = flows, file = 'a.pcap'): RowLabel[] {
  const labelOf = own.labelsOf(own.captureOf(file)!, table);
  return Array.from({ length: table.length }, (_, row) => labelOf(row));
}

/** Three connections of one client to a pool, a second apart, the last of them seen from the other side; and a name. */
const flows = flowTable([
  { src_ip: '10.0.0.1', src_port: 40000, dst_ip: '192.0.2.1', dst_port: 3333, first_seen: 100, last_seen: 110 },
  { src_ip: '10.0.0.1', src_port: 40000, dst_ip: '192.0.2.1', dst_port: 3333, first_seen: 200, last_seen: 210 },
  { src_ip: '192.0.2.1', src_port: 3333, dst_ip: '10.0.0.1', dst_port: 40001, first_seen: 300, last_seen: 310 },
  {
    src_ip: '10.0.0.1',
    src_port: 5353,
    dst_ip: '2001:db8::1',
    dst_port: 53,
    protocol: 'udp',
    first_seen: 400,
    last_seen: 400,
  },
]);
const head = 'version: 1\ncaptures: [{ file: a.pcap }, { file: b.pcap }]\n';
const of = (rows: RowLabel[]) => rows.map(({ label }) => label);

test('a rule by flow matches in either direction, by what it names, and by time where it says one', () => {
  expect(of(labels(labeller(`${head}labels: [{ flow: { dst_ip: 192.0.2.1, dst_port: 3333 }, label: m }]\n`)))).toEqual([
    'm',
    'm',
    'm',
    null,
  ]);
  expect(
    of(labels(labeller(`${head}labels: [{ flow: { dst_port: 3333, from: 205, until: 250 }, label: m }]\n`))),
  ).toEqual([null, 'm', null, null]);
  expect(
    of(labels(labeller(`${head}labels: [{ flow: { src_ip: "2001:DB8:0::1", protocol: "17" }, label: d }]\n`))),
  ).toEqual([null, null, null, 'd']);
});

test('the first that knows the flow decides: flows of the capture, rules in order, its own label, the default', () => {
  const own = labeller(`version: 1
captures:
  - file: a.pcap
    label: file
    flows:
      - { src_ip: 10.0.0.1, src_port: 40000, dst_ip: 192.0.2.1, dst_port: 3333, protocol: tcp, until: 1970-01-01T00:02:00Z, label: entry, group: pool-7 }
  - file: b.pcap
labels:
  - { flow: { src_port: 40000 }, label: first }
  - { flow: { dst_port: 3333 }, label: second, captures: a.pcap }
default: rest
`);
  expect(labels(own).map(({ label, by, group }) => [label, by, group])).toEqual([
    ['entry', 'captures[0].flows', 'pool-7'],
    ['first', 'labels[0] (flow *:40000 - *:*)', null],
    ['second', 'labels[1] (flow *:* - *:3333)', null],
    ['file', 'captures[0] (file)', null],
  ]);
  expect(of(labels(own, flows, 'b.pcap'))).toEqual(['first', 'first', 'rest', 'rest']);
  expect(own.counts).toContainEqual({ label: 'rest', by: 'default', count: 2 });
  expect(own.unmatched()).toEqual([]);
});

const CSV = `file,endpoint_a,endpoint_b,l4,label
a.pcap,192.0.2.1:3333,10.0.0.1:40000,6,mining
elsewhere/a.pcap,10.0.0.1:40001,192.0.2.1:3333,6,mining
b.pcap,10.0.0.1:5353,[2001:db8::1]:53,17,dns
`;

test('a table of flows labels those of the captures that it names', () => {
  const own = labeller(`${head}labels: [{ csv: flows.csv }]\n`, { 'flows.csv': CSV });
  expect(of(labels(own))).toEqual(['mining', 'mining', null, null]);
  expect(of(labels(own, flows, 'b.pcap'))).toEqual([null, null, null, 'dns']);
  expect(own.unmatched()).toEqual([
    expect.objectContaining({
      isWhole: false,
      count: 1,
      shown: 'elsewhere/a.pcap, 10.0.0.1:40001, 192.0.2.1:3333, 6, mining',
    }),
  ]);
});

test('labels of a table may be called otherwise, and those that the map does not name are left out', () => {
  const own = labeller(`${head}labels: [{ csv: flows.csv, map: { mining: miner } }]\n`, { 'flows.csv': CSV });
  expect(of(labels(own))).toEqual(['miner', 'miner', null, null]);
  expect(of(labels(own, flows, 'b.pcap'))).toEqual([null, null, null, null]);
});

const ZEEK = [
  '#separator \\x09',
  '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\ttunnel_parents   label   detailed-label',
  '#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tinterval\tset[string]   string   string',
  '200.5\tC1\t10.0.0.1\t40000\t192.0.2.1\t3333\ttcp\t9.0\t-   Malicious   C&C',
  '300.0\tC2\t10.0.0.1\t40001\t192.0.2.1\t3333\ttcp\t-\t-   Benign   -',
].join('\n');

test("Zeek's labelled conn.log labels the flow of its time", () => {
  const own = labeller(`${head}labels: [{ csv: conn.log.labeled }]\n`, { 'conn.log.labeled': ZEEK });
  expect(of(labels(own))).toEqual([null, 'Malicious', 'Benign', null]);
});

test.each([
  ['x,y\n1,2\n', '', /has no columns for both ends of a flow \(it has x, y\)/],
  ['client,server\n10.0.0.1:1,10.0.0.2:2\n', '', /has no column of labels/],
  ['client,server,label\n10.0.0.1,10.0.0.2:2,x\n', '', /has no address with a port in row 2/],
  [CSV, 'columns: { a: endpoint_x }', /has no column endpoint_x; perhaps endpoint_/],
  ['', '', /line 3: t\.csv is empty; expected CSV with a header/],
  ['client,server,label\n', '', /t\.csv has a header and no rows/],
  ['client,server,label\n"10.0.0.1:1,10.0.0.2:2,x\n', '', /t\.csv does not parse \(Quote Not Closed/],
  [CSV, 'map: { miner: m }', /has no label that map names; expected some of "mining", "dns"/],
  [CSV.replace(/mining|dns/g, 'constructor'), 'map: { miner: m }', /expected some of "constructor"/],
  [
    'file,client,server,label\nc.pcap,10.0.0.1:1,10.0.0.2:2,x\n',
    '',
    /names no capture .*c\.pcap; expected [ab]\.pcap or/,
  ],
])('a table %j that cannot be understood is refused', (csv, more, message) => {
  expect(() => labeller(`${head}labels: [{ csv: t.csv, ${more} }]\n`, { 't.csv': csv })).toThrow(
    expect.objectContaining({ code: 'MANIFEST_INVALID', message: expect.stringMatching(message) }),
  );
});

test('a table that is not there, or larger than the memory, is refused', () => {
  expect(() => labeller(`${head}labels: [{ csv: flow.csv }]\n`, { 'flows.csv': CSV })).toThrow(
    /line 3: flow\.csv does not exist; expected perhaps flows\.csv or/,
  );
  const path = join(folder, 'huge.csv');
  writeFileSync(path, CSV);
  truncateSync(path, 300 * 1024 * 1024);
  expect(() => labeller(`${head}labels: [{ csv: huge.csv }]\n`)).toThrow(/huge\.csv has 314572800 bytes, more than/);
});

test('what matches nothing is known', () => {
  const own = labeller(`version: 1
captures:
  - file: a.pcap
    flows: [{ src_ip: 10.9.9.9, src_port: 1, dst_ip: 192.0.2.1, dst_port: 3333, protocol: tcp, label: x }]
labels: [{ flow: { dst_port: 4444 }, label: y }]
`);
  labels(own);
  expect(own.unmatched().map(({ text, isWhole }) => [text, isWhole])).toEqual([
    ['captures[0].flows[0] of a.pcap', true],
    ['labels[0] (flow *:* - *:4444)', true],
  ]);
});

test.each([
  ['dst_port == 3333', ['x', 'x', null, null]],
  ['dst_port == 3333 and not src_port < 40000', ['x', 'x', null, null]],
  ['src_ip in 192.0.2.0/24 or (protocol == "udp" and dst_port <= 53)', [null, null, 'x', 'x']],
  ['sni == null', ['x', 'x', 'x', 'x']],
  ['dst_ip ~ "db8" and not dst_ip == "~"', [null, null, null, 'x']],
])('a rule on columns, as --filter takes them: %s', (where, expected) => {
  expect(of(labels(labeller(`${head}labels: [{ where: '${where}', label: x }]\n`)))).toEqual(expected);
});

test.each(['dst_prt == 1', 'dst_port ==', '(dst_port == 1', 'dst_port == 1 2', '; drop', `${'('.repeat(200)}`])(
  'an expression that cannot be read is refused: %s',
  (where) => {
    expect(() => labeller(`${head}labels: [{ where: '${where}', label: x }]\n`)).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        message: expect.stringMatching(/line 3: labels\[0\]\.where: .*; expected /),
      }),
    );
  },
);
