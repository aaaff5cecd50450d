import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { drawCredentials } from '../../../datasets/lab/encapsulation/certificate.ts';
import type { Channel } from '../../../datasets/lab/encapsulation/channel.ts';
import { drawClientShape, drawServerShape } from '../../../datasets/lab/encapsulation/shapes.ts';
import { createTlsServer, openTls, type TlsVersion } from '../../../datasets/lab/encapsulation/tls.ts';
import { tlsRecords } from './read-pcap.ts';

const HOST = 'api.maple-labs.example';

async function open(seed: number, version: TlsVersion, resumes: boolean): Promise<Channel> {
  const prng = new Prng(seed);
  const server = createTlsServer(version, HOST, drawServerShape(prng), drawCredentials(prng, HOST));
  return openTls(server, { ...drawClientShape(prng), resumes });
}

test('certificates parse, name their host and are signed by the key they claim', () => {
  const sizes = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const chain = drawCredentials(new Prng(seed), HOST)
      .chainPem.split(/(?<=END CERTIFICATE-----\n)/)
      .filter(Boolean);
    const [leaf, issuer = leaf] = chain.map((pem) => new X509Certificate(pem));
    expect(leaf!.checkHost(HOST)).toBe(HOST);
    expect(leaf!.verify(issuer!.publicKey)).toBe(true);
    sizes.add(chain.length);
  }
  expect([...sizes].sort()).toEqual([1, 2, 3]);
});

test('an application record costs 22 bytes in TLS 1.3 and arrives whole however large the message', async () => {
  const channel = await open(1, 'tls13', false);
  expect((await channel.seal('client', new Uint8Array(248))).length).toBe(270);
  const large = tlsRecords(await channel.seal('server', new Uint8Array(50_000)));
  expect(large.reduce((sum, { length }) => sum + length - 17, 0)).toBe(50_000);
  expect((await channel.farewell('client'))[0]!.from).toBe('client');
  channel.dispose();
});

test.each(['tls12', 'tls13'] as const)(
  '%s: every drawn client and server agree, and a handshake starts with a ClientHello',
  async (version) => {
    for (let seed = 0; seed < 60; seed++) {
      const channel = await open(seed, version, seed % 5 === 0);
      expect([...channel.handshake[0]!.bytes.subarray(0, 2), channel.handshake[0]!.bytes[5]]).toEqual([
        0x16, 0x03, 0x01,
      ]);
      channel.handshake.forEach(({ from }, i) => {
        expect(from).toBe(i % 2 ? 'server' : 'client');
      });
      const sealed = tlsRecords(await channel.seal('client', new Uint8Array(100)));
      expect(sealed.every(({ type }) => type === 23)).toBe(true);
      channel.dispose();
    }
  },
);

test('a resumed TLS 1.2 session sends no certificate', async () => {
  const [full, resumed] = [await open(4, 'tls12', false), await open(4, 'tls12', true)];
  const serverBytes = ({ handshake }: Channel) =>
    handshake.filter(({ from }) => from === 'server').reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(serverBytes(resumed)).toBeLessThan(serverBytes(full) - 400);
  full.dispose();
  resumed.dispose();
});
