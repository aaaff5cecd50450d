/**
 * Settings and keys of TLS clients and servers, in the form the library wants them. Making one takes longer than sealing fifty
 * messages, so clients of one library share theirs and servers keep theirs while they are in use.
 */
import { constants } from 'node:crypto';
import { createSecureContext, createServer, type SecureContext, type Server } from 'node:tls';
import { Prng } from '../../../core/prng.ts';
import { type Credentials, drawAuthority, drawCredentials } from './certificate.ts';
import type { ClientShape, ServerShape } from './shapes.ts';

export type TlsVersion = 'tls12' | 'tls13';

/** A server's identity and settings, made once per site. */
export interface TlsServer {
  readonly version: TlsVersion;
  readonly host: string;
  readonly shape: ServerShape;
  /** Called when the first client comes, and gives the same each time. */
  readonly credentials: () => Credentials;
}

/** Server contexts kept, some 30 KB each: the sites of a capture of a thousand flows. Making one again takes a millisecond. */
const SERVER_CONTEXTS = 512;
const serverContexts = new Map<TlsServer, SecureContext>();

/** The context holds the ticket keys, so a ticket is good as long as it is kept. */
export function serverContext(server: TlsServer): SecureContext {
  const known = serverContexts.get(server);
  if (known) {
    serverContexts.delete(server); // and put last again, as the one used last
    serverContexts.set(server, known);
    return known;
  }
  const { shape, version } = server;
  const { keyPem, chainPem } = server.credentials();
  const context = createSecureContext({
    key: keyPem,
    cert: chainPem,
    ecdhCurve: shape.groups,
    minVersion: 'TLSv1.2',
    maxVersion: version === 'tls12' ? 'TLSv1.2' : 'TLSv1.3',
    sessionIdContext: 'site', // without one, whoever asks for certificates resumes nothing
    ...(shape.ciphers ? { ciphers: shape.ciphers } : {}),
    ca: shape.asksCertificate ? drawAuthority(new Prng(server.host)) : [],
    secureOptions:
      (shape.prefersOwnCiphers ? constants.SSL_OP_CIPHER_SERVER_PREFERENCE : 0) |
      (resumesById(server) ? constants.SSL_OP_NO_TICKET : 0),
  });
  for (const oldest of serverContexts.keys()) {
    if (serverContexts.size < SERVER_CONTEXTS) break;
    serverContexts.delete(oldest);
  }
  serverContexts.set(server, context);
  return context;
}

/** TLS 1.2 knows sessions by identifier as well as by ticket (RFC 5246, RFC 5077); TLS 1.3 by ticket alone. */
export const resumesById = ({ version, shape }: TlsServer) => version === 'tls12' && shape.remembersSessions;

const CLIENT_CERTIFICATES = 12;
const clientContexts = new Map<string, SecureContext>();

export function clientContext(shape: ClientShape, stopsAt12: boolean): SecureContext {
  const key = `${shape.library} ${stopsAt12} ${shape.certificate}`;
  let context = clientContexts.get(key);
  if (!context) {
    const own = shape.certificate < 0 ? null : clientCredentials(shape.certificate % CLIENT_CERTIFICATES);
    context = createSecureContext({
      ca: [], // nothing is verified here, and loading the system's roots is slow
      ciphers: shape.ciphers,
      ecdhCurve: shape.groups,
      ...(shape.sigalgs ? { sigalgs: shape.sigalgs } : {}),
      ...(own ? { key: own.keyPem, cert: own.chainPem } : {}),
      minVersion: 'TLSv1.2',
      maxVersion: stopsAt12 ? 'TLSv1.2' : 'TLSv1.3',
    });
    clientContexts.set(key, context);
  }
  return context;
}

/** Devices and users with a certificate: a few serve all, for only lengths show. */
function clientCredentials(index: number): Credentials {
  return drawCredentials(new Prng(`client certificate ${index}`), `device-${index}.clients.example`);
}

/** Sessions known by identifier at once: those of the handshakes under way, several times over. */
const SESSIONS = 256;
const sessions = new Map<string, Buffer>();
let book: Server | null = null;

/** Node's way to hand sessions out and take them back is the events of a server; this one never listens. */
export function sessionBook(): Server {
  if (book) return book;
  book = createServer();
  book.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    for (const oldest of sessions.keys()) {
      if (sessions.size < SESSIONS) break;
      sessions.delete(oldest);
    }
    sessions.set(id.toString('hex'), session);
    done();
  });
  book.on('resumeSession', (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) => {
    done(null, sessions.get(id.toString('hex')) ?? null);
  });
  return book;
}
