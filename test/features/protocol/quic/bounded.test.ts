/** Half-read handshakes of many flows stay within their memory, and none is left over. */
import { expect, test } from 'vitest';
import { nodeCiphers } from '../../../../features/ciphers-node.ts';
import { Packet, Protocol } from '../../../../features/packet/packet.ts';
import { DatagramWatch } from '../../../../features/protocol/datagram-watch.ts';
import { dtlsProtocol } from '../../../../features/protocol/dtls/dtls-protocol.ts';
import { QuicProtocol } from '../../../../features/protocol/quic/quic-protocol.ts';
import { WHOLE_HELLOS } from '../../../../features/protocol/tls/hello-reader.ts';
import { clientBody, fragment, record } from '../dtls/dtls-bytes.ts';
import { CLIENT_HELLO, hex, message } from '../tls/hello-bytes.ts';
import { crypto, initial } from './quic-bytes.ts';

const DCID = hex('8394c8f03e515708');
const HALF_QUIC = initial({ keyDcid: DCID, frames: crypto(0, message(1, CLIENT_HELLO).subarray(0, 90)), padTo: 1180 });
const HALF_DTLS = record(22, fragment(1, 0, clientBody(new Uint8Array(0)), 0, 90));
const SLOTS = 50;

function packetOf(bytes: Uint8Array): Packet {
  const packet = new Packet();
  packet.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  packet.protocol = Protocol.Udp;
  packet.payloadEnd = packet.payloadLength = bytes.length;
  return packet;
}

test.each([
  ['QUIC', (bytes: number) => new DatagramWatch(new QuicProtocol(nodeCiphers, WHOLE_HELLOS, bytes)), HALF_QUIC],
  ['DTLS', (bytes: number) => new DatagramWatch(dtlsProtocol(WHOLE_HELLOS, bytes)), HALF_DTLS],
])('%s: the handshakes that began first are given up and counted', (_, watchOf, datagram) => {
  const watch = watchOf(40_000);
  const packet = packetOf(datagram);
  const wanted: boolean[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    watch.opened(slot);
    wanted.push(watch.payload(slot, 0, packet));
  }
  expect(wanted.every(Boolean)).toBe(true);
  expect(watch.givenUp).toBeGreaterThan(20);
  expect(watch.givenUp).toBeLessThan(SLOTS - 5);
  // One given up shows what was read of it, and wants no more.
  expect(watch.of(0)).not.toBeNull();
  expect(watch.payload(0, 0, packet)).toBe(false);
  const before = watch.givenUp;
  for (let slot = 0; slot < SLOTS; slot++) {
    watch.closed(slot);
    expect(watch.of(slot)).toBeNull();
  }
  // Everything was handed back: as many find room again.
  for (let slot = 0; slot < SLOTS - before; slot++) {
    watch.opened(slot);
    watch.payload(slot, 0, packet);
  }
  expect(watch.givenUp).toBe(before);
});
