/** The cache gives what the fingerprints themselves give, whatever was asked before. */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { rememberedFingerprints } from '../../../features/fingerprint/hello-cache.ts';
import { ja3 } from '../../../features/fingerprint/ja3.ts';
import { ja4 } from '../../../features/fingerprint/ja4.ts';
import type { ClientHello } from '../../../features/protocol/tls/client-hello.ts';
import { clientHello } from './hellos.ts';

const base = clientHello({
  legacyVersion: 0x0303,
  ciphers: [0x1301, 0x1302, 0xc02f, 0x0a0a],
  extensions: [0, 10, 13, 16, 43, 51],
  groups: [29, 23, 24],
  signatureAlgorithms: [0x0403, 0x0804, 0x0401],
  versions: [0x0304, 0x0303],
});

function changed(prng: Prng): ClientHello {
  const list = (from: readonly number[]) => {
    const items = from.filter(() => prng.chance(0.9));
    return prng.chance(0.3) ? prng.shuffle([...items]) : items;
  };
  const bytes = new TextEncoder();
  const alpn = prng.pick([[], ['h2'], ['h2', 'http/1.1'], ['hq']]);
  return {
    ...base,
    legacyVersion: prng.pick([0x0301, 0x0303]),
    ciphers: list(base.ciphers),
    extensions: list(base.extensions),
    groups: list(base.groups),
    signatureAlgorithms: list(base.signatureAlgorithms),
    alpn,
    alpnBytes: alpn.map((name) => bytes.encode(name)),
  };
}

test('a hello met before, after it was forgotten, or never has the fingerprints of its lists', () => {
  const prng = new Prng(1);
  const fingerprintsOf = rememberedFingerprints(nodeDigests, 8);
  const hellos = Array.from({ length: 40 }, () => changed(prng));
  for (let round = 0; round < 400; round++) {
    const hello = prng.pick(hellos);
    expect(fingerprintsOf(hello)).toMatchObject({
      ja3: ja3(hello, nodeDigests),
      ja4: ja4(hello, nodeDigests),
      alpn: hello.alpn.length === 0 ? null : hello.alpn.join(','),
    });
  }
});

test('names that look alike in print are told apart by their bytes', () => {
  const fingerprintsOf = rememberedFingerprints(nodeDigests);
  for (const bytes of [Uint8Array.of(0), new TextEncoder().encode('\\x00')]) {
    const hello = { ...base, alpn: ['\\x00'], alpnBytes: [bytes] };
    expect(fingerprintsOf(hello).ja4).toBe(ja4(hello, nodeDigests));
  }
});

test('the same lists in another hello are found again', () => {
  let hashed = 0;
  const md5Hex = (text: string) => {
    hashed++;
    return nodeDigests.md5Hex(text);
  };
  const digests = { ...nodeDigests, md5Hex };
  const fingerprintsOf = rememberedFingerprints(digests);
  fingerprintsOf(base);
  fingerprintsOf({ ...base, sni: 'elsewhere.example', ciphers: [...base.ciphers] });
  expect(hashed).toBe(1);
});
