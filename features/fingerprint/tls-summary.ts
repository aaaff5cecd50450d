/**
 * What is kept of a handshake: a few numbers and shared texts. The hellos themselves are hundreds of objects, and a busy
 * link holds a hundred thousand flows at once. Clients and servers say the same in every connection, so a hello is
 * decoded only if its key (hello-key.ts) is not known; else it is not more than one walk over its bytes.
 */
import type { Digests } from '../../core/digest.ts';
import { type ClientHello, decodeClientHello } from '../protocol/tls/client-hello.ts';
import { tlsVersionText } from '../protocol/tls/constants.ts';
import type { ChainReader, HelloReader, Hellos } from '../protocol/tls/hello-reader.ts';
import { decodeServerHello, type ServerHello } from '../protocol/tls/server-hello.ts';
import type { TlsFlowSummary } from '../protocol/tls-watch.ts';
import { CACHE_LIMITS } from './cache.ts';
import { Certificates, type ChainSummary } from './certificates.ts';
import { withoutGrease } from './grease.ts';
import { ClientHelloKey, ServerHelloKey } from './hello-key.ts';
import { type HostName, HostNames } from './host-names.ts';
import { ja3, ja3s, ja3Text } from './ja3.ts';
import { Ja4Transport, ja4, ja4Original, ja4OriginalRaw, ja4Raw } from './ja4.ts';
import { KeyCache } from './key-cache.ts';
import type { SharedFacts } from './shared-facts.ts';

/** What a client says whomever it calls; one object for all its flows, as are the others here that have cells. */
export interface ClientKind extends SharedFacts {
  /** Protocol names in the client's order, joined by commas. */
  readonly alpn: string | null;
  readonly cipherCount: number;
  readonly extensionCount: number;
  readonly hasEncryptedHello: boolean;
  /** The server name may be that of a provider (RFC 9849 5). */
  readonly isOuterHello: boolean;
  /** Of supported_versions, supported_groups and key_share, in the order sent, without GREASE. */
  readonly versions: readonly number[];
  readonly groups: readonly number[];
  readonly keyShareGroups: readonly number[];
  readonly hasPreSharedKey: boolean;
  readonly hasEarlyData: boolean;
  readonly hasTicket: boolean;
  readonly ja3: string;
  readonly ja4: string;
  /** What the fingerprints are hashes of, and their variants; null unless they are asked for, for they are long. */
  readonly raw: RawFingerprints | null;
}

export interface RawFingerprints {
  readonly ja3Text: string;
  readonly ja4R: string;
  readonly ja4O: string;
  readonly ja4Ro: string;
}

export interface ClientSummary {
  readonly kind: ClientKind;
  readonly host: HostName;
  readonly hasEarlyData: boolean;
}

export interface ServerSummary extends SharedFacts {
  readonly version: string | null;
  readonly alpn: string | null;
  readonly cipher: number;
  /** Group of the key share, TLS 1.3; null if there is none. */
  readonly group: number | null;
  /** Types of the extensions, in the order sent. */
  readonly extensions: readonly number[];
  readonly isRetryRequest: boolean;
  readonly hasPreSharedKey: boolean;
  /** What follows is encrypted at once: the server chose TLS 1.3. */
  readonly isTls13: boolean;
  readonly ja3s: string;
}

export type TlsSummary = Hellos<ClientSummary, ServerSummary>;

/** What a TLS flow over TCP says from its hellos to its end. */
export type TlsTcpSummary = TlsFlowSummary<ClientSummary, ServerSummary, ChainSummary>;

/** Reads hellos and certificates for summaries; see `tlsSummariser`. */
export function tlsFlowSummariser(
  digests: Digests,
  entries?: number,
  withRaw = false,
): HelloReader<ClientSummary, ServerSummary> & ChainReader<ChainSummary> {
  const { client, server } = tlsSummariser(digests, entries, Ja4Transport.Tcp, withRaw);
  const certificates = new Certificates(digests, entries);
  return { client, server, chain: (bytes, at, end) => certificates.chain(bytes, at, end) };
}

/**
 * @param digests should remember (see cache.ts): clients that shuffle their extensions still have the same JA4
 * @param entries of each cache
 * @param transport what carries the hellos
 * @param withRaw whether raw fingerprints are made
 */
export function tlsSummariser(
  digests: Digests,
  entries: number = CACHE_LIMITS.entries,
  transport: Ja4Transport = Ja4Transport.Tcp,
  withRaw = false,
): HelloReader<ClientSummary, ServerSummary> {
  const names = new HostNames(entries);
  const clientKey = new ClientHelloKey();
  const clients = new KeyCache<ClientKind>(entries);
  const serverKey = new ServerHelloKey();
  const servers = new KeyCache<ServerSummary>(entries);

  function newClient(hello: ClientHello): ClientKind {
    const kind = clientKind(hello, digests, transport, withRaw);
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
      const host = names.of(bytes, clientKey.nameAt, clientKey.nameEnd);
      return { kind, host, hasEarlyData: kind.hasEarlyData };
    },
    server(bytes, at, end) {
      if (!serverKey.read(bytes, at, end)) return null;
      return servers.find(serverKey.key) ?? newServer(decodeServerHello(bytes, at, end)!);
    },
  };
}

/** What a client says whomever it calls, of a hello read in full. */
export function clientKind(
  hello: ClientHello,
  digests: Digests,
  transport: Ja4Transport = Ja4Transport.Tcp,
  withRaw = false,
): ClientKind {
  return {
    alpn: hello.alpn.length === 0 ? null : hello.alpn.join(','),
    cipherCount: hello.ciphers.length,
    extensionCount: hello.extensions.length,
    hasEncryptedHello: hello.hasEncryptedHello,
    isOuterHello: hello.isOuterHello,
    versions: withoutGrease(hello.versions),
    groups: withoutGrease(hello.groups),
    keyShareGroups: withoutGrease(hello.keyShareGroups),
    hasPreSharedKey: hello.hasPreSharedKey,
    hasEarlyData: hello.hasEarlyData,
    hasTicket: hello.hasTicket,
    ja3: ja3(hello, digests),
    ja4: ja4(hello, digests, transport),
    raw: withRaw
      ? {
          ja3Text: ja3Text(hello),
          ja4R: ja4Raw(hello, transport),
          ja4O: ja4Original(hello, digests, transport),
          ja4Ro: ja4OriginalRaw(hello, transport),
        }
      : null,
    cells: null,
  };
}

export function serverSummary(hello: ServerHello, digests: Digests): ServerSummary {
  return {
    version: tlsVersionText(hello.version),
    alpn: hello.alpn,
    cipher: hello.cipher,
    group: hello.group,
    extensions: hello.extensions,
    isRetryRequest: hello.isRetryRequest,
    hasPreSharedKey: hello.hasPreSharedKey,
    isTls13: tlsVersionText(hello.version) === 'TLS 1.3',
    ja3s: ja3s(hello, digests),
    cells: null,
  };
}
