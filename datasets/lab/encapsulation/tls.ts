/**
 * Genuine TLS: node:tls (OpenSSL) on both ends of an in-memory wire. Every record is the library's own output; only the
 * time at which it travels is simulated. A message counts as sealed when the peer has decrypted all of it, so a channel can
 * never run ahead of its own records. Mostly that is so as soon as it is written; only a side that writes twice in a row
 * waits for the event loop in between, as the library requires.
 *
 * From run to run the ciphertext differs (OpenSSL's randomness cannot be seeded) and so do a few handshake lengths: an ECDSA
 * signature is two DER integers, each a byte shorter now and then, and session tickets round such differences up to 16.
 * Lengths of application records are a function of the plaintext alone.
 */
import { connect, type SecureContext, TLSSocket } from 'node:tls';
import type { Side } from '../dialogue/message.ts';
import { type Channel, type Flight, opposite, QUIET, type Sealed } from './channel.ts';
import type { ClientShape } from './shapes.ts';
import { clientContext, resumesById, serverContext, sessionBook, type TlsServer } from './tls-contexts.ts';
import { Wire, type Written } from './wire.ts';

/** Rounds of the event loop without a write after which a handshake is over; OpenSSL answers within one. */
const QUIET_ROUNDS = 4;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const RECORD_BYTES_MAX = 16_384;

class Pair {
  readonly wire = new Wire();
  readonly client: TLSSocket;
  readonly server: TLSSocket;
  readonly #received = { client: 0, server: 0 };
  #wake: () => void = () => {};
  #failure: Error | null = null;
  session: Buffer | null = null;

  constructor(server: TlsServer, context: SecureContext, shape: ClientShape, session: Buffer | null) {
    const { shape: habits } = server;
    this.server = new TLSSocket(this.wire.server, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: habits.alpn.filter((protocol) => shape.alpn.includes(protocol)),
      ...(habits.asksCertificate ? { requestCert: true, rejectUnauthorized: false } : {}),
      ...(resumesById(server) ? { server: sessionBook() } : {}),
    });
    this.client = connect({
      socket: this.wire.client,
      secureContext: clientContext(shape, server.version === 'tls12' && shape.stopsAt12),
      rejectUnauthorized: false,
      ALPNProtocols: [...shape.alpn],
      ...(shape.sendsName ? { servername: server.host } : {}),
      ...(session ? { session } : {}),
    });
    if (habits.recordBytes < RECORD_BYTES_MAX) this.server.setMaxSendFragment(habits.recordBytes);
    if (shape.recordBytes < RECORD_BYTES_MAX) this.client.setMaxSendFragment(shape.recordBytes);
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

  async handshake(): Promise<Written[]> {
    await new Promise<void>((resolve, reject) => {
      this.client.once('secureConnect', resolve);
      this.#wake = () => this.#failure && reject(this.#failure);
    });
    await this.#settle();
    this.#wake = () => {};
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

  seal(from: Side, bytes: Uint8Array): Sealed {
    const to = opposite(from);
    const expected = this.#received[to] + bytes.length;
    this[from].write(bytes);
    return this.#received[to] === expected ? this.wire.takeOne() : this.#sealed(to, expected);
  }

  async #sealed(to: Side, expected: number): Promise<Uint8Array> {
    while (this.#received[to] < expected) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = () => {};
    return this.wire.takeOne();
  }

  async farewell(from: Side): Promise<Written[]> {
    this[from].end();
    await this.#settle();
    return this.wire.take();
  }

  dispose(): void {
    this.client.destroy();
    this.server.destroy();
  }
}

/** A session from an earlier visit, made by paying one that is not recorded. */
async function earlierSession(server: TlsServer, context: SecureContext, shape: ClientShape): Promise<Buffer | null> {
  const visit = new Pair(server, context, shape, null);
  await visit.handshake();
  visit.dispose();
  return visit.session;
}

/** @throws Error if client and server have no cipher, group or signature algorithm in common */
export async function openTls(server: TlsServer, shape: ClientShape): Promise<Channel> {
  const context = serverContext(server); // one for both visits: a ticket is good for the context that made it
  const pair = new Pair(server, context, shape, shape.resumes ? await earlierSession(server, context, shape) : null);
  const written = await pair.handshake();
  const handshake = written.map((flight, i): Flight => ({ ...flight, after: i - 1, thinkUs: 0 }));
  const lastOfClient = written.findLastIndex((flight) => flight.from === 'client');
  // TLS 1.3: the client writes right behind its Finished, tickets come later. TLS 1.2: both wait for the last flight.
  const ready = server.version === 'tls13' ? lastOfClient : written.length - 1;
  return {
    ...QUIET,
    handshake,
    readyAfter: { client: ready, server: ready },
    seal: (from, bytes) => pair.seal(from, bytes),
    farewell: (from) => pair.farewell(from),
    dispose: () => pair.dispose(),
  };
}
