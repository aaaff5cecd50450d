/**
 * Group `quic`: what the first packets of a QUIC connection say. Its TLS handshake is in group `tls`. None of it is a model
 * input, for the reasons given there.
 */
import type { ClientSummary, ServerSummary } from '../fingerprint/tls-summary.ts';
import { sniTokens } from '../protocol/names.ts';
import type { QuicSummary } from '../protocol/quic/summary.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { NAMES } from './names.ts';
import type { FeatureRows } from './spec.ts';
import { type TLS, writeTls } from './tls.ts';

const NO_QUIC = 'No QUIC connection was seen to begin.';
const NO_CLIENT = 'No packet of the client with a long header was seen.';
const NO_PARAMETERS = 'No ClientHello over QUIC was read, or it does not say.';

export const QUIC = {
  quic_version: {
    type: 'utf8',
    doc: "QUIC version in use: '1', '2', 'draft-29', 'Q046' and so on; one that is not known as a hexadecimal number.",
    nulls: NO_QUIC,
  },
  quic_client_version: {
    type: 'utf8',
    doc: 'QUIC version that the client began with: another one after a negotiation (RFC 9368).',
    nulls: NO_CLIENT,
  },
  quic_user_agent: {
    type: 'utf8',
    doc: "User agent in Google's transport parameter 0x3129, or in the tag UAID of its own handshake.",
    nulls: 'The client names none.',
  },
  quic_parameters: {
    type: 'utf8',
    doc: "Ids of the client's transport parameters (RFC 9000 18) in the order sent, joined by ','; reserved ones as 'grease'.",
    nulls: NO_PARAMETERS,
  },
  quic_max_idle_timeout: {
    type: 'uint53',
    unit: 'ms',
    doc: "The client's max_idle_timeout (RFC 9000 18.2).",
    nulls: NO_PARAMETERS,
  },
  quic_max_udp_payload_size: {
    type: 'uint53',
    unit: 'bytes',
    doc: "The client's max_udp_payload_size (RFC 9000 18.2).",
    nulls: NO_PARAMETERS,
  },
  quic_initial_max_data: {
    type: 'uint53',
    unit: 'bytes',
    doc: "The client's initial_max_data (RFC 9000 18.2).",
    nulls: NO_PARAMETERS,
  },
  quic_client_dcid_length: {
    type: 'uint8',
    unit: 'bytes',
    doc: 'Length of the destination connection id that the client chose first.',
    nulls: NO_CLIENT,
  },
  quic_client_scid_length: {
    type: 'uint8',
    unit: 'bytes',
    doc: "Length of the client's own connection id.",
    nulls: NO_CLIENT,
  },
  quic_server_scid_length: {
    type: 'uint8',
    unit: 'bytes',
    doc: "Length of the server's own connection id.",
    nulls: 'No packet of the server with a long header was seen.',
  },
  quic_client_initials: {
    type: 'uint32',
    unit: 'packets',
    doc: 'Initial packets of the client, as far as the handshake was read.',
    nulls: NO_QUIC,
  },
  quic_server_initials: {
    type: 'uint32',
    unit: 'packets',
    doc: 'Initial packets of the server, as far as the handshake was read.',
    nulls: NO_QUIC,
  },
  quic_retry: { type: 'bool', doc: 'The server sent a Retry (RFC 9000 17.2.5).', nulls: NO_QUIC },
  quic_zero_rtt: { type: 'bool', doc: 'A 0-RTT packet was seen (RFC 9000 17.2.3).', nulls: NO_QUIC },
  quic_version_negotiation: {
    type: 'bool',
    doc: 'The server sent a Version Negotiation (RFC 9000 17.2.1).',
    nulls: NO_QUIC,
  },
  quic_close_error: {
    type: 'uint53',
    doc: 'Error of the first CONNECTION_CLOSE in an Initial (RFC 9000 20.1; 256 and above: a TLS alert).',
    nulls: 'None was read.',
  },
} as const satisfies FeatureRows;

export function writeQuic(
  facts: FactWriter,
  at: FactNumbers<typeof QUIC & typeof TLS & typeof NAMES>,
  quic: QuicSummary<ClientSummary, ServerSummary>,
): void {
  const { parameters } = quic;
  writeTls(facts, at, quic, 'quic');
  if (quic.client === null && quic.plainName !== null) {
    facts.text(at.sni, quic.plainName);
    facts.texts(at.sni_tokens, sniTokens(quic.plainName));
  }
  facts.text(at.quic_version, quic.version);
  facts.text(at.quic_client_version, quic.clientVersion);
  facts.text(at.quic_user_agent, parameters?.userAgent ?? quic.plainUserAgent);
  facts.number(at.quic_client_dcid_length, known(quic.clientDcidLength));
  facts.number(at.quic_client_scid_length, known(quic.clientScidLength));
  facts.number(at.quic_server_scid_length, known(quic.serverScidLength));
  facts.number(at.quic_client_initials, quic.clientInitials);
  facts.number(at.quic_server_initials, quic.serverInitials);
  facts.bool(at.quic_retry, quic.hasRetry);
  facts.bool(at.quic_zero_rtt, quic.hasZeroRtt);
  facts.bool(at.quic_version_negotiation, quic.hasNegotiation);
  facts.number(at.quic_close_error, quic.closeError);
  if (parameters === null) return;
  facts.text(at.quic_parameters, parameters.ids);
  facts.number(at.quic_max_idle_timeout, parameters.maxIdleTimeout);
  facts.number(at.quic_max_udp_payload_size, parameters.maxUdpPayloadSize);
  facts.number(at.quic_initial_max_data, parameters.initialMaxData);
}

function known(length: number): number | null {
  return length < 0 ? null : length;
}
