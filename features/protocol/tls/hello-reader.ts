/**
 * What is made of the two hellos of a handshake. Who reads the stream (flow-reader.ts) only
 * has to know whether a hello is one; what is kept of it is the choice of whoever wants the handshake.
 */
import { type ClientHello, decodeClientHello } from './client-hello.ts';
import { decodeServerHello, type ServerHello } from './server-hello.ts';

/** What is kept of each hello; null if it was not read. */
export interface Hellos<Client, Server> {
  readonly client: Client | null;
  readonly server: Server | null;
}

/** Reads the body `bytes[at, end)` of a hello; null if its lengths do not add up. The bytes are borrowed. */
export interface HelloReader<Client, Server> {
  client(bytes: Uint8Array, at: number, end: number): Client | null;
  server(bytes: Uint8Array, at: number, end: number): Server | null;
}

/** What a reader of the whole handshake has to know of the hellos. */
export interface ClientTraits {
  readonly hasEarlyData: boolean;
}
export interface ServerTraits {
  readonly isTls13: boolean;
  readonly isRetryRequest: boolean;
  readonly hasPreSharedKey: boolean;
  readonly group: number | null;
}

/** Reads the body `bytes[at, end)` of a server's Certificate message up to TLS 1.2; null if its lengths do not add up. */
export interface ChainReader<Chain> {
  chain(bytes: Uint8Array, at: number, end: number): Chain | null;
}

/** Keeps everything: hundreds of objects a handshake. */
export const WHOLE_HELLOS: HelloReader<ClientHello, ServerHello> = {
  client: decodeClientHello,
  server: decodeServerHello,
};
