/**
 * Group `tls`: what the TLS handshake says before it goes dark. None of it is a model input: the handshake tells which
 * library and which host, and a model that learns those recognises the lab it was trained in.
 */
import type { HostName } from '../fingerprint/host-names.ts';
import type { ClientKind, RawFingerprints, ServerSummary, TlsSummary } from '../fingerprint/tls-summary.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import { type NAMES, writeServerNameShape } from './names.ts';
import type { FeatureRows } from './spec.ts';

const NO_CLIENT = 'No ClientHello was read.';
const NO_SERVER = 'No ServerHello was read.';

/** What carries a handshake. */
export type TlsTransport = 'tcp' | 'quic' | 'dtls';

export const TLS = {
  tls_transport: {
    type: 'utf8',
    doc: "What carries the handshake: 'tcp', 'quic' (RFC 9001) or 'dtls' (RFC 9147).",
    nulls: 'No hello was read.',
  },
  tls_version: { type: 'utf8', doc: 'TLS version that the server chose (RFC 8446 4.2.1).', nulls: NO_SERVER },
  sni: {
    type: 'utf8',
    doc: 'Server name that the client asked for (RFC 6066 3); under Encrypted ClientHello the outer name.',
    nulls: 'No ClientHello was read, or it names no host.',
  },
  sni_tokens: {
    type: 'list_utf8',
    doc: 'Lowercased words and numbers of the server name.',
    nulls: 'No server name.',
  },
  alpn: {
    type: 'utf8',
    doc: "Application protocols that the client offers (RFC 7301), in its order, joined by ','.",
    nulls: 'No ClientHello was read, or it offers none.',
  },
  server_alpn: {
    type: 'utf8',
    doc: 'Application protocol that the server chose, where it says so in the clear (TLS 1.2 and before).',
    nulls: 'No ServerHello was read, or it chooses none in the clear.',
  },
  tls_cipher: { type: 'uint16', doc: 'Cipher suite that the server chose (IANA number).', nulls: NO_SERVER },
  tls_client_ciphers: {
    type: 'uint16',
    unit: 'ciphers',
    doc: 'Cipher suites that the client offers.',
    nulls: NO_CLIENT,
  },
  tls_client_extensions: {
    type: 'uint16',
    unit: 'extensions',
    doc: 'Extensions in the ClientHello.',
    nulls: NO_CLIENT,
  },
  tls_ech: {
    type: 'bool',
    doc: 'The ClientHello carries encrypted_client_hello (RFC 9849), in earnest or as GREASE.',
    nulls: NO_CLIENT,
  },
  tls_sni_is_outer: {
    type: 'bool',
    doc: 'The ClientHello carries encrypted_client_hello of the outer type, so that `sni` may be the public name of a provider and the true one hidden; with GREASE, which looks alike, `sni` is the true one.',
    nulls: NO_CLIENT,
  },
  tls_client_versions: {
    type: 'list_int32',
    doc: 'Versions that the client offers in supported_versions (RFC 8446 4.2.1), in its order, without GREASE.',
    nulls: NO_CLIENT,
  },
  tls_client_groups: {
    type: 'list_int32',
    doc: 'Groups that the client offers (RFC 8446 4.2.7), in its order, without GREASE.',
    nulls: NO_CLIENT,
    onRequest: true,
  },
  tls_client_shares: {
    type: 'list_int32',
    doc: 'Groups that the client sends key shares of (RFC 8446 4.2.8), in its order, without GREASE.',
    nulls: NO_CLIENT,
  },
  tls_psk_offered: {
    type: 'bool',
    doc: 'The client offers a pre-shared key, as a rule to resume a session (RFC 8446 4.2.11).',
    nulls: NO_CLIENT,
  },
  tls_ticket_offered: {
    type: 'bool',
    doc: 'The client offers a ticket to resume a session with, up to TLS 1.2 (RFC 5077 3.2).',
    nulls: NO_CLIENT,
  },
  tls_early_data: {
    type: 'bool',
    doc: 'The client offers early data (RFC 8446 4.2.10); whether they are accepted is said encrypted.',
    nulls: NO_CLIENT,
  },
  tls_server_extensions: {
    type: 'list_int32',
    doc: 'Types of the extensions in the ServerHello, in its order.',
    nulls: NO_SERVER,
  },
  ja3: { type: 'utf8', doc: 'JA3 of the ClientHello (Salesforce, 2017).', nulls: NO_CLIENT },
  ja3s: { type: 'utf8', doc: 'JA3S of the ServerHello (Salesforce, 2017).', nulls: NO_SERVER },
  ja4: { type: 'utf8', doc: 'JA4 of the ClientHello (FoxIO, 2023).', nulls: NO_CLIENT },
  ja3_text: { type: 'utf8', doc: 'What JA3 is the hash of.', nulls: NO_CLIENT, onRequest: true },
  ja4_r: { type: 'utf8', doc: 'JA4 with its lists in place of their hashes.', nulls: NO_CLIENT, onRequest: true },
  ja4_o: { type: 'utf8', doc: 'JA4 of the lists in the order sent.', nulls: NO_CLIENT, onRequest: true },
  ja4_ro: { type: 'utf8', doc: 'Those lists in place of their hashes.', nulls: NO_CLIENT, onRequest: true },
} as const satisfies FeatureRows;

type Numbers = FactNumbers<typeof TLS & typeof NAMES>;

export function writeTls(
  facts: FactWriter,
  at: Numbers,
  { client, server }: TlsSummary,
  transport: TlsTransport = 'tcp',
): void {
  if (client !== null || server !== null) facts.text(at.tls_transport, transport);
  if (client !== null) {
    facts.shared(client.host, at, writeHost);
    facts.shared(client.kind, at, writeClient);
  }
  if (server !== null) facts.shared(server, at, writeServer);
}

function writeHost(facts: FactWriter, at: Numbers, { sni, sniTokens, sniShape }: HostName): void {
  facts.text(at.sni, sni);
  facts.texts(at.sni_tokens, sniTokens);
  if (sniShape !== null) writeServerNameShape(facts, at, sniShape);
}

function writeClient(facts: FactWriter, at: Numbers, client: ClientKind): void {
  facts.text(at.alpn, client.alpn);
  facts.number(at.tls_client_ciphers, client.cipherCount);
  facts.number(at.tls_client_extensions, client.extensionCount);
  facts.bool(at.tls_ech, client.hasEncryptedHello);
  facts.bool(at.tls_sni_is_outer, client.isOuterHello);
  facts.integers(at.tls_client_versions, client.versions);
  facts.integers(at.tls_client_groups, client.groups);
  facts.integers(at.tls_client_shares, client.keyShareGroups);
  facts.bool(at.tls_psk_offered, client.hasPreSharedKey);
  facts.bool(at.tls_ticket_offered, client.hasTicket);
  facts.bool(at.tls_early_data, client.hasEarlyData);
  facts.text(at.ja3, client.ja3);
  facts.text(at.ja4, client.ja4);
  if (client.raw !== null) writeRaw(facts, at, client.raw);
}

function writeServer(facts: FactWriter, at: Numbers, server: ServerSummary): void {
  facts.text(at.tls_version, server.version);
  facts.text(at.server_alpn, server.alpn);
  facts.number(at.tls_cipher, server.cipher);
  facts.integers(at.tls_server_extensions, server.extensions);
  facts.text(at.ja3s, server.ja3s);
}

/** Columns of raw fingerprints: made only if one of them is asked for. */
export const RAW_FINGERPRINTS = [
  'ja3_text',
  'ja4_r',
  'ja4_o',
  'ja4_ro',
] as const satisfies readonly (keyof typeof TLS)[];

function writeRaw(facts: FactWriter, at: Numbers, { ja3Text, ja4R, ja4O, ja4Ro }: RawFingerprints): void {
  facts.text(at.ja3_text, ja3Text);
  facts.text(at.ja4_r, ja4R);
  facts.text(at.ja4_o, ja4O);
  facts.text(at.ja4_ro, ja4Ro);
}
