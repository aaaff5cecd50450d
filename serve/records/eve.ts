/**
 * Rows as Suricata's EVE JSON: a `flow` record for each, and before it an `alert` record where the verdict is a risk. Only
 * members that etc/schema.json of Suricata has, which allows no others: what it has no place for stands in its lists of
 * free text, `alert.metadata.tag` and `metadata.flowbits`.
 */
import { timeText } from '../../features/text/cell.ts';
import { applicationProtocol, distinguishedName, isIcmp, isRisk, type ModelFacts, type Row } from './row.ts';
import { SIGNATURE_REVISION, signatureId, signatureName, threatOf } from './threats.ts';

/** Columns without which a row is no event. */
export const EVE_COLUMNS = ['first_seen', 'last_seen', 'src_ip', 'dst_ip', 'protocol'] as const;

/**
 * A generator of its own, so that no rule of anybody has the same pair of gid and sid: 1 is text rules, decoders and
 * preprocessors stay below 1000. The number is that of ATT&CK's technique.
 */
const GENERATOR = 1496;
/** Evidence in an alert: more would make lines that log shippers cut. */
const MOST_EVIDENCE = 4;

const PROTOCOLS: Readonly<Record<string, string>> = {
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  icmp: 'ICMP',
  icmp6: 'IPv6-ICMP',
};
/** Suricata's own spelling of old versions. */
const TLS_VERSIONS: Readonly<Record<string, string>> = { 'TLS 1.0': 'TLSv1', 'SSL 3.0': 'SSLv3' };

export type EveRecord = Readonly<Record<string, unknown>> & {
  readonly timestamp: string;
  readonly event_type: 'flow' | 'alert';
};

/**
 * The records of a row of a scored table, in the order in which Suricata would write them.
 *
 * @param row with the columns of EVE_COLUMNS at least; others are left out where they are not there
 */
export function eveRecords(row: Row, model: ModelFacts): EveRecord[] {
  const risky = isRisk(row, model);
  const common = { ...commonOf(row), ...protocolOf(row), metadata: { flowbits: flowbitsOf(row) } };
  const flow: EveRecord = { ...eventOf(row, 'flow'), ...common, flow: flowOf(row, risky) };
  if (!risky) return [flow];
  return [{ ...eventOf(row, 'alert'), ...common, alert: alertOf(row, model), flow: beginningOf(row) }, flow];
}

/** A verdict is known when the row is: at its last packet. */
function eventOf(row: Row, event: 'flow' | 'alert'): { timestamp: string; event_type: 'flow' | 'alert' } {
  return { timestamp: eveTime(row.time('last_seen') ?? 0n), event_type: event };
}

function commonOf(row: Row): object {
  const protocol = row.text('protocol');
  const vlan = row.number('vlan_id');
  const ports = isIcmp(protocol)
    ? { icmp_type: row.number('src_port') }
    : { src_port: row.number('src_port'), dest_port: row.number('dst_port') };
  return {
    flow_id: row.number('flow_id'),
    pcap_filename: row.text('capture'),
    vlan: vlan === undefined ? undefined : [vlan],
    src_ip: row.text('src_ip'),
    dest_ip: row.text('dst_ip'),
    ...ports,
    proto: protocol === undefined ? undefined : (PROTOCOLS[protocol] ?? protocol),
    community_id: row.text('community_id'),
  };
}

/** `app_proto`, and what was read of the handshake. Suricata knows no DTLS. */
function protocolOf(row: Row): object {
  const name = applicationProtocol(row);
  if (name === undefined || name === 'dtls') return {};
  if (name === 'tls') return { app_proto: name, tls: tlsOf(row) };
  return name === 'quic' ? { app_proto: name, quic: quicOf(row) } : { app_proto: name };
}

function tlsOf(row: Row): object {
  const version = row.text('tls_version');
  return {
    subject: distinguishedName(row, 'subject'),
    issuerdn: distinguishedName(row, 'issuer'),
    serial: inPairs(row.text('cert_serial')?.toUpperCase()),
    fingerprint: inPairs(row.text('cert_sha1')),
    sni: row.text('sni'),
    version: version === undefined ? undefined : (TLS_VERSIONS[version] ?? version),
    notbefore: certificateTime(row.number('cert_not_before')),
    notafter: certificateTime(row.number('cert_not_after')),
    session_resumed: row.flag('tls_resumed') === true ? true : undefined,
    ja3: hashOf(row.text('ja3')),
    ja3s: hashOf(row.text('ja3s')),
    ja4: row.text('ja4'),
  };
}

function quicOf(row: Row): object {
  return {
    version: row.text('quic_version') ?? row.text('quic_client_version'),
    sni: row.text('sni'),
    ua: row.text('quic_user_agent'),
    ja3: hashOf(row.text('ja3')),
    ja3s: hashOf(row.text('ja3s')),
    ja4: row.text('ja4'),
  };
}

function hashOf(hash: string | undefined): { hash: string } | undefined {
  return hash === undefined ? undefined : { hash };
}

/** Counts are of IP packets, without what the link adds; Suricata counts frames. */
function countsOf(row: Row): object {
  return {
    pkts_toserver: row.number('fwd_packets'),
    pkts_toclient: row.number('bwd_packets'),
    bytes_toserver: row.number('fwd_bytes'),
    bytes_toclient: row.number('bwd_bytes'),
    start: eveTime(row.time('first_seen') ?? 0n),
  };
}

/** What an alert says of its flow. */
function beginningOf(row: Row): object {
  const icmp = isIcmp(row.text('protocol'));
  return {
    ...countsOf(row),
    src_ip: row.text('src_ip'),
    dest_ip: row.text('dst_ip'),
    src_port: icmp ? undefined : row.number('src_port'),
    dest_port: icmp ? undefined : row.number('dst_port'),
  };
}

function flowOf(row: Row, alerted: boolean): object {
  const start = row.time('first_seen') ?? 0n;
  const end = row.time('last_seen') ?? start;
  const reason = row.text('end_reason');
  const hasEnded = (row.text('row_kind') ?? 'end') === 'end';
  return {
    ...countsOf(row),
    end: eveTime(end),
    age: Math.max(0, Number((end - start) / 1_000_000_000n)),
    state: stateOf(row, reason),
    reason: hasEnded ? reasonOf(reason) : undefined,
    alerted,
  };
}

function stateOf(row: Row, reason: string | undefined): string {
  if (reason === 'fin' || reason === 'rst') return 'closed';
  return (row.number('bwd_packets') ?? 0) > 0 && (row.number('fwd_packets') ?? 0) > 0 ? 'established' : 'new';
}

/** Suricata logs flows when it removes them: by a timeout, early by force, or when it shuts down. */
function reasonOf(reason: string | undefined): string {
  switch (reason) {
    case 'fin':
    case 'rst':
    case 'idle':
      return 'timeout';
    case 'active':
    case 'evicted':
      return 'forced';
    case 'eof':
      return 'shutdown';
    default:
      return 'unknown';
  }
}

function alertOf(row: Row, model: ModelFacts): object {
  const label = model.positive!;
  const threat = threatOf(label);
  return {
    action: 'allowed',
    gid: GENERATOR,
    signature_id: signatureId(label),
    rev: SIGNATURE_REVISION,
    signature: signatureName(label),
    category: threat.category,
    severity: threat.severity,
    metadata: { signature_severity: [threat.signatureSeverity], tag: tagsOf(row, model) },
  };
}

/** `name value`, as the metadata of rules is written. The schema names the keys of metadata; `tag` takes any text. */
function tagsOf(row: Row, model: ModelFacts): string[] {
  const attack = threatOf(model.positive!).attack;
  const evidence = [...row.findings('evidence')].sort((a, b) => b.weight - a.weight).slice(0, MOST_EVIDENCE);
  return [
    `model ${model.name}@${model.version}`,
    ...verdictWords(row),
    ...(attack === null
      ? []
      : [
          `mitre_tactic_id ${attack.tactic.id}`,
          `mitre_tactic_name ${attack.tactic.name}`,
          `mitre_technique_id ${attack.technique.id}`,
          `mitre_technique_name ${attack.technique.name.replaceAll(' ', '_')}`,
        ]),
    ...evidence.map(({ source, finding, weight }) => `evidence ${source} ${weight}: ${finding}`),
  ];
}

/** Flow records carry the verdict as bits that a rule would have set. */
function flowbitsOf(row: Row): string[] {
  return verdictWords(row).map((words) => `flowlamp.${words.replace(' ', '.')}`);
}

function verdictWords(row: Row): string[] {
  const score = row.number('score');
  const risk = row.number('risk');
  return [
    `verdict ${row.text('verdict') ?? 'unknown'}`,
    `predicted ${row.text('predicted') ?? 'unknown'}`,
    ...(score === undefined ? [] : [`score ${score.toFixed(3)}`]),
    ...(risk === undefined ? [] : [`risk ${risk}`]),
  ];
}

/** `2026-02-03T04:05:06.789012+0000`: microseconds, rounded down. */
export function eveTime(ns: bigint): string {
  return `${timeText(ns).slice(0, -4)}+0000`;
}

/** Seconds since 1970 without a fraction or an offset; undefined where a certificate claims what no calendar has. */
function certificateTime(seconds: number | undefined): string | undefined {
  if (seconds === undefined || Math.abs(seconds) > 8.64e12) return undefined;
  return new Date(seconds * 1000).toISOString().slice(0, -5);
}

/** `0AF1` as `0A:F1`. */
function inPairs(hex: string | undefined): string | undefined {
  if (hex === undefined) return undefined;
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return even.replace(/(..)(?=.)/g, '$1:');
}
