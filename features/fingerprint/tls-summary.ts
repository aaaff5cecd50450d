/**
 * What is kept of a handshake: a few numbers and shared texts. The hellos themselves are hundreds of objects, and a busy
 * link holds a hundred thousand flows at once. Clients and servers say the same in every connection, so a hello is
 * decoded only if its key (hello-key.ts) is not known; else it is not more than one walk over its bytes.
 */
import type { Digests } from '../../core/digest.ts';
import { type ClientHello, decodeClientHello } from '../protocol/tls/client-hello.ts';
import { tlsVersionText } from '../protocol/tls/constants.ts';
import type { HelloReader, Hellos } from '../protocol/tls/hello-reader.ts';
import { decodeServerHello, type ServerHello } from '../protocol/tls/server-hello.ts';
import { CACHE_LIMITS } from './cache.ts';
import { ClientHelloKey, ServerHelloKey } from './hello-key.ts';
import { type HostName, HostNames } from './host-names.ts';
import { ja3, ja3s } from './ja3.ts';
import { ja4 } from './ja4.ts';
import { KeyCache } from './key-cache.ts';

/** What a client says whomever it calls. */
interface ClientKind {
  /** Protocol names in the client's order, joined by commas. */
  readonly alpn: string | null;
  readonly cipherCount: number;
  readonly extensionCount: number;
  readonly hasEncryptedHello: boolean;
  readonly ja3: string;
  readonly ja4: string;
}

export interface ClientSummary extends ClientKind, HostName {}

export interface ServerSummary {
  readonly version: string | null;
  readonly alpn: string | null;
  readonly cipher: number;
  readonly ja3s: string;
}

export type TlsSummary = Hellos<ClientSummary, ServerSummary>;

/**
 * @param digests should remember (see cache.ts): clients that shuffle their extensions still have the same JA4
 * @param entries of each cache
 */
export function tlsSummariser(
  digests: Digests,
  entries: number = CACHE_LIMITS.entries,
): HelloReader<ClientSummary, ServerSummary> {
  const names = new HostNames(entries);
  const clientKey = new ClientHelloKey();
  const clients = new KeyCache<ClientKind>(entries);
  const serverKey = new ServerHelloKey();
  const servers = new KeyCache<ServerSummary>(entries);

  function newClient(hello: ClientHello): ClientKind {
    const kind = clientKind(hello, digests);
    clients.keep(clientKey.key, kind);
    return kind;
  }

  function newServer(hello: ServerHello): ServerSummary {
    const summary = serverSummary(hello, digests);
    servers.keep(serverKey.key, summary);
    return summary;
  }

  return {
    client(bytes, at, end) {
      if (!clientKey.read(bytes, at, end)) return null;
      const kind = clients.find(clientKey.key) ?? newClient(decodeClientHello(bytes, at, end)!);
      const { sni, sniTokens } = names.of(bytes, clientKey.nameAt, clientKey.nameEnd);
      const { alpn, cipherCount, extensionCount, hasEncryptedHello, ja3, ja4 } = kind;
      return { sni, sniTokens, alpn, cipherCount, extensionCount, hasEncryptedHello, ja3, ja4 };
    },
    server(bytes, at, end) {
      if (!serverKey.read(bytes, at, end)) return null;
      return servers.find(serverKey.key) ?? newServer(decodeServerHello(bytes, at, end)!);
    },
  };
}

function clientKind(hello: ClientHello, digests: Digests): ClientKind {
  return {
    alpn: hello.alpn.length === 0 ? null : hello.alpn.join(','),
    cipherCount: hello.ciphers.length,
    extensionCount: hello.extensions.length,
    hasEncryptedHello: hello.hasEncryptedHello,
    ja3: ja3(hello, digests),
    ja4: ja4(hello, digests),
  };
}

function serverSummary(hello: ServerHello, digests: Digests): ServerSummary {
  return {
    version: tlsVersionText(hello.version),
    alpn: hello.alpn,
    cipher: hello.cipher,
    ja3s: ja3s(hello, digests),
  };
}
