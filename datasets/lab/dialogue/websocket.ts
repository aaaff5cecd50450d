/** WebSocket frames (RFC 6455, section 5.2): what an application's text costs on the wire. */
import type { Prng } from '../../../core/prng.ts';
import { type HttpClient, request } from './http.ts';
import { type Script, serverThinkUs } from './message.ts';

export const Opcode = { Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

const encoder = new TextEncoder();

/** One unfragmented frame of text; clients mask (four more bytes), servers do not. */
export function frame(opcode: Opcode, text: string, mask: Prng | null): Uint8Array {
  return frameOf(opcode, encoder.encode(text), mask);
}

/** Payloads that need two and eight bytes of length. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** One unfragmented frame of any length. */
export function frameOf(opcode: Opcode, payload: Uint8Array, mask: Prng | null): Uint8Array {
  const { length } = payload;
  const lengthBytes = length < LENGTH_16 ? 0 : length < 0x1_0000 ? 2 : 8;
  const headLength = 2 + lengthBytes + (mask ? 4 : 0);
  const bytes = new Uint8Array(headLength + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x80 | opcode;
  bytes[1] = (mask ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? LENGTH_16 : LENGTH_64);
  if (lengthBytes === 2) view.setUint16(2, length);
  if (lengthBytes === 8) view.setUint32(6, length); // the upper half stays zero: no message has 4 GiB
  bytes.set(payload, headLength);
  if (mask) {
    const key = headLength - 4;
    mask.bytes(bytes.subarray(key, headLength));
    for (let i = 0; i < length; i++) bytes[headLength + i]! ^= bytes[key + (i & 3)]!;
  }
  return bytes;
}

/** The upgrade request and its 101; returns the index of the 101. */
export function upgrade(script: Script, prng: Prng, client: HttpClient, host: string, path: string): number {
  const ask = script.say(
    'client',
    prng.integer(200, 6_000),
    request(
      client,
      'GET',
      host,
      path,
      '',
      `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${prng.hex(22)}==\r\n`,
    ),
  );
  return script.reply(
    ask,
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${prng.hex(27)}=\r\n\r\n`,
    serverThinkUs(prng),
  );
}
