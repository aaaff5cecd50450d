/**
 * Genuine TLS: node:tls (OpenSSL) on both ends of an in-memory wire. Every record is the library's own output; only the
 * time at which it travels is simulated. A message counts as sealed when the peer has decrypted all of it, so a channel can
 * never run ahead of its own records.
 *
 * From run to run the ciphertext differs (OpenSSL's randomness cannot be seeded) and so do a few handshake lengths: an ECDSA
 * signature is two DER integers, each a byte shorter now and then, and session tickets round such differences up to 16.
 * Lengths of application records are a function of the plaintext alone.
 */
import { constants } from 'node:crypto';
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Side } from '../dialogue/message.ts';
import type { Credentials } from './certificate.ts';
import type { Channel, Flight } from './channel.ts';
import type { ClientShape, ServerShape } from './shapes.ts';
import { Wire } from './wire.ts';

export type TlsVersion = 'tls12' | 'tls13';

/** A server's identity and settings, made once per site; holds the ticket keys that resumption needs. */
export interface TlsServer {
  readonly version: TlsVersion;
  readonly host: string;
  readonly shape: ServerShape;
  readonly context: SecureContext;
}

export function createTlsServer(
  version: TlsVersion,
  host: string,
  shape: ServerShape,
  credentials: Credentials,
): TlsServer {
  const context = createSecureContext({
    key: credentials.keyPem,
    cert: credentials.chainPem,
    ecdhCurve: shape.groups,
    minVersion: 'TLSv1.2',
    maxVersion: version === 'tls12' ? 'TLSv1.2' : 'TLSv1.3',
    secureOptions: shape.prefersOwnCiphers ? constants.SSL_OP_CIPHER_SERVER_PREFERENCE : 0,
  });
  return { version, host, shape, context };
}

/** Rounds of the event loop without a write after which a handshake is over; OpenSSL answers within one. */
const QUIET_ROUNDS = 4;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class Pair {
  readonly wire = new Wire();
  readonly client: TLSSocket;
  readonly server: TLSSocket;
  readonly #received = { client: 0, server: 0 };
  #wake: () => void = () => {};
  #failure: Error | null = null;
  session: Buffer | null = null;

  constructor(server: TlsServer, shape: ClientShape, session: Buffer | null) {
    const selected = server.shape.selectsAlpn ? shape.alpn.slice(-1) : [];
    this.server = new TLSSocket(this.wire.server, {
      isServer: true,
      secureContext: server.context,
      ALPNProtocols: selected,
    });
    this.client = connect({
      socket: this.wire.client,
      secureContext: createSecureContext({
        ca: [], // nothing is verified here, and loading the system's roots for every client is slow
        ciphers: shape.ciphers,
        ecdhCurve: shape.groups,
        ...(shape.sigalgs ? { sigalgs: shape.sigalgs } : {}),
        minVersion: 'TLSv1.2',
        maxVersion: server.version === 'tls12' && shape.stopsAt12 ? 'TLSv1.2' : 'TLSv1.3',
      }),
      rejectUnauthorized: false,
      ALPNProtocols: [...shape.alpn],
      ...(shape.sendsName ? { servername: server.host } : {}),
      ...(session ? { session } : {}),
    });
    this.client.on('session', (ticket: Buffer) => {
      this.session = ticket;
    });
    this.#listen(this.client, 'client');
    this.#listen(this.server, 'server');
  }

  #listen(socket: TLSSocket, side: Side): void {
    socket.on('data', (chunk: Uint8Array) => {
      this.#received[side] += chunk.length;
      this.#wake();
    });
    socket.on('error', (error: Error) => {
      this.#failure = error;
      this.#wake();
    });
    socket.on('close', () => {
      this.#failure ??= new Error(`the ${side} closed the connection`);
      this.#wake();
    });
  }

  async handshake(): Promise<Flight[]> {
    await new Promise<void>((resolve, reject) => {
      this.client.once('secureConnect', resolve);
      this.#wake = () => this.#failure && reject(this.#failure);
    });
    await this.#settle();
    return this.wire.take();
  }

  /** Waits until neither side has anything more to write by itself: tickets, answers to a farewell. */
  async #settle(): Promise<void> {
    let quiet = 0;
    let seen = this.wire.pendingCount;
    while (quiet < QUIET_ROUNDS) {
      await turn();
      quiet = this.wire.pendingCount === seen ? quiet + 1 : 0;
      seen = this.wire.pendingCount;
    }
  }

  async seal(from: Side, bytes: Uint8Array): Promise<Uint8Array> {
    const to: Side = from === 'client' ? 'server' : 'client';
    const expected = this.#received[to] + bytes.length;
    this[from].write(bytes);
    while (this.#received[to] < expected) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#own(from);
  }

  async farewell(from: Side): Promise<Flight[]> {
    this[from].end();
    await this.#settle();
    return this.wire.take();
  }

  #own(from: Side): Uint8Array {
    return this.wire.take().find((flight) => flight.from === from)?.bytes ?? new Uint8Array(0);
  }

  dispose(): void {
    this.client.destroy();
    this.server.destroy();
  }
}

/** A session ticket from an earlier visit, made by paying one that is not recorded. */
async function earlierSession(server: TlsServer, shape: ClientShape): Promise<Buffer | null> {
  const visit = new Pair(server, shape, null);
  await visit.handshake();
  visit.dispose();
  return visit.session;
}

export async function openTls(server: TlsServer, shape: ClientShape): Promise<Channel> {
  const pair = new Pair(server, shape, shape.resumes ? await earlierSession(server, shape) : null);
  const handshake = await pair.handshake();
  const lastOfClient = handshake.findLastIndex((flight) => flight.from === 'client');
  return {
    handshake,
    // TLS 1.3: the client writes right behind its Finished, tickets come later. TLS 1.2: it waits for the last flight.
    clientReadyAfter: server.version === 'tls13' ? lastOfClient : handshake.length - 1,
    seal: (from, bytes) => pair.seal(from, bytes),
    farewell: (from) => pair.farewell(from),
    dispose: () => pair.dispose(),
  };
}
