/** Rows of QUIC and DTLS flows, through the whole extractor. */
import { expect, test } from 'vitest';
import type { ExtractOptions } from '../../../../features/extractor.ts';
import { pcap } from '../../../support/captures.ts';
import { udp } from '../../../support/frames.ts';
import { extractRows } from '../../../support/rows.ts';
import { clientBody, fragment, record, SERVER_BODY } from '../dtls/dtls-bytes.ts';
import { CLIENT_HELLO, concat, hex, message, SERVER_HELLO } from '../tls/hello-bytes.ts';
import { chlo, publicPacket } from './google-bytes.ts';
import { crypto, initial, opaque, V1 } from './quic-bytes.ts';

const THERE = { from: '10.0.0.1:40000', to: '10.0.0.2:4433' };
const BACK = { from: THERE.to, to: THERE.from };
const DCID = hex('8394c8f03e515708');
const ID = hex('c0ffee');
const SERVER_ID = hex('f067a5502a4262b5');
const CLIENT = message(1, CLIENT_HELLO);
const HELLO = initial({ keyDcid: DCID, scid: ID, frames: crypto(0, CLIENT), padTo: 1180 });
const ANSWER = initial({
  who: 'server',
  keyDcid: DCID,
  dcid: ID,
  scid: SERVER_ID,
  frames: crypto(0, message(2, SERVER_HELLO)),
});

function rowsOf(payloads: readonly (readonly [typeof THERE, Uint8Array])[], options: ExtractOptions = {}, gap = 1) {
  const frames = payloads.map(([ends, payload], i) => ({
    at: 1 + i * gap,
    bytes: udp(ends.from, ends.to, payload),
  }));
  return extractRows(pcap(frames), options);
}

test('a QUIC flow has the columns of its handshake and of TLS', () => {
  const { rows } = rowsOf([
    [THERE, HELLO],
    [BACK, ANSWER],
    [THERE, opaque(V1, 2, SERVER_ID, ID)],
    [BACK, hex('40c0ffee00')],
  ]);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({
    tls_transport: 'quic',
    tls_version: 'TLS 1.3',
    tls_cipher: 0x1301,
    sni: 'example.com',
    sni_tokens: ['example', 'com'],
    alpn: 'h2,http/1.1',
    quic_version: '1',
    quic_client_version: '1',
    quic_client_initials: 1,
    quic_server_initials: 1,
    quic_client_dcid_length: 8,
    quic_client_scid_length: 3,
    quic_server_scid_length: 8,
    quic_retry: false,
    quic_parameters: null,
    quic_close_error: null,
    dtls_hello_verify: null,
  });
  expect(rows[0]!['ja4']).toMatch(/^q13d0310h2_/);
});

test('a flow of Google QUIC has a server name and no TLS', () => {
  const { rows } = rowsOf([[THERE, publicPacket('Q043', chlo({ 'SNI\0': 'www.example.org', UAID: 'agent' }))]]);
  const said = {
    quic_version: 'Q043',
    sni: 'www.example.org',
    sni_tokens: ['www', 'example', 'org'],
    quic_user_agent: 'agent',
  };
  expect(rows[0]).toMatchObject({ ...said, tls_transport: null, ja4: null, quic_client_initials: 0 });
});

test('a DTLS flow after STUN has the columns of TLS', () => {
  const stun = hex('000100002112a442000000000000000000000000');
  const { rows } = rowsOf([
    ...Array.from({ length: 20 }, () => [THERE, stun] as const),
    [BACK, record(22, fragment(1, 0, clientBody(new Uint8Array(0))))],
    [THERE, record(22, fragment(2, 0, SERVER_BODY))],
  ]);
  const said = { tls_transport: 'dtls', tls_version: 'DTLS 1.2', sni: 'example.com', dtls_hello_verify: false };
  expect(rows[0]).toMatchObject({ ...said, quic_version: null, quic_retry: null });
  expect(rows[0]!['ja4']).toMatch(/^d13d/);
});

test('other datagrams leave all of these columns empty', () => {
  const { rows } = rowsOf(Array.from({ length: 30 }, (_, i) => [THERE, new Uint8Array(1200).fill(i * 8 + 3)] as const));
  for (const [name, value] of Object.entries(rows[0]!))
    if (/^(quic|dtls|tls)_|^ja|^sni/.test(name)) expect(value, name).toBeNull();
});

test('a flow that is cut in the middle of its handshake goes on with it', () => {
  const half = (from: number, to: number, number: number) =>
    initial({ keyDcid: DCID, scid: ID, frames: crypto(from, CLIENT.subarray(from, to)), padTo: 1180, number });
  const { rows } = rowsOf(
    [
      [THERE, half(0, 90, 0)],
      [THERE, half(90, CLIENT.length, 1)],
      [BACK, ANSWER],
    ],
    { activeTimeout: 1 },
    2,
  );
  expect(rows.map((row) => [row['quic_version'], row['sni'], row['tls_version'], row['quic_client_initials']])).toEqual(
    [
      ['1', null, null, 1],
      ['1', 'example.com', null, 2],
      ['1', 'example.com', 'TLS 1.3', 2],
    ],
  );
});

test('a flow that speaks both says what fits in a row', () => {
  const { rows } = rowsOf([
    [THERE, record(22, fragment(1, 0, clientBody(new Uint8Array(0))))],
    [THERE, HELLO],
    [BACK, concat(ANSWER)],
  ]);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ sni: 'example.com', quic_version: '1', dtls_hello_verify: false });
});
