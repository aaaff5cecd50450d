import { expect, test } from 'vitest';
import { addressText } from '../../../features/flow/address.ts';
import { writeAddress } from '../../../features/flow/key.ts';
import { hex } from '../../support/bytes.ts';

function wordsOf(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(4);
  const view = new DataView(bytes.buffer);
  const first = 4 - bytes.length / 4;
  for (let word = first; word < 4; word++) words[word] = view.getInt32((word - first) * 4);
  return words;
}

test.each([
  ['0a000001', '10.0.0.1'],
  ['ffffffff', '255.255.255.255'],
  ['00000000', '0.0.0.0'],
  ['c0a80180', '192.168.1.128'],
])('IPv4 %s is %s', (bytes, text) => {
  expect(addressText(wordsOf(hex(bytes)), 0, 4)).toBe(text);
});

/** The examples of RFC 5952 and the corners of its rules. */
test.each([
  ['0000 0000 0000 0000 0000 0000 0000 0000', '::'],
  ['0000 0000 0000 0000 0000 0000 0000 0001', '::1'],
  ['0001 0000 0000 0000 0000 0000 0000 0000', '1::'],
  ['2001 0db8 0000 0000 0000 0000 0000 0001', '2001:db8::1'],
  ['2001 0db8 0000 0000 0001 0000 0000 0001', '2001:db8::1:0:0:1'],
  ['2001 0000 0000 0001 0000 0000 0000 0001', '2001:0:0:1::1'],
  ['2001 0db8 0000 0001 0001 0001 0001 0001', '2001:db8:0:1:1:1:1:1'],
  ['2001 0db8 aaaa bbbb cccc dddd eeee 0001', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:1'],
  ['0000 0000 0001 0002 0003 0004 0000 0000', '::1:2:3:4:0:0'],
  ['0000 0001 0002 0003 0004 0005 0006 0000', '0:1:2:3:4:5:6:0'],
  ['fe80 0000 0000 0000 0204 61ff fe9d f156', 'fe80::204:61ff:fe9d:f156'],
  ['0000 0000 0000 0000 0000 ffff c000 0280', '::ffff:192.0.2.128'],
  ['0000 0000 0000 0000 0000 ffff 0000 0000', '::ffff:0.0.0.0'],
  ['0000 0000 0000 0000 ffff 0000 c000 0280', '::ffff:0:c000:280'],
])('IPv6 %s is %s', (bytes, text) => {
  expect(addressText(wordsOf(hex(bytes)), 0, 6)).toBe(text);
});

test.each([
  [4, 'c0a801ff'],
  [6, '20010db8000000000000ffff80000001'],
])('the bytes of an IPv%i address come back as they were', (version, text) => {
  const out = new Uint8Array(text.length / 2);
  writeAddress(wordsOf(hex(text)), 0, version, out);
  expect(Buffer.from(out).toString('hex')).toBe(text);
});
