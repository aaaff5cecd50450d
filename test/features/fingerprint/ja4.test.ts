import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../features/digests-node.ts';
import { Ja4Transport, ja4, ja4a, ja4Raw } from '../../../features/fingerprint/ja4.ts';
import type { ClientHello } from '../../../features/protocol/tls/client-hello.ts';
import { clientHello, codes } from './hellos.ts';

const text = (value: string) => Uint8Array.from(value, (letter) => letter.charCodeAt(0));

/** The worked example of the definition. */
const EXAMPLE = clientHello({
  ciphers: codes('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035'),
  extensions: codes('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015'),
  signatureAlgorithms: codes('0403,0804,0401,0503,0805,0501,0806,0601'),
  versions: [0x0304, 0x0303],
  alpnBytes: [text('h2'), text('http/1.1')],
});

const a = (fields: Partial<ClientHello>, transport: Ja4Transport = Ja4Transport.Tcp) =>
  ja4a(clientHello(fields), transport);
const c = (fields: Partial<ClientHello>) => ja4(clientHello(fields), nodeDigests).split('_')[2];

describe('JA4', () => {
  test('of the example of the definition', () => {
    expect(ja4(EXAMPLE, nodeDigests)).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
    expect(ja4(EXAMPLE, nodeDigests, Ja4Transport.Quic)).toBe('q13d1516h2_8daaf6152771_e5627efa2ab1');
    expect(ja4Raw(EXAMPLE)).toBe(
      't13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9' +
        '_0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01' +
        '_0403,0804,0401,0503,0805,0501,0806,0601',
    );
  });

  test('ignores GREASE anywhere, signature algorithms included (FoxIO issue 305)', () => {
    const greased: ClientHello = {
      ...EXAMPLE,
      ciphers: [0x0a0a, ...EXAMPLE.ciphers],
      extensions: [0x1a1a, ...EXAMPLE.extensions, 0xfafa],
      signatureAlgorithms: [0x3a3a, ...EXAMPLE.signatureAlgorithms],
      versions: [0xfafa, ...EXAMPLE.versions],
    };
    expect(ja4(greased, nodeDigests)).toBe(ja4(EXAMPLE, nodeDigests));
  });

  test('has no underscore after the extensions when there are no signature algorithms', () => {
    expect(c({ extensions: EXAMPLE.extensions })).toBe('6d807ffa2a79');
  });

  test('says twelve zeros for lists with nothing in them', () => {
    expect(ja4(clientHello({}), nodeDigests)).toBe('t12i000000_000000000000_000000000000');
    expect(c({ extensions: [0, 16] })).toBe('000000000000');
  });

  test.each([
    [{ versions: [0x0303, 0x0304, 0x1a1a] }, '13'],
    [{ versions: [0x7f1c, 0x0304] }, '00'],
    [{ legacyVersion: 0x0302 }, '11'],
    [{ legacyVersion: 0x0301 }, '10'],
    [{ legacyVersion: 0x0300 }, 's3'],
    [{ legacyVersion: 0x0002 }, 's2'],
    [{ legacyVersion: 0xfeff }, 'd1'],
    [{ legacyVersion: 0x9999 }, '00'],
    [{ versions: [0xfefd, 0xfefc, 0xfeff] }, 'd3'],
  ])('version %j is %s', (fields, expected) => {
    expect(a(fields).slice(1, 3)).toBe(expected);
  });

  // The list of the definition, "ALPN Extension Value".
  test.each([
    [[], '00'],
    [[0x61], 'aa'],
    [[0xab], 'ab'],
    [[0x20], '20'],
    [[0xab, 0xcd], 'ad'],
    [[0x20, 0x61], '21'],
    [[0x30, 0xab], '3b'],
    [[0x61, 0x20], '60'],
    [[0x30, 0x31, 0xab, 0xcd], '3d'],
    [[0x30, 0xab, 0xcd, 0x31], '01'],
    [[...text('http/1.1')], 'h1'],
  ])('protocol %j is %s', (bytes, expected) => {
    expect(a({ alpnBytes: [Uint8Array.from(bytes)] }).slice(8)).toBe(expected);
  });

  test('counts stop at 99', () => {
    const many = Array.from({ length: 150 }, (_, i) => 0x1000 + 2 * i);
    expect(a({ ciphers: many, extensions: many })).toBe('t12i999900');
  });
});
