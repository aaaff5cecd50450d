import { expect, test } from 'vitest';
import type { Alert } from '../../../serve/live/items.ts';
import { type SyslogOptions, syslogMessage } from '../../../serve/sinks/syslog-message.ts';
import { miningModel, scoredTable, tlsFlow } from '../../support/scored-rows.ts';
import { alertOf, recordOf, rowsOf } from './items.ts';

const options: SyslogOptions = { facility: 'local0', hostName: 'sensor', processId: 42, maxBytes: 2048 };
const text = (item: Parameters<typeof syslogMessage>[0], more: Partial<SyslogOptions> = {}) =>
  Buffer.from(syslogMessage(item, { ...options, ...more })!).toString();

/** The grammar of RFC 5424 6, as far as it is used. */
const MESSAGE =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z|-) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) (\[[^ =\]"]{1,32}(?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\])(?: \ufeff(.*))?$/su;

test('an alert is a message with what it is about as structured data, and a sentence', () => {
  expect(text(alertOf(7))).toBe(
    '<130>1 2026-02-03T04:05:07.500001Z sensor flowlamp 42 alert ' +
      '[flowlamp@32473 reason="new" verdict="mining" predicted="mining" score="0.960" risk="10" model="mining@7" ' +
      'held_back="0" src_ip="10.0.0.1" dst_ip="192.0.2.9" protocol="tcp" ' +
      'community_id="1:5Y2eH/ePLSV3lfkhTbyf+hKtdCQ=" sni="pool.example" row_kind="end" ' +
      'src_port="40000" dst_port="443" flow_id="7" part="0"] ' +
      '\ufeffmining: 10.0.0.1:40000 -> 192.0.2.9:443 tcp, risk 10, Looks like it (96 %).',
  );
});

test.each([
  [10, 'local0', 130],
  [9, 'local0', 130],
  [7, 'local0', 131],
  [4, 'local0', 132],
  [3, 'local0', 133],
  [null, 'local0', 133],
  [10, 'daemon', 26],
  [0, 'kern', 5],
])('an alert of risk %s with facility %s has the priority %i', (risk, facility, priority) => {
  const rows = scoredTable([[tlsFlow, { risk }]]);
  expect(text({ ...alertOf(1), rows }, { facility })).toMatch(new RegExp(`^<${priority}>1 `));
});

test('a record is a message of its kind, and rows are none', () => {
  expect(text(recordOf(3))).toBe(
    '<134>1 2026-02-03T04:05:06.000Z sensor flowlamp 42 status [flowlamp@32473 n="3"] \ufeff{"n":3}',
  );
  expect(syslogMessage(rowsOf(1), options)).toBeNull();
});

test('an IPv6 address stands in brackets', () => {
  expect(text(alertOf(1, { src_ip: '2001:db8::1' }))).toContain('[2001:db8::1]:40000 -> 192.0.2.9:443');
});

const names = [
  'a"] [x@1 y="z',
  'back\\slash',
  'line\nfeed\r\0\x1b[31m',
  'turn\u202ed',
  'lone\ud800',
  'Ümläut 漢字',
  ']]]]',
  '"""',
];

test.each(names)('a name such as %j stays within its quotes', (sni) => {
  const message = text(alertOf(1, { sni }));
  expect(message).toMatch(MESSAGE);
  expect(message).not.toMatch(/[\p{Cc}\p{Cs}\u202e]/u);
  const parameters = MESSAGE.exec(message)![7]!;
  expect(parameters.match(/ [^ =\]"]+="/g)).toHaveLength(17);
});

test.each([480, 500, 600, 700, 1024])('a message has at most %i bytes and stays one', (maxBytes) => {
  for (const sni of ['漢'.repeat(200), 'x'.repeat(5000), ']'.repeat(300)]) {
    const item: Alert = { ...alertOf(1, { sni }), before: '漢字', model: { ...miningModel, name: 'm'.repeat(300) } };
    const bytes = syslogMessage(item, { ...options, maxBytes })!;
    expect(bytes.length).toBeLessThanOrEqual(maxBytes);
    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    expect(decoded).toMatch(MESSAGE);
  }
});

test('a record whose body is not what it should be is a message all the same', () => {
  const message = text({
    kind: 'record',
    record: 'drift',
    time: 'yesterday',
    body: { 'a b="]': 'x', nested: { y: 1 }, n: Number.NaN, list: [1] },
  });
  expect(message).toMatch(MESSAGE);
  expect(message).toMatch(/^<132>1 - /);
});

test('a host name is what may stand there', () => {
  expect(text(recordOf(1), { hostName: 'my host\n' })).toContain(' myhost flowlamp ');
  expect(text(recordOf(1), { hostName: ' ' })).toContain('Z - flowlamp ');
});
