/**
 * Half-read handshakes of all flows together stay within one bound, the oldest given up first; and whatever is read
 * straight from the packet says what full reading says.
 */
import { expect, test } from 'vitest';
import { FlowState } from '../../../features/flow/flow-state.ts';
import { Packet, Protocol } from '../../../features/packet/packet.ts';
import { HandshakeWatch } from '../../../features/protocol/handshake-watch.ts';
import { type ClientHello, decodeClientHello } from '../../../features/protocol/tls/client-hello.ts';
import { type Hellos, WHOLE_HELLOS } from '../../../features/protocol/tls/hello-reader.ts';
import type { ServerHello } from '../../../features/protocol/tls/server-hello.ts';
import { CLIENT_HELLO, message, record } from './tls/hello-bytes.ts';

type Whole = Hellos<ClientHello, ServerHello>;

const whole = record(22, message(1, CLIENT_HELLO));
const half = whole.subarray(0, whole.length - 20);

function packetOf(payload: Uint8Array, sequence: number): Packet {
  const packet = new Packet();
  packet.view = new DataView(payload.slice().buffer);
  packet.protocol = Protocol.Tcp;
  packet.sequence = sequence;
  packet.payloadEnd = payload.length;
  packet.payloadLength = payload.length;
  return packet;
}

function watchOf(mostBytes: number): HandshakeWatch<Whole> {
  const state = new FlowState();
  for (let slot = 0; slot < 8; slot++) state.start(slot, new Packet(), slot, 0);
  return new HandshakeWatch<Whole>(state, WHOLE_HELLOS, mostBytes);
}

test('the handshake that began first is given up when too many are half-read, and says no more than it did', () => {
  const watch = watchOf(3 * (4096 + half.length));
  for (let slot = 0; slot < 4; slot++) {
    watch.opened(slot);
    watch.payload(slot, 0, packetOf(half, 1));
    expect(watch.givenUp).toBe(slot < 3 ? 0 : 1);
  }
  for (let slot = 0; slot < 4; slot++) {
    watch.payload(slot, 0, packetOf(whole.subarray(half.length), 1 + half.length));
    expect(watch.of(slot)?.client?.sni).toBe(slot === 0 ? undefined : 'example.com');
  }
});

test('a flow that is over gives its share back', () => {
  const watch = watchOf(2 * (4096 + half.length));
  for (let round = 0; round < 50; round++) {
    const slot = round % 8;
    watch.opened(slot);
    watch.payload(slot, 0, packetOf(half, 1));
    watch.closed(slot);
  }
  expect(watch.givenUp).toBe(0);
});

test('a longer piece that lies where a shorter one lay is read to its own end', () => {
  const state = new FlowState();
  for (let slot = 0; slot < 2; slot++) state.start(slot, new Packet(), slot, 0);
  const watch = new HandshakeWatch<Whole>(state, WHOLE_HELLOS);
  const shared = new Uint8Array(2 * whole.length);
  shared.set(whole);
  const lying = (length: number) => {
    const packet = packetOf(shared.subarray(0, length), 1);
    packet.view = new DataView(shared.buffer, 0, length);
    return packet;
  };
  watch.opened(0);
  watch.payload(0, 0, lying(half.length));
  watch.opened(1);
  watch.payload(1, 0, lying(whole.length));
  expect(watch.of(1)?.client).toEqual(decodeClientHello(CLIENT_HELLO, 0, CLIENT_HELLO.length));
});
