/** Test-only: DTLS records written out (RFC 6347 4.1 and 4.2.2). */
import { CLIENT_HELLO, concat, hex, SERVER_HELLO_12 } from '../tls/hello-bytes.ts';

/** A ClientHello body with a cookie behind its session id, and the version that DTLS 1.2 has. */
export function clientBody(cookie: Uint8Array, version = hex('fefd')): Uint8Array {
  const sessionEnd = 2 + 32 + 1 + CLIENT_HELLO[34]!;
  const rest = CLIENT_HELLO.subarray(sessionEnd);
  return concat(version, CLIENT_HELLO.subarray(2, sessionEnd), Uint8Array.of(cookie.length), cookie, rest);
}

export const SERVER_BODY = concat(hex('fefd'), SERVER_HELLO_12.subarray(2));

/** The fragment `body[from, to)` of a handshake message. */
export function fragment(type: number, sequence: number, body: Uint8Array, from = 0, to = body.length): Uint8Array {
  const lengths = Uint8Array.of(type, 0, body.length >> 8, body.length, sequence >> 8, sequence);
  const place = Uint8Array.of(0, from >> 8, from, 0, (to - from) >> 8, to - from);
  return concat(lengths, place, body.subarray(from, to));
}

export function record(type: number, body: Uint8Array, epoch = 0, version = hex('fefd')): Uint8Array {
  const header = concat(Uint8Array.of(type), version, Uint8Array.of(0, epoch, 0, 0, 0, 0, 0, 0));
  return concat(header, Uint8Array.of(body.length >> 8, body.length), body);
}
