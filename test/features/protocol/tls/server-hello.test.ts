import { describe, expect, test } from 'vitest';
import { tlsVersionText } from '../../../../features/protocol/tls/constants.ts';
import { decodeServerHello } from '../../../../features/protocol/tls/server-hello.ts';
import { hex, SERVER_HELLO, SERVER_HELLO_12 } from './hello-bytes.ts';

const decode = (bytes: Uint8Array) => decodeServerHello(bytes, 0, bytes.length);

describe('a ServerHello', () => {
  test('of TLS 1.3 names its version in supported_versions', () => {
    const { sessionId, ...rest } = decode(SERVER_HELLO)!;
    expect([...sessionId]).toEqual([0xaa, 0xbb, 0xcc, 0xdd]);
    expect(rest).toEqual({
      legacyVersion: 0x0303,
      version: 0x0304,
      cipher: 0x1301,
      compression: 0,
      extensions: [51, 43, 41],
      alpn: null,
      group: 29,
      isRetryRequest: false,
      hasPreSharedKey: true,
      brokenExtensions: 0,
    });
  });

  test('of TLS 1.2 shows the protocol chosen', () => {
    expect(decode(SERVER_HELLO_12)).toMatchObject({ version: 0x0303, alpn: 'http/1.1', extensions: [0xff01, 16] });
  });

  test('with the hash of "HelloRetryRequest" as its random is one (RFC 8446 4.1.3)', () => {
    const random = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';
    expect(decode(hex(`0303 ${random} 00 1301 00 0006 002b 0002 0304`))!.isRetryRequest).toBe(true);
  });

  test('of a draft before 22 has neither session id nor compression', () => {
    expect(decode(hex(`7f12 ${'00'.repeat(32)} 1301 0004 0028 0000`))).toMatchObject({
      version: 0x7f12,
      cipher: 0x1301,
      extensions: [40],
    });
  });

  test('is null when cut at any length', () => {
    const whole = new Set([SERVER_HELLO.length, SERVER_HELLO.length - 0x14 - 2]);
    for (let end = 0; end <= SERVER_HELLO.length; end++) {
      expect(decodeServerHello(SERVER_HELLO, 0, end) !== null, `cut at ${end}`).toBe(whole.has(end));
    }
  });

  test.each([
    ['supported_versions', '002b 0001 03'],
    ['ALPN with two names', '0010 0008 0006 02 6832 02 6833'],
  ])('with a broken extension keeps the rest and counts it: %s', (_, extension) => {
    const body = hex(extension);
    const size = body.length.toString(16).padStart(4, '0');
    const hello = decode(hex(`0303 ${'00'.repeat(32)} 00 c02f 00 ${size} ${extension}`))!;
    expect([hello.brokenExtensions, hello.version, hello.alpn]).toEqual([1, 0x0303, null]);
  });
});

test('versions are named as the RFCs name them', () => {
  const codes = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x7f1c, 0x0305, 0x0002];
  expect(codes.map(tlsVersionText)).toEqual([
    'SSL 3.0',
    'TLS 1.0',
    'TLS 1.1',
    'TLS 1.2',
    'TLS 1.3',
    'TLS 1.3',
    null,
    null,
  ]);
});
