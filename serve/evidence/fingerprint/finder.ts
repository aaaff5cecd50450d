/**
 * Fingerprint context: the hello of a bare TLS library, which asks for no name and no application protocol, in front of a
 * flow that is long and thin. Miners link OpenSSL and set neither (XMRig sends a server name only if told to, and no
 * ALPN); so do database clients, agents of all kinds and scripts. A prior, never a verdict.
 */
import { type Finding, numberCell, type Table, textCell } from '../../../core/table.ts';
import { safeText } from '../safe-text.ts';
import { type EvidenceFinder, EvidenceSource } from '../source.ts';
import { bounded, MOST_WEIGHT, NO_FINDINGS } from '../weights.ts';
import { BARE_CIPHERS, BARE_LIBRARIES } from './libraries.ts';

/** Weights; natural logarithms of likelihood ratios, chosen, not measured: docs/evidence.md. */
const NEITHER = 0.8;
const NO_ALPN = 0.2;
const KNOWN_LIBRARY = 0.5;
const KNOWN_CIPHERS = 0.3;

/** JA4_a: transport, version, SNI or not, two counts, ALPN. */
const SNI_AT = 3;
const ALPN_AT = 8;
const HEAD_LENGTH = 10;
const JA4_LENGTH = 36;

/** Long: a minute. Thin: at most two packets with payload a second, of at most 512 bytes on average. */
const LONG_US = 60e6;
const THIN_PACKETS_PER_SECOND = 2;
const THIN_BYTES = 512;
/** Handshake and one exchange: with fewer the flow is idle rather than thin. */
const FEWEST_PACKETS = 8;

/** Services whose clients ask for neither as a rule: mail, directories, DNS over TLS, MQTT, AMQP, syslog, databases. */
const BARE_SERVICES = new Set([
  465, 587, 636, 853, 989, 990, 993, 994, 995, 1433, 3268, 3269, 3306, 3389, 5061, 5432, 5671, 6514, 6697, 8883,
]);
/** What is in front of a session does not make it one of mail or directories. */
const PROXIES = new Set(['http-connect', 'socks4', 'socks5']);

export class FingerprintFinder implements EvidenceFinder {
  readonly source = EvidenceSource.Fingerprint;

  find(table: Table, row: number): readonly Finding[] {
    const ja4 = textCell(table, 'ja4', row);
    if (ja4 === null || ja4[0] !== 't' || ja4.slice(ALPN_AT, HEAD_LENGTH) !== '00') return NO_FINDINGS;
    if (isBareService(table, row) || !isLongAndThin(table, row)) return NO_FINDINGS;
    const hasName = ja4[SNI_AT] === 'd';
    const library = hasName ? null : libraryOf(ja4);
    const missing = hasName ? 'no application protocol' : 'neither a server name nor an application protocol';
    const asked =
      library === null ? `asks for ${missing}` : `is that of ${library.name} as it comes: it asks for ${missing}`;
    const finding = `The hello (JA4 ${safeText(ja4, JA4_LENGTH)}) ${asked}, on a long thin flow.`;
    const weight = (hasName ? NO_ALPN : NEITHER) + (library?.weight ?? 0);
    return bounded([{ source: this.source, finding, weight }], MOST_WEIGHT.fingerprint);
  }
}

function libraryOf(ja4: string): { readonly name: string; readonly weight: number } | null {
  const exact = BARE_LIBRARIES.get(ja4);
  if (exact !== undefined) return { name: exact, weight: KNOWN_LIBRARY };
  const byCiphers = BARE_CIPHERS.get(ja4.split('_')[1] ?? '');
  return byCiphers === undefined ? null : { name: byCiphers, weight: KNOWN_CIPHERS };
}

function isBareService(table: Table, row: number): boolean {
  const upgraded = textCell(table, 'tls_upgraded_from', row);
  if (upgraded !== null && !PROXIES.has(upgraded)) return true;
  return BARE_SERVICES.has(numberCell(table, 'dst_port', row) ?? 0);
}

function isLongAndThin(table: Table, row: number): boolean {
  const durationUs = numberCell(table, 'duration_us', row) ?? 0;
  const sum = (one: string, other: string) => (numberCell(table, one, row) ?? 0) + (numberCell(table, other, row) ?? 0);
  const packets = sum('fwd_payload_packets', 'bwd_payload_packets');
  if (durationUs < LONG_US || packets < FEWEST_PACKETS) return false;
  if (packets / (durationUs / 1e6) > THIN_PACKETS_PER_SECOND) return false;
  return sum('fwd_payload_bytes', 'bwd_payload_bytes') / packets <= THIN_BYTES;
}
