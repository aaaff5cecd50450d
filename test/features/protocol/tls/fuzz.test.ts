import { expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { nodeDigests } from '../../../../features/digests-node.ts';
import { ja3, ja3s } from '../../../../features/fingerprint/ja3.ts';
import { ja4 } from '../../../../features/fingerprint/ja4.ts';
import { decodeClientHello } from '../../../../features/protocol/tls/client-hello.ts';
import { WHOLE_HELLOS } from '../../../../features/protocol/tls/hello-reader.ts';
import { TLS_LIMITS } from '../../../../features/protocol/tls/limits.ts';
import { looksLikeAlert, looksLikeTls } from '../../../../features/protocol/tls/record.ts';
import { decodeServerHello } from '../../../../features/protocol/tls/server-hello.ts';
import { TlsHandshake, TlsStatus } from '../../../oracle/tls-handshake.ts';
import { CLIENT_HELLO, concat, message, record, SERVER_HELLO, SERVER_HELLO_12 } from './hello-bytes.ts';
import { mutate } from './mutate.ts';

const SEEDS = [
  record(22, message(1, CLIENT_HELLO)),
  record(22, message(2, SERVER_HELLO)),
  record(22, message(2, SERVER_HELLO_12)),
];

/** Reads past the end become visible: what lies behind the view must not matter. */
function twins(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  return [concat(bytes, new Uint8Array(64).fill(0xff)), concat(bytes, new Uint8Array(64))];
}

test('changed hellos never throw and never read past their end', () => {
  const random = new Prng('tls fuzz');
  for (let round = 0; round < 4000; round++) {
    const bytes = mutate(random, random.pick(SEEDS));
    const end = bytes.length;
    const [a, b] = twins(bytes);
    for (const decode of [decodeClientHello, decodeServerHello]) expect(decode(a, 9, end)).toEqual(decode(b, 9, end));
    expect([looksLikeTls(a, 0, end), looksLikeAlert(a, 0, end)]).toEqual([
      looksLikeTls(b, 0, end),
      looksLikeAlert(b, 0, end),
    ]);
  }
});

test('changed handshakes never throw, and are read the same in one delivery as in many', () => {
  const random = new Prng('tls stream fuzz');
  let done = 0;
  for (let round = 0; round < 4000; round++) {
    const client = mutate(random, SEEDS[0]!);
    const server = mutate(random, random.chance(0.5) ? SEEDS[1]! : SEEDS[2]!);
    const whole = new TlsHandshake(WHOLE_HELLOS);
    const cut = new TlsHandshake(WHOLE_HELLOS);
    whole.feed(0, client, 0, client.length);
    whole.feed(1, server, 0, server.length);
    // The first delivery is long enough to be recognised: a shorter one is believed sooner than it should.
    for (const [side, bytes] of [[0, client] as const, [1, server] as const]) {
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + random.integer(at === 0 ? 60 : 1, 80));
        cut.feed(side, bytes, at, end);
        at = end;
      }
    }
    if (whole.status === TlsStatus.Done) {
      done++;
      expect(cut.clientHello).toEqual(whole.clientHello);
      expect(cut.serverHello).toEqual(whole.serverHello);
    }
    const { clientHello, serverHello } = whole;
    if (clientHello !== null) {
      expect(ja3(clientHello, nodeDigests)).toMatch(/^[0-9a-f]{32}$/);
      expect(ja4(clientHello, nodeDigests)).toMatch(/^t..[di]\d{4}.._[0-9a-f]{12}_[0-9a-f]{12}$/);
      expect(clientHello.sni?.length ?? 0).toBeLessThanOrEqual(TLS_LIMITS.nameBytes);
      expect(clientHello.alpn.length).toBeLessThanOrEqual(TLS_LIMITS.alpnProtocols);
    }
    if (serverHello !== null) expect(ja3s(serverHello, nodeDigests)).toMatch(/^[0-9a-f]{32}$/);
  }
  expect(done).toBeGreaterThan(400);
});

test('random bytes never throw', () => {
  const random = new Prng('tls noise');
  for (let round = 0; round < 3000; round++) {
    const tls = new TlsHandshake(WHOLE_HELLOS);
    for (let i = 0; i < 6; i++) {
      const bytes = random.bytes(new Uint8Array(random.integer(1, 60)));
      if (random.chance(0.7)) bytes.set([22, 3, random.below(5), 0].slice(0, bytes.length));
      tls.feed(random.chance(0.5) ? 0 : 1, bytes, 0, bytes.length);
    }
    expect(tls.status).not.toBe(TlsStatus.Done);
  }
});
