/** WebSocket frames (RFC 6455, section 5.2): what an application's text costs on the wire. */
import type { Prng } from '../../../core/prng.ts';
import { type HttpClient, request } from './http.ts';
import { type Script, serverThinkUs } from './message.ts';

export const Opcode = { Text: 1, Close: 8, Ping: 9, Pong: 10 } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

const encoder = new TextEncoder();

/** One unfragmented frame; clients mask (four more bytes), servers do not. Payloads up to 65535 bytes. */
export function frame(opcode: Opcode, text: string, mask: Prng | null): Uint8Array {
  const payload = encoder.encode(text);
  const long = payload.length > 125;
  const headLength = 2 + (long ? 2 : 0) + (mask ? 4 : 0);
  const bytes = new Uint8Array(headLength + payload.length);
  bytes[0] = 0x80 | opcode;
  bytes[1] = (mask ? 0x80 : 0) | (long ? 126 : payload.length);
  if (long) {
    bytes[2] = payload.length >> 8;
    bytes[3] = payload.length & 255;
  }
  bytes.set(payload, headLength);
  if (mask) {
    const key = headLength - 4;
    mask.bytes(bytes.subarray(key, headLength));
    for (let i = 0; i < payload.length; i++) bytes[headLength + i]! ^= bytes[key + (i & 3)]!;
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
