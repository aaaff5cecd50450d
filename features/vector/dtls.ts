/** Group `dtls`: what DTLS adds to a TLS handshake, which is in group `tls`. */
import type { ClientSummary, ServerSummary } from '../fingerprint/tls-summary.ts';
import type { DtlsSummary } from '../protocol/dtls/handshake.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { NAMES } from './names.ts';
import type { FeatureRows } from './spec.ts';
import { type TLS, writeTls } from './tls.ts';

export const DTLS = {
  dtls_hello_verify: {
    type: 'bool',
    doc: 'The server had the client repeat its hello with a cookie (HelloVerifyRequest, RFC 6347 4.2.1).',
    nulls: 'No DTLS handshake was seen to begin.',
  },
} as const satisfies FeatureRows;

export function writeDtls(
  facts: FactWriter,
  at: FactNumbers<typeof DTLS & typeof TLS & typeof NAMES>,
  dtls: DtlsSummary<ClientSummary, ServerSummary>,
): void {
  writeTls(facts, at, dtls, 'dtls');
  facts.bool(at.dtls_hello_verify, dtls.hasHelloVerify);
}
