import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../features/digests-node.ts';
import { ja3, ja3sText, ja3Text } from '../../../features/fingerprint/ja3.ts';
import { clientHello } from './hellos.ts';

describe('JA3', () => {
  // The two examples of the salesforce/ja3 README.
  test('of the published example', () => {
    const hello = clientHello({
      legacyVersion: 769,
      ciphers: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
      extensions: [0, 10, 11],
      groups: [23, 24, 25],
      pointFormats: [0],
    });
    expect(ja3Text(hello)).toBe('769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0');
    expect(ja3(hello, nodeDigests)).toBe('ada70206e40642a3e4461f35503241d5');
  });

  test('of the published example without extensions', () => {
    const hello = clientHello({ legacyVersion: 769, ciphers: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99] });
    expect(ja3Text(hello)).toBe('769,4-5-10-9-100-98-3-6-19-18-99,,,');
    expect(ja3(hello, nodeDigests)).toBe('de350869b8c85de67a350c8d186f11e6');
  });

  test('leaves GREASE out, even where it comes first', () => {
    const hello = clientHello({ ciphers: [0x0a0a, 1, 0xfafa, 2], extensions: [0x1a1a], groups: [0x2a2a, 29] });
    expect(ja3Text(hello)).toBe('771,1-2,,29,');
  });
});

test('JA3S is the legacy version, the cipher chosen and the extensions', () => {
  const hello = {
    legacyVersion: 0x0303,
    version: 0x0304,
    sessionId: new Uint8Array(0),
    cipher: 0x1301,
    compression: 0,
    extensions: [51, 43],
    alpn: null,
    group: null,
    isRetryRequest: false,
    hasPreSharedKey: false,
    brokenExtensions: 0,
  };
  expect(ja3sText(hello)).toBe('771,4865,51-43');
});
