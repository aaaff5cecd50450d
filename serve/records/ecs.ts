/**
 * Rows as documents of the Elastic Common Schema 9: one a row, `event.kind: alert` where the verdict is a risk. What ECS has
 * no field for (JA4, the verdict itself) stands under `flowlamp`.
 */
import { timeText } from '../../features/text/cell.ts';
import {
  applicationProtocol,
  distinguishedName,
  ianaNumber,
  isIcmp,
  isRisk,
  type ModelFacts,
  type Row,
  strongestFinding,
  weightiestFinding,
} from './row.ts';
import { SIGNATURE_REVISION, signatureId, signatureName, threatOf } from './threats.ts';

/** Columns without which a row is no event. */
export const ECS_COLUMNS = ['first_seen', 'last_seen', 'src_ip', 'dst_ip', 'protocol'] as const;

const ECS_VERSION = '9.0.0';
/** `event.risk_score_norm` runs to 100, our risk to 10. */
const NORM = 10;

export type EcsRecord = Readonly<Record<string, unknown>>;

/**
 * The document of a row of a scored table.
 *
 * @param row with the columns of ECS_COLUMNS at least; others are left out where they are not there
 */
export function ecsRecord(row: Row, model: ModelFacts): EcsRecord {
  const risky = isRisk(row, model);
  const addresses = [row.text('src_ip'), row.text('dst_ip')].filter((address) => address !== undefined);
  const names = [row.text('sni'), row.text('dns_name')].filter((name) => name !== undefined);
  return {
    '@timestamp': timeText(row.time('last_seen') ?? 0n),
    ecs: { version: ECS_VERSION },
    event: eventOf(row, model, risky),
    network: networkOf(row),
    source: endOf(row, 'src', 'fwd'),
    destination: endOf(row, 'dst', 'bwd'),
    tls: tlsOf(row),
    rule: risky ? ruleOf(model) : undefined,
    threat: risky ? threatFields(model.positive!) : undefined,
    related: { ip: [...new Set(addresses)], hosts: names.length === 0 ? undefined : [...new Set(names)] },
    flowlamp: ownOf(row),
  };
}

function eventOf(row: Row, model: ModelFacts, risky: boolean): object {
  const start = row.time('first_seen') ?? 0n;
  const end = row.time('last_seen') ?? start;
  const hasEnded = (row.text('row_kind') ?? 'end') === 'end';
  const risk = row.number('risk');
  return {
    kind: risky ? 'alert' : 'event',
    category: risky ? ['network', 'intrusion_detection'] : ['network'],
    type: ['connection', ...(hasEnded ? ['end'] : []), ...(risky ? ['info'] : [])],
    module: 'flowlamp',
    dataset: 'flowlamp.flow',
    start: timeText(start),
    end: timeText(end),
    // Nanoseconds. Beyond 104 days a double is not exact to the last few; it stays within Elasticsearch's long.
    duration: Math.max(0, Number(end - start)),
    risk_score: risk,
    risk_score_norm: risk === undefined ? undefined : risk * NORM,
    severity: risky ? threatOf(model.positive!).severity : undefined,
    reason: reasonOf(row, risky),
  };
}

/** What speaks most for a risk, or for and against it where there is none. */
function reasonOf(row: Row, risky: boolean): string | undefined {
  const evidence = row.findings('evidence');
  return ((risky ? strongestFinding(evidence) : undefined) ?? weightiestFinding(evidence))?.finding;
}

function networkOf(row: Row): object {
  const protocol = row.text('protocol');
  const number = ianaNumber(protocol);
  const version = row.number('ip_version');
  const vlan = row.number('vlan_id');
  return {
    transport: protocol === 'icmp6' ? 'ipv6-icmp' : protocol,
    type: version === undefined ? undefined : `ipv${version}`,
    iana_number: number === undefined ? undefined : String(number),
    protocol: applicationProtocol(row),
    community_id: row.text('community_id'),
    bytes: sum(row.number('fwd_bytes'), row.number('bwd_bytes')),
    packets: sum(row.number('fwd_packets'), row.number('bwd_packets')),
    vlan: vlan === undefined ? undefined : { id: String(vlan) },
  };
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

/** The initiator is the source. Of ICMP the ports are types and codes, so that there are none. */
function endOf(row: Row, end: 'src' | 'dst', side: 'fwd' | 'bwd'): object {
  const address = row.text(`${end}_ip`);
  return {
    address,
    ip: address,
    port: isIcmp(row.text('protocol')) ? undefined : row.number(`${end}_port`),
    bytes: row.number(`${side}_bytes`),
    packets: row.number(`${side}_packets`),
  };
}

/** Of hellos over TCP, QUIC and DTLS alike; undefined where none was read. */
function tlsOf(row: Row): object | undefined {
  const transport = row.text('tls_transport');
  if (transport === undefined) return undefined;
  const version = /(\d[\d.]*)$/.exec(row.text('tls_version') ?? '')?.[1];
  return {
    version,
    version_protocol: transport === 'dtls' ? 'dtls' : (row.text('tls_version') ?? '').startsWith('SSL') ? 'ssl' : 'tls',
    next_protocol: row.text('server_alpn'),
    established: row.flag('tls_established'),
    resumed: row.flag('tls_resumed'),
    client: { server_name: row.text('sni'), ja3: row.text('ja3') },
    server: serverOf(row),
  };
}

function serverOf(row: Row): object | undefined {
  const sha256 = row.text('cert_sha256');
  const server = {
    ja3s: row.text('ja3s'),
    subject: distinguishedName(row, 'subject'),
    issuer: distinguishedName(row, 'issuer'),
    not_before: certificateTime(row.number('cert_not_before')),
    not_after: certificateTime(row.number('cert_not_after')),
    // ECS asks for upper case here.
    hash: sha256 === undefined ? undefined : { sha256: sha256.toUpperCase() },
  };
  return Object.values(server).some((value) => value !== undefined) ? server : undefined;
}

/** Undefined where a certificate claims what no calendar has. */
function certificateTime(seconds: number | undefined): string | undefined {
  return seconds === undefined || Math.abs(seconds) > 8.64e12 ? undefined : new Date(seconds * 1000).toISOString();
}

function ruleOf({ name, version, positive }: ModelFacts): object {
  return {
    id: String(signatureId(positive!)),
    name: signatureName(positive!),
    category: threatOf(positive!).category,
    ruleset: `${name}@${version}`,
    version: String(SIGNATURE_REVISION),
  };
}

/** Lists, since ECS says that these fields hold them. */
function threatFields(label: string): object | undefined {
  const { attack } = threatOf(label);
  if (attack === null) return undefined;
  const { tactic, technique } = attack;
  return {
    framework: 'MITRE ATT&CK',
    tactic: { id: [tactic.id], name: [tactic.name], reference: [tactic.reference] },
    technique: { id: [technique.id], name: [technique.name], reference: [technique.reference] },
  };
}

function ownOf(row: Row): object {
  return {
    verdict: row.text('verdict'),
    predicted: row.text('predicted'),
    score: row.number('score'),
    risk: row.number('risk'),
    model: row.text('model'),
    evidence: row.findings('evidence'),
    capture: row.text('capture'),
    flow_id: row.number('flow_id'),
    part: row.number('part'),
    row_kind: row.text('row_kind'),
    end_reason: row.text('end_reason'),
    ja4: row.text('ja4'),
    label: row.text('label'),
  };
}
