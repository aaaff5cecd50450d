import { expect, test } from 'vitest';
import { nodeCiphers } from '../../../../features/ciphers-node.ts';
import { looksLikeQuic, QuicConnection } from '../../../../features/protocol/quic/connection.ts';
import { readGoogleHello } from '../../../../features/protocol/quic/google.ts';
import { WHOLE_HELLOS } from '../../../../features/protocol/tls/hello-reader.ts';
import { hex } from '../tls/hello-bytes.ts';
import { chlo, publicPacket, q046Packet } from './google-bytes.ts';

const HELLO = chlo({ PAD: '-'.repeat(300), 'SNI\0': 'www.example.org', VER: 'Q043', UAID: 'Chrome/72.0' });

test.each([
  ['Q024', publicPacket('Q024', HELLO)],
  ['Q033', publicPacket('Q033', HELLO)],
  ['Q034', publicPacket('Q034', HELLO)],
  ['Q039', publicPacket('Q039', HELLO)],
  ['Q043', publicPacket('Q043', HELLO)],
  ['Q046', q046Packet(HELLO)],
])('the first packet of %s', (version, packet) => {
  expect(looksLikeQuic(packet, 0, packet.length, packet.length)).toBe(true);
  const quic = new QuicConnection(nodeCiphers, WHOLE_HELLOS, 0);
  quic.datagram(0, packet, 0, packet.length, packet.length);
  const said = { version, clientVersion: version, plainName: 'www.example.org', plainUserAgent: 'Chrome/72.0' };
  expect(quic.summary).toMatchObject({ ...said, clientDcidLength: 8, client: null });
  expect(quic.isOver).toBe(true);
});

test('a CHLO that was cut says what is there', () => {
  const nameEnd = HELLO.length - 'Q043'.length - 'Chrome/72.0'.length;
  expect(readGoogleHello(HELLO, 0, nameEnd)).toEqual({ name: 'www.example.org', userAgent: null });
  expect(readGoogleHello(HELLO, 0, nameEnd - 1)).toEqual({ name: null, userAgent: null });
  expect(readGoogleHello(HELLO, 0, 20)).toBeNull();
});

test.each([
  ['another version', '0d a4b104dcf2fe28fa 51313433 01'],
  ['no version', '0c a4b104dcf2fe28fa 51303433 01'],
  ['reserved flags', '4d a4b104dcf2fe28fa 51303433 01'],
  ['too short', '0d a4b104dcf2fe28fa 513034'],
])('%s is no packet of Google', (_, text) => {
  const bytes = hex(text);
  expect(looksLikeQuic(bytes, 0, bytes.length, bytes.length)).toBe(false);
});
