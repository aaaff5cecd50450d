import { describe, expect, test } from 'vitest';
import type { ClientHello } from '../../features/protocol/tls/client-hello.ts';
import { TlsVersion } from '../../features/protocol/tls/constants.ts';
import { WHOLE_HELLOS } from '../../features/protocol/tls/hello-reader.ts';
import type { ServerHello } from '../../features/protocol/tls/server-hello.ts';
import {
  CLIENT_HELLO,
  concat,
  hex,
  message,
  record,
  SERVER_HELLO,
  SERVER_HELLO_12,
} from '../features/protocol/tls/hello-bytes.ts';
import { SEARCH_DELIVERIES, type Side, TlsHandshake, TlsStatus } from './tls-handshake.ts';

const CLIENT = record(22, message(1, CLIENT_HELLO));
const SERVER = record(22, message(2, SERVER_HELLO));

/** Feeds [side, bytes] pairs to a new reader. */
function read(...deliveries: readonly (readonly [Side, Uint8Array])[]): TlsHandshake<ClientHello, ServerHello> {
  const tls = new TlsHandshake(WHOLE_HELLOS);
  for (const [side, bytes] of deliveries) tls.feed(side, bytes, 0, bytes.length);
  return tls;
}

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('a TLS handshake', () => {
  test('is read from both sides', () => {
    const tls = read([0, CLIENT], [1, SERVER]);
    expect([tls.status, tls.clientSide, tls.serverHello!.version]).toEqual([TlsStatus.Done, 0, TlsVersion.Tls13]);
    expect([tls.clientHello!.sni, tls.serverHello!.cipher]).toEqual(['example.com', 0x1301]);
  });

  test('finds the client by the messages, whoever is seen first', () => {
    expect(read([0, SERVER], [1, CLIENT])).toMatchObject({ status: TlsStatus.Done, clientSide: 1 });
    expect(read([1, SERVER])).toMatchObject({ status: TlsStatus.Reading, clientSide: 0 });
  });

  test('goes on behind a hello that was read elsewhere', () => {
    for (const [side, hello, rest, clientSide] of [[0, CLIENT, SERVER, 0] as const, [1, SERVER, CLIENT, 0] as const]) {
      const { clientHello, serverHello } = read([side, hello]);
      const tls = new TlsHandshake(WHOLE_HELLOS);
      tls.goOnFrom(side, clientHello, serverHello);
      expect([tls.hasSpoken(side), tls.hasSpoken(side === 0 ? 1 : 0), tls.clientSide]).toEqual([
        true,
        false,
        clientSide,
      ]);
      tls.feed(side === 0 ? 1 : 0, rest, 0, rest.length);
      expect(tls.status).toBe(TlsStatus.Done);
    }
  });

  test('may be cut into deliveries of any size', () => {
    for (let size = 1; size < 40; size++) {
      const tls = new TlsHandshake(WHOLE_HELLOS);
      for (const [side, bytes] of [[0, CLIENT] as const, [1, SERVER] as const]) {
        for (let at = 0; at < bytes.length; at += size) tls.feed(side, bytes, at, Math.min(bytes.length, at + size));
      }
      expect(tls, `deliveries of ${size}`).toMatchObject({ status: TlsStatus.Done, clientSide: 0 });
    }
  });

  test('may be cut into records of any size (RFC 8446 5.1)', () => {
    const whole = message(1, CLIENT_HELLO);
    for (let size = 1; size < 40; size++) {
      const records: Uint8Array[] = [];
      for (let at = 0; at < whole.length; at += size) records.push(record(22, whole.slice(at, at + size)));
      expect(read([0, concat(...records)], [1, SERVER]).status, `records of ${size}`).toBe(TlsStatus.Done);
    }
  });

  test('stops at the hellos: what follows is not looked at', () => {
    const rest = ascii('garbage');
    expect(read([0, concat(CLIENT, rest)], [0, rest], [1, concat(SERVER, rest)]).status).toBe(TlsStatus.Done);
  });

  test('may begin after talk in the clear: STARTTLS, SOCKS, CONNECT', () => {
    const tls = read([1, ascii('220 ready')], [0, ascii('STARTTLS')], [1, ascii('220 go')], [0, CLIENT], [1, SERVER]);
    expect(tls).toMatchObject({ status: TlsStatus.Done, clientSide: 0 });
  });

  test('may begin with an SSL 2.0 framed ClientHello, which is recognised and left', () => {
    const old = hex(`801c 01 0301 0003 0000 0010 000035 ${'00'.repeat(16)}`);
    const tls = read([1, old], [0, record(22, message(2, SERVER_HELLO_12))]);
    expect(tls).toMatchObject({ status: TlsStatus.Done, clientSide: 1, isSsl2Client: true, clientHello: null });
    expect(tls.serverHello!.version).toBe(TlsVersion.Tls12);
  });

  test('may be preceded by a HelloRequest', () => {
    expect(read([1, record(22, concat(message(0, hex('')), message(2, SERVER_HELLO)))], [0, CLIENT]).status).toBe(
      TlsStatus.Done,
    );
  });

  test('refused by a fatal alert says why; a warning is passed over (RFC 6066 3)', () => {
    expect(read([0, CLIENT], [1, record(21, hex('0228'))])).toMatchObject({ status: TlsStatus.Refused, alert: 40 });
    expect(read([0, CLIENT], [1, record(21, hex('0170'))], [1, SERVER]).status).toBe(TlsStatus.Done);
  });
});

describe('what is no handshake', () => {
  test('is given up after a few deliveries', () => {
    const tls = new TlsHandshake(WHOLE_HELLOS);
    for (let i = 1; i < SEARCH_DELIVERIES; i++) tls.feed(0, ascii('hello'), 0, 5);
    expect(tls.status).toBe(TlsStatus.Reading);
    tls.feed(0, ascii('hello'), 0, 5);
    expect(tls.status).toBe(TlsStatus.NoHandshake);
  });

  test.each([
    ['a first byte that fits and a second that does not', hex('16'), hex('4142434445'), TlsStatus.NoHandshake],
    ['a hello whose lengths do not add up', record(22, message(1, hex('0303'))), hex('00'), TlsStatus.Malformed],
    ['a message over the limit', record(22, hex('01 010000 0303')), hex('00'), TlsStatus.TooLarge],
    ['another record inside a message', record(22, hex('01 000100 03')), record(23, hex('00')), TlsStatus.Malformed],
    ['an empty handshake record', record(22, hex('01 000100 03')), hex('16 0301 0000'), TlsStatus.Malformed],
  ])('%s', (_, first, second, status) => {
    expect(read([0, first], [0, second]).status).toBe(status);
  });

  test('two ClientHellos from two sides contradict each other', () => {
    expect(read([0, CLIENT], [1, CLIENT])).toMatchObject({ status: TlsStatus.Malformed, clientSide: 0 });
  });

  test('an answer in the clear leaves the ClientHello known', () => {
    const tls = new TlsHandshake(WHOLE_HELLOS);
    tls.feed(0, CLIENT, 0, CLIENT.length);
    for (let i = 0; i < SEARCH_DELIVERIES; i++) tls.feed(1, ascii('HTTP/1.1 400'), 0, 12);
    expect(tls.status).toBe(TlsStatus.Malformed);
    expect(tls.clientHello!.sni).toBe('example.com');
    expect(tls.serverHello).toBeNull();
  });
});
