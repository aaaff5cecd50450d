/** Whether a handshake goes on with the keys of an earlier session. */
import type { ClientHello } from './client-hello.ts';
import { tlsVersionText } from './constants.ts';
import type { ServerHello } from './server-hello.ts';

/**
 * A hint that an earlier session is resumed: TLS 1.3 by the accepted pre-shared key (RFC 8446 4.2.11), before that by
 * the echo of the client's session id (RFC 5246 7.4.1.3, RFC 5077 3.4).
 */
export function isResumed(client: ClientHello, server: ServerHello): boolean {
  // In TLS 1.3 the echo of the session id means nothing (RFC 8446 D.4).
  if (tlsVersionText(server.version) === 'TLS 1.3') return server.hasPreSharedKey;
  return client.sessionId.length > 0 && sameBytes(client.sessionId, server.sessionId);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
