/** Our rows of QUIC and DTLS beside what nDPI, Zeek, Arkime, ipfixprobe and Suricata say of the same flows. */
import { readFileSync } from 'node:fs';
import { Tally } from '../features/flow/oracle/tally.ts';
import { canonicalAddress } from '../features/protocol/pcap-helper.ts';
import { extractRows, type Row } from '../support/rows.ts';
import { sharedPath } from '../support/shared-data.ts';

const NO_TIMEOUTS = { idleTimeout: 0, activeTimeout: 0 };
const read = new Map<string, readonly Row[]>();

/** The rows of QUIC and DTLS flows of a capture. */
export function udpHandshakes(path: string): readonly Row[] {
  const known = read.get(path);
  if (known !== undefined) return known;
  const { rows } = extractRows(new Uint8Array(readFileSync(sharedPath(path))), NO_TIMEOUTS);
  const ours = rows.filter((row) => row['quic_version'] !== null || row['dtls_hello_verify'] !== null);
  read.set(path, ours);
  return ours;
}

function end(ip: unknown, port: unknown): string {
  return `${canonicalAddress(String(ip))}:${port}`;
}

/** Those between two endpoints, in either direction. */
function between(rows: readonly Row[], one: string, other: string): Row[] {
  return rows.filter((row) => {
    const ends = [end(row['src_ip'], row['src_port']), end(row['dst_ip'], row['dst_port'])];
    return ends.includes(one) && ends.includes(other);
  });
}

/** `1.2.3.4:5` or `[::1]:5`. */
function endpoint(text: string): string {
  const at = text.lastIndexOf(':');
  return end(text.slice(0, at).replace(/[[\]]/g, ''), text.slice(at + 1));
}

/** nDPI's captures in which a flow begins before the capture, or nothing of it is readable; see docs/conformance.md. */
const NO_BEGINNING = new Set([
  'quic_sh.pcap',
  'gquic_only_from_server.pcap',
  'weibo.pcap',
  'starcraft_battle.pcap',
  'radius_false_positive.pcapng',
  'dtls_mid_sessions.pcapng',
]);
/** Likewise, by their endpoint. */
const LATE_FLOWS = new Set(['quic.pcap 192.168.1.105:40461', 'stun_google_meet.pcapng 192.168.12.156:38152']);
const NO_LONG_HEADER = new Set(['quic-fuzz-overflow.pcapng']);

export function compareNdpi(): Tally {
  const tally = new Tally();
  const [head, ...lines] = readFileSync(sharedPath('oracle/ndpi/flow_labels.csv'), 'utf8').trim().split('\n');
  const names = head!.split(',');
  for (const line of lines) {
    const cells = line.split(',');
    const cell = (name: string) => cells[names.indexOf(name)]!.trim();
    const protocol = cell('proto').split('.')[0]!;
    if (cell('l4') !== 'UDP' || (protocol !== 'QUIC' && protocol !== 'DTLS')) continue;
    const pcap = cell('pcap');
    const where = `${pcap} ${cell('client')} ${cell('server')}`;
    const all = udpHandshakes(`oracle/ndpi/pcap/${pcap}`);
    const rows = between(all, endpoint(cell('client')), endpoint(cell('server')));
    const column = protocol === 'QUIC' ? 'quic_version' : 'dtls_hello_verify';
    const isFound = rows.some((row) => row[column] !== null);
    tally.compare(where, `${protocol} flows found`, 'found', isFound ? 'found' : 'not found', () => {
      if (NO_BEGINNING.has(pcap) || LATE_FLOWS.has(`${pcap} ${cell('client')}`)) return 'no beginning';
      return NO_LONG_HEADER.has(pcap) ? 'no long header' : null;
    });
    const row = rows[0];
    if (row === undefined) continue;
    const differing = (what: string, told: string, ours: unknown, reason: (ours: string) => string | null) => {
      if (told !== '') tally.compare(where, `${protocol} ${what}`, told, ours, () => reason(String(ours)));
    };
    differing('JA3', cell('ja3c'), row['ja3'], () => null);
    differing('JA3S', cell('ja3s'), row['ja3s'], () => null);
    differing('JA4', cell('ja4'), row['ja4'], (ours) => ja4Reason(cell('ja4'), ours));
    const plain = cell('ja4') === '' ? '' : masked(cell('ja4'));
    differing('JA4 but for the shortcuts', plain, masked(String(row['ja4'])), () =>
      isDtls13(cell('ja4'), String(row['ja4'])) ? 'DTLS 1.3' : null,
    );
    differing('server name', cell('sni_or_host'), row['sni'], () => null);
    differing('ALPN', cell('alpn'), String(row['alpn']).replaceAll(',', ';'), () => null);
  }
  return tally;
}

/**
 * Without the places of nDPI's shortcuts (see test/features/fingerprint/oracle.test.ts): the SNI letter, the two
 * characters of ALPN, the hash of nothing; `s3` stands for versions that it does not know.
 */
function masked(ja4: string): string {
  const plain = ja4.replace('e3b0c44298fc', '000000000000').replace(/^ds3/, 'd00');
  return `${plain.slice(0, 3)}-${plain.slice(4, 8)}--${plain.slice(10)}`;
}

function ja4Reason(theirs: string, ours: string): string | null {
  if (masked(theirs) === masked(ours)) return theirs.startsWith('ds3') ? 'unknown version' : 'shortcuts';
  return isDtls13(theirs, ours) ? 'DTLS 1.3' : null;
}

/** Equal but for the version, which ours takes from supported_versions. */
function isDtls13(theirs: string, ours: string): boolean {
  return ours.startsWith('dd3') && masked(theirs).slice(3) === masked(ours).slice(3);
}

/** Traces of the QUIC logs that there are, by log. */
const ZEEK_QUIC: Readonly<Record<string, string>> = {
  '39264-rand': 'quic/quic-39264-rand.pcap',
  chromium: 'quic/chromium-115.0.5790.110-api-cirrus-com.pcap',
  'curl-http3': 'quic/curl-8.1.2-dev-http3-www-google-de.pcap',
  'dpd-custom-port': 'quic/chromium-dpd-custom-port-4433.pcap',
  firefox: 'quic/firefox-102.13.0esr-blog-cloudflare-com.pcap',
  'interop.quic-go_quic-go.handshake': 'quic/interop/quic-go_quic-go/handshake.pcap',
  'interop.quic-go_quic-go.retry': 'ppp/quic-interop-retry.pcap',
  'interop.quic-go_quic-go.zerortt': 'quic/interop/quic-go_quic-go/zerortt.pcap',
  merlinc2: 'quic/merlinc2_Zeek_example.pcapng',
  'quic-log': 'quic/chromium-115.0.5790.110-google-de-fragmented.pcap',
  quicdoq: 'quic/quicdoq.pcap',
  'quicv2-echo-443': 'quic/quicv2-echo-443.pcap',
  'vector-max-size-crash': 'quic/vector-max-size-crash.pcap',
};

const ZEEK_VERSIONS: Readonly<Record<string, string>> = { quicv2: '2' };

export function compareZeekQuic(): Tally {
  const tally = new Tally();
  for (const [log, trace] of Object.entries(ZEEK_QUIC)) {
    const path = sharedPath(`oracle/zeek/Baseline/scripts.base.protocols.quic.${log}/quic.log`);
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    const names = (lines.find((line) => line.includes('id.orig_p')) ?? '').replace('#fields\t', '').split('\t');
    const all = udpHandshakes(`oracle/zeek/Traces/${trace}`);
    for (const line of lines) {
      const cells = line.split('\t');
      const cell = (name: string) => cells[names.indexOf(name)] ?? '';
      if (line.startsWith('#') || cell('id.orig_p') === 'id.orig_p') continue;
      compareZeekLine(tally, log, cell, all);
    }
  }
  return tally;
}

function compareZeekLine(tally: Tally, log: string, cell: (name: string) => string, all: readonly Row[]): void {
  const client = end(cell('id.orig_h'), cell('id.orig_p'));
  const row = between(all, client, end(cell('id.resp_h'), cell('id.resp_p')))[0];
  const isKnown = !cell('version').startsWith('unknown');
  tally.compare(log, 'flows found', 'found', row === undefined ? 'not found' : 'found', () =>
    isKnown ? null : 'unknown version',
  );
  if (row === undefined) return;
  const isRetried = log.endsWith('retry');
  const compare = (what: string, told: unknown, ours: unknown, reason: string | null = null) =>
    tally.compare(`${log} ${client}`, what, told, ours, () => reason);
  compare('version', ZEEK_VERSIONS[cell('version')] ?? cell('version'), row['quic_version']);
  compare('server name', nullOf(cell('server_name')), row['sni']);
  compare('ALPN', nullOf(cell('client_protocol')), row['alpn'], 'first protocol');
  // Zeek has two lines of a connection with Retry, ours one row with what came first.
  const second = isRetried && !cell('history').includes('r') ? 'after Retry' : null;
  compare(
    'length of the client-chosen id',
    idLength(cell('client_initial_dcid')),
    row['quic_client_dcid_length'],
    second,
  );
  compare("length of the client's id", idLength(cell('client_scid')), row['quic_client_scid_length']);
  if (cell('server_scid') !== '-') {
    compare("length of the server's id", idLength(cell('server_scid')), row['quic_server_scid_length']);
  }
  if (second === null) compare('Retry', cell('history').includes('r'), row['quic_retry']);
  compare('0-RTT', cell('history').includes('Z'), row['quic_zero_rtt']);
}

function nullOf(text: string): string | null {
  return text === '-' ? null : text;
}

function idLength(text: string): number {
  return text === '(empty)' ? 0 : text.length / 2;
}

export function compareOthers(): Tally {
  const tally = new Tally();
  compareArkimeQuic(tally);
  compareProbeQuic(tally);
  compareSuricata(tally);
  return tally;
}

interface ArkimeBody {
  readonly protocol: readonly string[];
  readonly source: { readonly ip: string; readonly port: number };
  readonly destination: { readonly ip: string; readonly port: number };
  readonly quic?: { readonly host: string[]; readonly useragent?: string[]; readonly version: string[] };
  readonly tls?: { readonly ja3?: string[]; readonly ja4?: string[] };
  readonly http?: { readonly host: string[] };
}

function compareArkimeQuic(tally: Tally): void {
  for (const name of ['quic24-wireshark', 'quic43', 'quicietf', 'quicietfooo', 'wireshark-dtls0', 'arkime_synthetic']) {
    const { sessions3 } = JSON.parse(readFileSync(sharedPath(`oracle/arkime/${name}.test`), 'utf8')) as {
      sessions3: { body: ArkimeBody }[];
    };
    const rows = udpHandshakes(`oracle/arkime/${name}.pcap`);
    for (const { body } of sessions3) {
      const { quic, tls, http, source, destination } = body;
      if (!body.protocol.some((protocol) => protocol === 'quic' || protocol === 'dtls')) continue;
      const row = between(rows, end(source.ip, source.port), end(destination.ip, destination.port))[0] ?? {};
      const compare = (what: string, told: unknown, ours: unknown) => {
        if (told !== undefined) tally.compare(name, `Arkime, ${what}`, told, ours, () => null);
      };
      compare('server name', quic?.host[0] ?? http?.host[0], row['sni']);
      compare('user agent', quic?.useragent?.[0], row['quic_user_agent']);
      compare('version', quic?.version[0], row['quic_version']);
      compare('JA3', tls?.ja3?.[0], row['ja3']);
      compare('JA4', tls?.ja4?.[0], row['ja4']);
    }
  }
}

function compareProbeQuic(tally: Tally): void {
  const [flow] = udpHandshakes('oracle/ipfixprobe/inputs/quic_initial-sample.pcap');
  const lines = readFileSync(sharedPath('oracle/ipfixprobe/outputs/quic'), 'utf8').trim().split('\n');
  const names = lines
    .find((line) => line.includes('QUIC_SNI'))!
    .split(',')
    .map((name) => name.split(' ')[1]!);
  // Quoted texts hold no commas here.
  const cells = lines.find((line) => !line.includes('QUIC_SNI'))!.split(',');
  const cell = (name: string) => cells[names.indexOf(name)]!.replaceAll('"', '');
  const compare = (what: string, told: unknown, ours: unknown) =>
    tally.compare('quic_initial-sample', `ipfixprobe, ${what}`, told, ours, () => null);
  compare('server name', cell('QUIC_SNI'), flow?.['sni']);
  compare('user agent', cell('QUIC_USER_AGENT'), flow?.['quic_user_agent']);
  compare('version', `draft-${Number(cell('QUIC_CLIENT_VERSION')) & 0xff}`, flow?.['quic_version']);
  compare('length of the client-chosen id', cell('QUIC_OSCID').length / 2, flow?.['quic_client_dcid_length']);
}

/** What `test.yaml` of each test asks for and rows hold: column, value, and how many rows have it. */
const SURICATA: readonly (readonly [string, string, string, number])[] = [
  ['ja4-quic', 'ja4', 'q13d0310h3_55b375c5d22e_cd85d2d88918', 11],
  ['quic-frag', 'alpn', 'h3', 1],
  ['quic-frag-middle-gap', 'sni', 'optimizationguide-pa.googleapis.com', 1],
  ['quic-frag-unordered', 'sni', 'mastodon.social', 1],
  ['quic-v2-ja3', 'alpn', 'h3', 1],
];

function compareSuricata(tally: Tally): void {
  for (const [name, column, value, count] of SURICATA) {
    const yaml = readFileSync(sharedPath(`oracle/suricata-verify/${name}/test.yaml`), 'utf8');
    if (!yaml.includes(value)) throw new Error(`${name} asks for something else now`);
    const rows = udpHandshakes(`oracle/suricata-verify/${name}/input.pcap`);
    const ours = rows.filter((row) => row[column] === value).length;
    tally.compare(name, 'Suricata, values checked', count, ours, () => null);
  }
  // These ask for both hellos, retries and gaps in between notwithstanding.
  for (const name of ['quic-frag-wait', 'quic-initial-not-first', 'quic-retry', 'quic-retry-multiple']) {
    const [row] = udpHandshakes(`oracle/suricata-verify/${name}/input.pcap`);
    const both = row !== undefined && row['ja4'] !== null && (row['ja3s'] !== null || name === 'quic-frag-wait');
    tally.compare(name, 'Suricata, hellos read', 'read', both ? 'read' : 'not read', () => null);
  }
}
