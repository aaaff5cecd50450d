import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import type { Side } from '../../../datasets/lab/dialogue/message.ts';
import { drawCredentials } from '../../../datasets/lab/encapsulation/certificate.ts';
import type { Channel } from '../../../datasets/lab/encapsulation/channel.ts';
import {
  type ClientShape,
  drawClientShape,
  drawServerShape,
  type ServerShape,
} from '../../../datasets/lab/encapsulation/shapes.ts';
import { openTls } from '../../../datasets/lab/encapsulation/tls.ts';
import type { TlsVersion } from '../../../datasets/lab/encapsulation/tls-contexts.ts';
import { tlsRecords } from './read-pcap.ts';

const HOST = 'api.maple-labs.example';

interface Change {
  readonly client?: Partial<ClientShape>;
  readonly server?: Partial<ServerShape>;
}

function open(seed: number, version: TlsVersion, { client, server }: Change = {}): Promise<Channel> {
  const prng = new Prng(seed);
  const shape = { ...drawServerShape(prng), ...server };
  const credentials = drawCredentials(prng, HOST);
  return openTls(
    { version, host: HOST, shape, credentials: () => credentials },
    { ...drawClientShape(prng), resumes: false, ...client },
  );
}

const bytesFrom = (side: Side, { handshake }: Channel) =>
  handshake.filter(({ from }) => from === side).reduce((sum, { bytes }) => sum + bytes.length, 0);

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

const WHOLE = { client: { recordBytes: 16_384 }, server: { recordBytes: 16_384 } };

test('an application record costs 22 bytes in TLS 1.3 and arrives whole however large the message', async () => {
  const channel = await open(1, 'tls13', WHOLE);
  expect((await channel.seal('client', new Uint8Array(248))).length).toBe(270);
  const large = tlsRecords(await channel.seal('server', new Uint8Array(50_000)));
  expect(large.reduce((sum, { length }) => sum + length - 17, 0)).toBe(50_000);
  expect((await channel.farewell('client'))[0]!.from).toBe('client');
  channel.dispose();
});

test.each(['tls12', 'tls13'] as const)(
  '%s: every drawn client and server agree, and a handshake starts with a ClientHello',
  async (version) => {
    for (let seed = 0; seed < 120; seed++) {
      const channel = await open(seed, version, { client: { resumes: seed % 5 === 0 } });
      expect([...channel.handshake[0]!.bytes.subarray(0, 2), channel.handshake[0]!.bytes[5]]).toEqual([
        0x16, 0x03, 0x01,
      ]);
      channel.handshake.forEach(({ from, after }, i) => {
        expect([from, after]).toEqual([i % 2 ? 'server' : 'client', i - 1]);
      });
      const sealed = tlsRecords(await channel.seal('client', new Uint8Array(100)));
      expect(sealed.every(({ type }) => type === 23)).toBe(true);
      channel.dispose();
    }
  },
);

test.each([
  ['tls12', 'by ticket', false],
  ['tls12', 'by identifier', true],
  ['tls13', 'by ticket', false],
] as const)('a resumed session sends no certificate: %s %s', async (version, _how, remembersSessions) => {
  const server = { remembersSessions, asksCertificate: false };
  const full = await open(4, version, { server });
  const resumed = await open(4, version, { server, client: { resumes: true } });
  expect(bytesFrom('server', resumed)).toBeLessThan(bytesFrom('server', full) - 400);
  full.dispose();
  resumed.dispose();
});

/** The session ticket message, in the clear in TLS 1.2. */
const NEW_SESSION_TICKET = 4;
const handshakeTypes = (bytes: Uint8Array) => {
  const types: number[] = [];
  for (let at = 0; at + 5 < bytes.length; at += 5 + ((bytes[at + 3]! << 8) | bytes[at + 4]!))
    if (bytes[at] === 22) types.push(bytes[at + 5]!);
  return types;
};

test('a server that knows sessions by identifier issues no ticket', async () => {
  for (const remembersSessions of [true, false]) {
    const channel = await open(4, 'tls12', { server: { remembersSessions } });
    const types = channel.handshake.flatMap(({ from, bytes }) => (from === 'server' ? handshakeTypes(bytes) : []));
    expect(types.includes(NEW_SESSION_TICKET)).toBe(!remembersSessions);
    channel.dispose();
  }
});

test.each(['tls12', 'tls13'] as const)(
  '%s: a server that asks gets a certificate, or an empty list',
  async (version) => {
    const sizes: number[] = [];
    for (const [asksCertificate, certificate] of [
      [false, 3],
      [true, -1],
      [true, 3],
    ] as const) {
      const channel = await open(6, version, { server: { asksCertificate }, client: { certificate } });
      sizes.push(bytesFrom('client', channel));
      await channel.seal('client', new Uint8Array(10));
      channel.dispose();
    }
    expect(sizes[1]! - sizes[0]!).toBeGreaterThan(5);
    expect(sizes[1]! - sizes[0]!).toBeLessThan(40);
    expect(sizes[2]! - sizes[1]!).toBeGreaterThan(400);
  },
);

test.each(['tls12', 'tls13'] as const)(
  '%s: small records hold what they may and no more, from either side, twice in a row too',
  async (version) => {
    const channel = await open(3, version, { server: { recordBytes: 1_400 }, client: { recordBytes: 512 } });
    for (const [side, limit] of [
      ['server', 1_400],
      ['client', 512],
      ['client', 512],
      ['server', 1_400],
    ] as const) {
      const records = tlsRecords(await channel.seal(side, new Uint8Array(20_000)));
      expect(records.length).toBe(Math.ceil(20_000 / limit));
      const overhead = records[0]!.length - limit;
      expect(records.reduce((sum, { length }) => sum + length - overhead, 0)).toBe(20_000);
    }
    channel.dispose();
  },
);

test('messages of one side in a row come out one record each, in order', async () => {
  const channel = await open(9, 'tls13', WHOLE);
  for (let length = 1; length < 40; length++)
    expect(tlsRecords(await channel.seal('client', new Uint8Array(length)))).toMatchObject([{ length: length + 17 }]);
  channel.dispose();
});
