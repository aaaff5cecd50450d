/**
 * Group `certificate`: what the server's certificate claims, up to TLS 1.2; TLS 1.3 encrypts it. No signature is verified,
 * so anybody can claim anything.
 */
import type { ChainSummary } from '../fingerprint/certificates.ts';
import { TLS_LIMITS } from '../protocol/tls/limits.ts';
import type { TlsFlowSummary } from '../protocol/tls-watch.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { FeatureRows } from './spec.ts';

const NO_CHAIN = "No server's Certificate message was read.";
const NO_LEAF = "No server's certificate was read.";
const OR_NONE = "No server's certificate was read, or it names none.";
const SECONDS_PER_DAY = 86_400;

export const CERTIFICATE = {
  cert_subject_cn: { type: 'utf8', doc: 'Common name of the subject (RFC 5280 4.1.2.6).', nulls: OR_NONE },
  cert_subject_org: { type: 'utf8', doc: 'Organisation of the subject.', nulls: OR_NONE },
  cert_issuer_cn: { type: 'utf8', doc: 'Common name of the issuer (RFC 5280 4.1.2.4).', nulls: OR_NONE },
  cert_issuer_org: { type: 'utf8', doc: 'Organisation of the issuer.', nulls: OR_NONE },
  cert_dns_names: {
    type: 'list_utf8',
    doc: `DNS names that it is for (subjectAltName, RFC 5280 4.2.1.6), the first ${TLS_LIMITS.certificateNames}.`,
    nulls: NO_LEAF,
  },
  cert_dns_name_count: {
    type: 'uint16',
    unit: 'names',
    doc: 'DNS names that it is for.',
    nulls: NO_LEAF,
    onRequest: true,
  },
  cert_serial: { type: 'utf8', doc: 'Serial number, hexadecimal (RFC 5280 4.1.2.2).', nulls: OR_NONE },
  cert_not_before: {
    type: 'float64',
    unit: 's',
    doc: 'Beginning of its validity, seconds since 1970 (RFC 5280 4.1.2.5).',
    nulls: OR_NONE,
  },
  cert_not_after: { type: 'float64', unit: 's', doc: 'End of its validity, seconds since 1970.', nulls: OR_NONE },
  cert_validity_days: { type: 'float64', unit: 'days', doc: 'How long it is valid.', nulls: OR_NONE, onRequest: true },
  cert_self_signed: {
    type: 'bool',
    doc: 'Issuer and subject are the same, byte by byte; the signature is not verified.',
    nulls: NO_LEAF,
  },
  cert_key_type: {
    type: 'utf8',
    doc: 'Algorithm of its key: rsa, ec, ed25519, ..., or the object identifier.',
    nulls: OR_NONE,
  },
  cert_key_bits: { type: 'uint16', unit: 'bits', doc: 'Size of its key.', nulls: OR_NONE },
  cert_sha256: { type: 'utf8', doc: 'SHA-256 of the certificate, hexadecimal.', nulls: NO_LEAF },
  cert_sha1: { type: 'utf8', doc: 'SHA-1 of the certificate, hexadecimal.', nulls: NO_LEAF },
  cert_chain_bytes: {
    type: 'list_int32',
    unit: 'bytes',
    doc: `Sizes of the certificates that the server sent, its own first, at most ${TLS_LIMITS.certificates}.`,
    nulls: NO_CHAIN,
  },
  cert_requested: {
    type: 'bool',
    doc: 'The server asked the client for a certificate in the clear (up to TLS 1.2).',
    nulls: 'No ServerHello was read.',
    onRequest: true,
  },
  cert_client_sent: {
    type: 'bool',
    doc: 'The client sent a certificate in the clear (up to TLS 1.2).',
    nulls: 'No ServerHello was read.',
    onRequest: true,
  },
} as const satisfies FeatureRows;

/** Columns of what certificates say: they are read only if one of these is asked for. */
export const CHAIN_COLUMNS = Object.keys(CERTIFICATE).filter(
  (name) => name !== 'cert_requested' && name !== 'cert_client_sent',
);

export function writeCertificate(
  facts: FactWriter,
  at: FactNumbers<typeof CERTIFICATE>,
  flow: TlsFlowSummary<unknown, unknown, ChainSummary>,
): void {
  if (flow.server !== null) {
    facts.bool(at.cert_requested, flow.asksCertificate);
    facts.bool(at.cert_client_sent, flow.hasClientCertificate);
  }
  if (flow.chain !== null) facts.shared(flow.chain, at, writeChain);
}

function writeChain(facts: FactWriter, at: FactNumbers<typeof CERTIFICATE>, { leaf, sizes }: ChainSummary): void {
  facts.integers(at.cert_chain_bytes, sizes);
  if (leaf === null) return;
  facts.text(at.cert_subject_cn, leaf.subjectName);
  facts.text(at.cert_subject_org, leaf.subjectOrganisation);
  facts.text(at.cert_issuer_cn, leaf.issuerName);
  facts.text(at.cert_issuer_org, leaf.issuerOrganisation);
  facts.texts(at.cert_dns_names, leaf.names);
  facts.number(at.cert_dns_name_count, leaf.nameCount);
  facts.text(at.cert_serial, leaf.serial);
  facts.number(at.cert_not_before, leaf.notBefore);
  facts.number(at.cert_not_after, leaf.notAfter);
  if (leaf.notBefore !== null && leaf.notAfter !== null) {
    facts.number(at.cert_validity_days, (leaf.notAfter - leaf.notBefore) / SECONDS_PER_DAY);
  }
  facts.bool(at.cert_self_signed, leaf.isSelfIssued);
  facts.text(at.cert_key_type, leaf.keyType);
  facts.number(at.cert_key_bits, leaf.keyBits);
  facts.text(at.cert_sha256, leaf.sha256);
  facts.text(at.cert_sha1, leaf.sha1);
}
