/**
 * Group `tls`: what the TLS handshake says before it goes dark. None of it is a model input: the handshake tells which
 * library and which host, and a model that learns those recognises the lab it was trained in.
 */
import type { TlsSummary } from '../fingerprint/tls-summary.ts';
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
  ja3: { type: 'utf8', doc: 'JA3 of the ClientHello (Salesforce, 2017).', nulls: NO_CLIENT },
  ja3s: { type: 'utf8', doc: 'JA3S of the ServerHello (Salesforce, 2017).', nulls: NO_SERVER },
  ja4: { type: 'utf8', doc: 'JA4 of the ClientHello (FoxIO, 2023).', nulls: NO_CLIENT },
} as const satisfies FeatureRows;

export function writeTls(
  facts: FactWriter,
  at: FactNumbers<typeof TLS & typeof NAMES>,
  { client, server }: TlsSummary,
  transport: TlsTransport = 'tcp',
): void {
  if (client !== null || server !== null) facts.text(at.tls_transport, transport);
  if (client !== null) {
    facts.text(at.sni, client.sni);
    facts.texts(at.sni_tokens, client.sniTokens);
    if (client.sniShape !== null) writeServerNameShape(facts, at, client.sniShape);
    facts.text(at.alpn, client.alpn);
    facts.number(at.tls_client_ciphers, client.cipherCount);
    facts.number(at.tls_client_extensions, client.extensionCount);
    facts.bool(at.tls_ech, client.hasEncryptedHello);
    facts.text(at.ja3, client.ja3);
    facts.text(at.ja4, client.ja4);
  }
  if (server !== null) {
    facts.text(at.tls_version, server.version);
    facts.text(at.server_alpn, server.alpn);
    facts.number(at.tls_cipher, server.cipher);
    facts.text(at.ja3s, server.ja3s);
  }
}
