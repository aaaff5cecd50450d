import { expect, test } from 'vitest';
import { fitOf, parseSelector } from '../../../serve/explain/selector.ts';
import { tableOf } from './table.ts';

const ID = '1:5Y2eH/ePLSV3lfkhTbyf+hKtdCQ=';
const table = tableOf(
  {
    flow_id: 8946854634592640,
    community_id: ID,
    src_ip: '10.0.0.5',
    src_port: 43210,
    dst_ip: '192.0.2.1',
    dst_port: 443,
  },
  { flow_id: 7, community_id: null, src_ip: '2001:db8::5', src_port: 1, dst_ip: '2001:db8::1', dst_port: 8443 },
);

/** How well both rows fit. */
const fits = (text: string) => [0, 1].map((row) => fitOf(parseSelector(text)!, table, row));

test('a flow is named by its flow_id, all digits of it', () => {
  expect(parseSelector(' 8946854634592640 ')).toEqual({ kind: 'flow_id', id: 8946854634592640 });
  expect(fits('8946854634592640')).toEqual([1, 0]);
  const [near, far] = fits('894685463459264');
  expect([near! > 0.9 && near! < 1, far]).toEqual([true, 0]);
});

test('a flow is named by its community_id', () => {
  expect(fits(ID)[0]).toBe(1);
  expect(fits(ID.replace('5Y', '6Y'))[0]).toBeCloseTo(27 / 28, 12);
});

test.each([
  ['10.0.0.5', [1, 0]],
  ['10.0.0.5:43210', [1, 0]],
  ['192.0.2.1:443', [1, 0]],
  ['10.0.0.5:43210-192.0.2.1:443', [1, 0]],
  ['192.0.2.1:443 -> 10.0.0.5:43210', [1, 0]],
  ['10.0.0.5-192.0.2.1', [1, 0]],
  ['[2001:db8::5]:1-[2001:DB8:0::1]:8443', [0, 1]],
  ['2001:db8:0:0::5', [0, 1]],
  ['[2001:db8::1]', [0, 1]],
])('%s names the flow by its endpoints, whichever side began', (text, expected) => {
  expect(fits(text)).toEqual(expected);
});

test('of endpoints another port of the address is near, the port of another address less so', () => {
  expect(fits('10.0.0.5:1')).toEqual([0.7, 0.3]);
  // Port 443 belongs to one end and 43210 to the other: one flow must have both in their places.
  expect(fits('10.0.0.5:443')[0]).toBe(0.7);
  expect(fits('10.0.0.5:43210-192.0.2.9:443')[0]).toBeCloseTo(0.65, 12);
});

test.each([
  '',
  'foo',
  '1:xyz',
  '10.0.0.256',
  '10.0.0.5:65536',
  '10.0.0.5:',
  'a-b-c',
  '1.2.3.4-1.2.3.5-1.2.3.6',
  '[::1',
  '::1:443-',
  '-1',
  '12e3',
  '99999999999999999999',
])('%j names no flow', (text) => expect(parseSelector(text)).toBeNull());

test('a row without such columns fits nothing', () => {
  expect(fitOf(parseSelector('7')!, tableOf({ sni: 'a' }), 0)).toBe(0);
  expect(fitOf(parseSelector('10.0.0.5')!, tableOf({ sni: 'a' }), 0)).toBe(0);
});
