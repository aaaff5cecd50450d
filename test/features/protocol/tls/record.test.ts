import { describe, expect, test } from 'vitest';
import {
  isRecordHeader,
  isSsl2ClientHello,
  looksLikeAlert,
  looksLikeTls,
  recordLength,
  recordType,
} from '../../../../features/protocol/tls/record.ts';
import { hex } from './hello-bytes.ts';

const looks = (text: string) => looksLikeTls(hex(text), 0, hex(text).length);

describe('a record header', () => {
  test('has a type, a version and a length', () => {
    const bytes = hex('ff 16 0303 0102');
    expect([isRecordHeader(bytes, 1), recordType(bytes, 1), recordLength(bytes, 1)]).toEqual([true, 22, 258]);
  });

  test.each([
    ['no content type', '13 0303 0001'],
    ['no content type', '19 0303 0001'],
    ['another major version', '16 0203 0001'],
    ['a version nobody has', '16 0305 0001'],
    ['longer than 2^14 + 2048', '17 0303 4801'],
  ])('is refused: %s', (_, text) => {
    expect(isRecordHeader(hex(text), 0)).toBe(false);
  });
});

describe('the first bytes of a flow', () => {
  test.each([
    ['a ClientHello', '16 0301 0200 01'],
    ['a ServerHello', '16 0303 0050 02'],
    ['the beginning of a record header', '16 03'],
    ['a record type alone', '16'],
    ['an SSL 2.0 framed ClientHello', `801c 01 0301 0003 0000 0010 000035 ${'00'.repeat(16)}`],
  ])('look like TLS: %s', (_, text) => {
    expect(looks(text)).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['HTTP', '474554202f20485454502f312e31'],
    ['application data in the middle', '17 0303 0100 01'],
    ['an empty handshake record', '16 0303 0000 01'],
    ['a handshake record longer than 2^14', '16 0303 4001 01'],
    ['a Certificate', '16 0303 0100 0b'],
    ['a JSON line', '7b226964223a312c'],
    ['random bytes with the high bit', '9a1b2c3d4e5f60718293a4b5'],
  ])('do not look like TLS: %s', (_, text) => {
    expect(looks(text)).toBe(false);
  });

  test('are only those in the range given', () => {
    expect(looksLikeTls(hex('160301020001'), 0, 0)).toBe(false);
    expect(looksLikeTls(hex('16030102000b'), 0, 5)).toBe(true);
  });
});

test('an SSL 2.0 framed ClientHello is one only if all its lengths agree (RFC 5246 E.2)', () => {
  const good = `801c 01 0301 0003 0000 0010 000035 ${'00'.repeat(16)}`;
  const is = (text: string) => isSsl2ClientHello(hex(text), 0, hex(text).length);
  expect(is(good)).toBe(true);
  expect(is(good.replace('801c', '801d'))).toBe(false);
  expect(is(good.replace('0003', '0004'))).toBe(false);
  expect(is(good.replace('01 0301', '04 0301'))).toBe(false);
});

test('an alert in the clear has two bytes and one of two levels', () => {
  const looksAlert = (text: string) => looksLikeAlert(hex(text), 0, hex(text).length);
  expect(looksAlert('15 0303 0002 0228')).toBe(true);
  expect(looksAlert('15 0303 0002 0328')).toBe(false);
  expect(looksAlert('15 0303 0020 0228')).toBe(false);
  expect(looksAlert('15 0303 0002 02')).toBe(false);
});
