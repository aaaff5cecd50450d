/**
 * DTLS for the watch of datagrams. It may follow other protocols on the same ports (RFC 7983: STUN), so many datagrams are
 * looked at; a look at one that is something else is a comparison of its first byte.
 */
import type { DatagramProtocol } from '../datagram-watch.ts';
import type { HelloReader } from '../tls/hello-reader.ts';
import { DtlsHandshake } from './handshake.ts';
import { DTLS_LIMITS } from './limits.ts';
import { looksLikeDtls } from './record.ts';

/** @param readingBytes of handshakes half-read, all flows together */
export function dtlsProtocol<Client, Server>(
  hellos: HelloReader<Client, Server>,
  readingBytes: number = DTLS_LIMITS.readingBytes,
): DatagramProtocol<DtlsHandshake<Client, Server>> {
  return {
    looks: DTLS_LIMITS.looks,
    readingBytes,
    begins: looksLikeDtls,
    reader: () => new DtlsHandshake(hellos),
  };
}
