import { describe, expect, test } from 'vitest';
import { decodeClientHello } from '../../../../features/protocol/tls/client-hello.ts';
import { TLS_LIMITS } from '../../../../features/protocol/tls/limits.ts';
import { CLIENT_HELLO, concat, hex } from './hello-bytes.ts';

const decode = (bytes: Uint8Array) => decodeClientHello(bytes, 0, bytes.length);

/** Version, random, empty session id, one cipher, null compression. */
const PLAIN = hex(`0301 ${'00'.repeat(32)} 00 0002 002f 01 00`);

/** PLAIN with one extension. */
function withExtension(type: string, body: string): Uint8Array {
  const bytes = hex(body);
  const header = hex(type + bytes.length.toString(16).padStart(4, '0'));
  const block = concat(header, bytes);
  return concat(PLAIN, hex(block.length.toString(16).padStart(4, '0')), block);
}

describe('a ClientHello', () => {
  test('gives every field in the order sent, GREASE included', () => {
    const { sessionId, alpnBytes, ...rest } = decode(CLIENT_HELLO)!;
    expect([...sessionId]).toEqual([0xaa, 0xbb, 0xcc, 0xdd]);
    expect(alpnBytes.map((name) => [...name])).toEqual([
      [0x68, 0x32],
      [...'http/1.1'].map((letter) => letter.charCodeAt(0)),
    ]);
    expect(rest).toEqual({
      legacyVersion: 0x0303,
      ciphers: [0x0a0a, 0x1302, 0x1301, 0xc02f],
      compressions: [0],
      extensions: [0x1a1a, 0, 10, 11, 16, 13, 43, 51, 0xfe0d, 42, 41],
      versions: [0x4a4a, 0x0304, 0x0303],
      groups: [0x2a2a, 0x11ec, 0x001d],
      pointFormats: [0],
      signatureAlgorithms: [0x3a3a, 0x0403, 0x0804],
      keyShareGroups: [0x5a5a, 0x11ec, 0x001d],
      alpn: ['h2', 'http/1.1'],
      sni: 'example.com',
      hasPreSharedKey: true,
      hasEarlyData: true,
      hasTicket: false,
      hasEncryptedHello: true,
      isOuterHello: true,
      brokenExtensions: 0,
    });
  });

  test('may lack extensions (RFC 5246 7.4.1.2)', () => {
    expect(decode(PLAIN)).toMatchObject({ legacyVersion: 0x0301, ciphers: [0x002f], extensions: [], sni: null });
  });

  test('is null when cut at any length', () => {
    const whole = new Set([CLIENT_HELLO.length, CLIENT_HELLO.length - 0x78 - 2]);
    for (let end = 0; end <= CLIENT_HELLO.length; end++) {
      expect(decodeClientHello(CLIENT_HELLO, 0, end) !== null, `cut at ${end}`).toBe(whole.has(end));
    }
  });

  test('is read the same at any offset of a larger array', () => {
    const within = concat(hex('ffffff'), CLIENT_HELLO, hex('ffff'));
    expect(decodeClientHello(within, 3, 3 + CLIENT_HELLO.length)).toEqual(decode(CLIENT_HELLO));
  });

  test.each([
    ['session id longer than 32', `0303 ${'00'.repeat(32)} 21 ${'00'.repeat(33)} 0002 002f 01 00`],
    ['odd cipher length', `0303 ${'00'.repeat(32)} 00 0003 002f00 01 00`],
    ['ciphers past the end', `0303 ${'00'.repeat(32)} 00 ffff 002f 01 00`],
    ['compressions past the end', `0303 ${'00'.repeat(32)} 00 0002 002f 05 00`],
    ['extension block shorter than said', `0303 ${'00'.repeat(32)} 00 0002 002f 01 00 0008 00170000`],
    ['extension past the block', `0303 ${'00'.repeat(32)} 00 0002 002f 01 00 0004 00170001`],
    ['half an extension header', `0303 ${'00'.repeat(32)} 00 0002 002f 01 00 0003 001700`],
  ])('is null: %s', (_, text) => {
    expect(decode(hex(text))).toBeNull();
  });

  test.each([
    ['server_name list', '0000', '0010 00 000b 61'],
    ['server_name entry', '0000', '0004 00 00ff 61'],
    ['groups', '000a', '0004 001d'],
    ['point formats', '000b', '05 00'],
    ['ALPN', '0010', '0003 05 6832'],
    ['signature algorithms', '000d', '00'],
    ['supported versions', '002b', '04 0304'],
    ['key shares', '0033', '0005 001d 0002 be'],
  ])('with a broken %s extension keeps the rest and counts it', (_, type, body) => {
    const hello = decode(withExtension(type, body))!;
    expect(hello.brokenExtensions).toBe(1);
    expect(hello.extensions).toEqual([Number.parseInt(type, 16)]);
    expect([hello.sni, hello.groups, hello.alpn, hello.versions, hello.keyShareGroups]).toEqual([null, [], [], [], []]);
  });
});

describe('the name in a ClientHello', () => {
  const named = (name: string) => {
    const length = name.length / 2;
    const size = (value: number) => value.toString(16).padStart(4, '0');
    return decode(withExtension('0000', `${size(length + 3)} 00 ${size(length)} ${name}`))!.sni;
  };

  test.each([
    ['ASCII', '612d622e63', 'a-b.c'],
    ['printable UTF-8', '62c3bc6368', 'büch'],
    ['a control character', '610a62', null],
    ['an escape sequence', '1b5b324a', null],
    ['a delete', '617f', null],
    ['a C1 control in UTF-8', '61c285', null],
    ['a right-to-left override', 'e280ae61', null],
    ['broken UTF-8', '61ff', null],
  ])('%s', (_, bytes, expected) => {
    expect(named(bytes)).toBe(expected);
  });

  test('is null when longer than a host name can be', () => {
    expect(named('61'.repeat(TLS_LIMITS.nameBytes))).toHaveLength(TLS_LIMITS.nameBytes);
    expect(named('61'.repeat(TLS_LIMITS.nameBytes + 1))).toBeNull();
  });
});

test('protocol names that are not printable are escaped', () => {
  expect(decode(withExtension('0010', '0006 02 0a0a 02 5c61'))!.alpn).toEqual(['\\x0a\\x0a', '\\x5ca']);
});
