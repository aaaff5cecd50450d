import { describe, expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { DtlsHandshake, withoutCookie } from '../../../../features/protocol/dtls/handshake.ts';
import { DTLS_LIMITS } from '../../../../features/protocol/dtls/limits.ts';
import { looksLikeDtls } from '../../../../features/protocol/dtls/record.ts';
import { WHOLE_HELLOS } from '../../../../features/protocol/tls/hello-reader.ts';
import { CLIENT_HELLO, concat, hex } from '../tls/hello-bytes.ts';
import { clientBody, fragment, record, SERVER_BODY } from './dtls-bytes.ts';

const NO_COOKIE = new Uint8Array(0);
const COOKIE = hex('00112233445566778899');
const FIRST = record(22, fragment(1, 0, clientBody(NO_COOKIE)));
const SECOND = record(22, fragment(1, 1, clientBody(COOKIE)));
const VERIFY = record(22, fragment(3, 0, concat(hex('feff 0a'), COOKIE)));
const SERVER = record(22, fragment(2, 1, SERVER_BODY));

function read(...datagrams: readonly (readonly [0 | 1, Uint8Array])[]) {
  const handshake = new DtlsHandshake(WHOLE_HELLOS);
  for (const [side, bytes] of datagrams) handshake.datagram(side, bytes, 0, bytes.length, bytes.length);
  return handshake;
}

describe('a DTLS handshake', () => {
  test('gives both hellos, and tells that a cookie was asked for', () => {
    const { summary, isOver } = read([0, FIRST], [1, VERIFY], [0, SECOND], [1, SERVER]);
    expect(summary.client).toMatchObject({ sni: 'example.com', legacyVersion: 0xfefd, alpn: ['h2', 'http/1.1'] });
    expect(summary.server).toMatchObject({ cipher: 0xc02f, version: 0xfefd });
    expect(summary.hasHelloVerify).toBe(true);
    expect(isOver).toBe(true);
  });

  test('gives the hello of a client whose first one was not seen', () => {
    expect(read([0, SECOND]).summary.client?.sni).toBe('example.com');
  });

  test('puts fragments together in any order, beside other messages in a record', () => {
    const body = clientBody(COOKIE);
    const part = (from: number, to: number) => record(22, fragment(1, 1, body, from, to));
    const { summary } = read([0, part(100, body.length)], [0, part(40, 120)], [0, part(0, 40)]);
    expect(summary.client?.sni).toBe('example.com');
    const flight = record(22, concat(fragment(2, 0, SERVER_BODY), fragment(11, 1, new Uint8Array(30))));
    expect(read([1, flight]).summary.server?.cipher).toBe(0xc02f);
  });

  test('does not mix the fragments of two messages', () => {
    const [one, other] = [clientBody(NO_COOKIE), clientBody(COOKIE)];
    const { summary } = read(
      [0, record(22, fragment(1, 0, one, 0, 60))],
      [0, record(22, fragment(1, 1, other, 60, other.length))],
      [0, record(22, fragment(1, 1, other, 0, 60))],
    );
    expect(summary.client?.sni).toBe('example.com');
  });

  test('reads nothing that is encrypted', () => {
    expect(read([0, record(22, fragment(1, 0, clientBody(NO_COOKIE)), 1)]).summary.client).toBeNull();
  });

  test('ends after some datagrams', () => {
    const handshake = new DtlsHandshake(WHOLE_HELLOS);
    for (let i = 0; i < DTLS_LIMITS.datagrams; i++) handshake.datagram(0, VERIFY, 0, VERIFY.length, VERIFY.length);
    expect(handshake.isOver).toBe(true);
  });
});

test('without its cookie a ClientHello is that of TLS', () => {
  const body = clientBody(COOKIE, hex('0303'));
  expect(withoutCookie(body, 0, body.length)).toEqual(CLIENT_HELLO);
  for (let end = 0; end < 50; end++) expect(() => withoutCookie(body, 0, end)).not.toThrow();
});

test.each<[string, Uint8Array, boolean]>([
  ['a hello', FIRST, true],
  ['a demand for a cookie', VERIFY, true],
  ['TLS over TCP', hex('16030100050100000100'), false],
  ['an encrypted record', record(22, fragment(1, 0, clientBody(NO_COOKIE)), 1), false],
  ['application data', record(23, new Uint8Array(40), 1), false],
  ['a STUN request', hex('000100002112a442000000000000000000000000'), false],
  ['a record longer than its datagram', FIRST.subarray(0, 90), false],
])('the first look at %s', (_, datagram, expected) => {
  expect(looksLikeDtls(datagram, 0, datagram.length, datagram.length)).toBe(expected);
});

test('changed datagrams never throw and never read past their end', () => {
  const random = new Prng('dtls fuzz');
  let read = 0;
  for (let round = 0; round < 3000; round++) {
    const summaries = [0xff, 0].map((behind) => {
      const handshake = new DtlsHandshake(WHOLE_HELLOS);
      const same = new Prng(`dtls fuzz ${round}`);
      for (const [side, seed] of [
        [0, FIRST],
        [1, VERIFY],
        [0, SECOND],
        [1, SERVER],
      ] as const) {
        const bytes = concat(seed, new Uint8Array(48).fill(behind));
        for (let i = same.below(3); i > 0; i--) bytes[same.below(seed.length)] = same.uint32();
        const end = same.chance(0.2) ? same.below(seed.length) : seed.length;
        bytes.fill(behind, end);
        handshake.datagram(side, bytes, 0, end, seed.length);
      }
      return handshake.summary;
    });
    expect(summaries[0]).toEqual(summaries[1]);
    if (summaries[0]!.client !== null) read++;
  }
  expect(read).toBeGreaterThan(500);
  for (let round = 0; round < 2000; round++) {
    const bytes = random.bytes(new Uint8Array(random.integer(1, 90)));
    bytes.set([22, 0xfe, 0xfd, 0, 0].slice(0, bytes.length));
    const handshake = new DtlsHandshake(WHOLE_HELLOS);
    handshake.datagram(0, bytes, 0, bytes.length, bytes.length + random.below(100));
  }
});
