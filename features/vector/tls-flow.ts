/**
 * Group `tls_flow`: what TLS over TCP shows besides its hellos: records from the first to the last, what became of the
 * handshake, alerts in the clear.
 */
import type { TlsTcpSummary } from '../fingerprint/tls-summary.ts';
import { TLS_LIMITS } from '../protocol/tls/limits.ts';
import type { StreamSummary } from '../protocol/tls-watch.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { FeatureRow, FeatureRows } from './spec.ts';

const NO_TLS = 'No TLS over TCP was seen.';
const NO_HELLO = 'No hello was read over TCP.';
const OF_FIRST = `of the first ${TLS_LIMITS.records} records each way`;

const recordsOf = (who: string, what: string) =>
  ({ type: 'uint32', unit: 'records', doc: `TLS records of ${who} that are ${what}.`, nulls: NO_TLS }) as const;
/** Few in nearly every flow, and in the list of record types: only for those who ask. */
const rareRecordsOf = (who: string, what: string) => ({ ...recordsOf(who, what), onRequest: true }) as const;
const alertOf = (who: string, rfc: string) =>
  ({
    type: 'uint8',
    doc: `AlertDescription of the last alert that the ${who} sent in the clear (${rfc}).`,
    nulls: `${NO_HELLO.slice(0, -1)}, or the ${who} sent no alert in the clear.`,
  }) as const satisfies FeatureRow;
const levelOf = (who: string) =>
  ({
    type: 'uint8',
    doc: `AlertLevel of that alert of the ${who}: 1 warning, 2 fatal.`,
    nulls: `${NO_HELLO.slice(0, -1)}, or the ${who} sent no alert in the clear.`,
    onRequest: true,
  }) as const satisfies FeatureRow;

export const TLS_FLOW = {
  tls_upgraded_from: {
    type: 'utf8',
    doc: 'Protocol that was spoken in the clear on the connection before it turned to TLS: smtp, ftp, imap, pop3, xmpp, postgresql, mysql, ldap, nntp, irc, sieve, rdp, http-connect, socks4 or socks5.',
    nulls: 'No TLS over TCP, none before it, or one that is not known.',
  },
  tls_resumed: {
    type: 'bool',
    doc: 'An earlier session was resumed: a pre-shared key accepted (RFC 8446 4.2.11), a session id echoed (RFC 5246 7.4.1.3) or a ticket taken (RFC 5077 3.4) without a certificate.',
    nulls: 'It cannot be told from what was seen.',
  },
  tls_established: {
    type: 'bool',
    doc: 'Both sides sent something under the keys of the handshake.',
    nulls: NO_HELLO,
  },
  tls_retried: {
    type: 'bool',
    doc: 'The server asked for another ClientHello (HelloRetryRequest, RFC 8446 4.1.4).',
    nulls: NO_HELLO,
  },
  tls_retry_group: {
    type: 'uint16',
    doc: 'Group that the HelloRetryRequest asks for a share of (IANA number).',
    nulls: 'No HelloRetryRequest was read, or it names no group.',
    onRequest: true,
  },
  tls_exchange_group: {
    type: 'uint16',
    doc: "Group of the key exchange (IANA number): of the server's key share (RFC 8446 4.2.8) or its ServerKeyExchange (RFC 8422 5.4).",
    nulls: 'Neither was read.',
  },
  tls_client_alert: alertOf('client', 'RFC 8446 6'),
  tls_client_alert_level: levelOf('client'),
  tls_server_alert: alertOf('server', 'RFC 8446 6'),
  tls_server_alert_level: levelOf('server'),
  tls_record_lengths: {
    type: 'list_int32',
    unit: 'bytes',
    doc: `Lengths ${OF_FIRST}, without headers, in the order in which they were read: positive from the initiator, negative from the responder.`,
    nulls: NO_TLS,
  },
  tls_record_types: {
    type: 'list_int32',
    doc: 'Content types of those records (RFC 8446 5.1).',
    nulls: NO_TLS,
  },
  tls_record_versions: {
    type: 'list_int32',
    doc: 'Versions in the headers of those records.',
    nulls: NO_TLS,
    onRequest: true,
  },
  tls_record_times_us: {
    type: 'list_float64',
    unit: 'us',
    doc: 'When the headers of those records were captured, counted from the first packet of the part.',
    nulls: NO_TLS,
  },
  fwd_tls_change_cipher_specs: rareRecordsOf('the initiator', 'change_cipher_spec'),
  bwd_tls_change_cipher_specs: rareRecordsOf('the responder', 'change_cipher_spec'),
  fwd_tls_alerts: rareRecordsOf('the initiator', 'alerts, encrypted or not'),
  bwd_tls_alerts: rareRecordsOf('the responder', 'alerts, encrypted or not'),
  fwd_tls_handshakes: rareRecordsOf('the initiator', 'handshake'),
  bwd_tls_handshakes: rareRecordsOf('the responder', 'handshake'),
  fwd_tls_data: recordsOf('the initiator', 'application_data'),
  bwd_tls_data: recordsOf('the responder', 'application_data'),
  fwd_tls_heartbeats: rareRecordsOf('the initiator', 'heartbeats (RFC 6520)'),
  bwd_tls_heartbeats: rareRecordsOf('the responder', 'heartbeats (RFC 6520)'),
  fwd_tls_bytes: {
    type: 'uint53',
    unit: 'bytes',
    doc: 'Lengths of all TLS records of the initiator together, without headers.',
    nulls: NO_TLS,
  },
  bwd_tls_bytes: {
    type: 'uint53',
    unit: 'bytes',
    doc: 'Lengths of all TLS records of the responder together, without headers.',
    nulls: NO_TLS,
  },
  fwd_tls_gaps: {
    type: 'uint32',
    unit: 'gaps',
    doc: "Times that the initiator's records could not be followed, since the bytes of a header are missing; what was sent until the next record that begins a segment is not counted.",
    nulls: NO_TLS,
  },
  bwd_tls_gaps: {
    type: 'uint32',
    unit: 'gaps',
    doc: "The same of the responder's records.",
    nulls: NO_TLS,
  },
} as const satisfies FeatureRows;

/** Columns of the record log: kept only if one of them is asked for. */
export const RECORD_COLUMNS = [
  'tls_record_lengths',
  'tls_record_types',
  'tls_record_versions',
  'tls_record_times_us',
] as const satisfies readonly (keyof typeof TLS_FLOW)[];

export function writeTlsFlow(facts: FactWriter, at: FactNumbers<typeof TLS_FLOW>, flow: TlsTcpSummary): void {
  const { records, fwd, bwd, clientStream, serverStream } = flow;
  facts.text(at.tls_upgraded_from, flow.upgradedFrom);
  if (flow.client !== null || flow.server !== null) {
    if (flow.isResumed !== null) facts.bool(at.tls_resumed, flow.isResumed);
    facts.bool(at.tls_established, flow.isEstablished);
    facts.bool(at.tls_retried, flow.isRetried);
    facts.number(at.tls_retry_group, flow.retryGroup);
  }
  facts.number(at.tls_exchange_group, flow.group);
  if (clientStream !== null) writeAlert(facts, at.tls_client_alert, at.tls_client_alert_level, clientStream);
  if (serverStream !== null) writeAlert(facts, at.tls_server_alert, at.tls_server_alert_level, serverStream);
  facts.integers(at.tls_record_lengths, records.lengths, records.length);
  facts.integers(at.tls_record_types, records.types, records.length);
  facts.integers(at.tls_record_versions, records.versions, records.length);
  facts.doubles(at.tls_record_times_us, records.times, records.length);
  facts.number(at.fwd_tls_change_cipher_specs, fwd.changes);
  facts.number(at.bwd_tls_change_cipher_specs, bwd.changes);
  facts.number(at.fwd_tls_alerts, fwd.alerts);
  facts.number(at.bwd_tls_alerts, bwd.alerts);
  facts.number(at.fwd_tls_handshakes, fwd.handshakes);
  facts.number(at.bwd_tls_handshakes, bwd.handshakes);
  facts.number(at.fwd_tls_data, fwd.data);
  facts.number(at.bwd_tls_data, bwd.data);
  facts.number(at.fwd_tls_heartbeats, fwd.heartbeats);
  facts.number(at.bwd_tls_heartbeats, bwd.heartbeats);
  facts.number(at.fwd_tls_bytes, fwd.bytes);
  facts.number(at.bwd_tls_bytes, bwd.bytes);
  facts.number(at.fwd_tls_gaps, fwd.gaps);
  facts.number(at.bwd_tls_gaps, bwd.gaps);
}

function writeAlert(facts: FactWriter, description: number, level: number, stream: StreamSummary): void {
  if (stream.alertLevel === 0) return;
  facts.number(description, stream.alertDescription);
  facts.number(level, stream.alertLevel);
}
