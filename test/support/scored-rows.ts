/** Scored tables of rows that a test writes out, with the verdicts that it names. */
import type { Finding, Table } from '../../core/table.ts';
import { specsOfNames, tableOfObjects } from '../../features/text/text-reader.ts';
import type { ModelFacts } from '../../serve/records/row.ts';
import type { Verdict } from '../../serve/verdict.ts';
import { withVerdicts } from '../../serve/verdict-columns.ts';

export const miningModel: ModelFacts & { readonly scope: { protocols: string[]; minPayloadPackets: number } } = {
  name: 'mining',
  version: '7',
  labels: ['mining', 'other'],
  positive: 'mining',
  scope: { protocols: ['tcp'], minPayloadPackets: 5 },
};

/** A flow of TLS 1.2 that ended; what a test says of it stands on top. */
export const tlsFlow = {
  capture: 'a.pcap',
  flow_id: 4503599627370497,
  part: 0,
  row_kind: 'end',
  community_id: '1:5Y2eH/ePLSV3lfkhTbyf+hKtdCQ=',
  first_seen: '2026-02-03T04:05:06.000000789Z',
  last_seen: '2026-02-03T04:05:07.500001999Z',
  src_ip: '10.0.0.1',
  src_port: 40000,
  dst_ip: '192.0.2.9',
  dst_port: 443,
  protocol: 'tcp',
  ip_version: 4,
  vlan_id: null,
  end_reason: 'fin',
  fwd_packets: 7,
  bwd_packets: 5,
  fwd_bytes: 700,
  bwd_bytes: 5000,
  fwd_payload_packets: 4,
  bwd_payload_packets: 4,
  tls_transport: 'tcp',
  tls_version: 'TLS 1.2',
  sni: 'pool.example',
  server_alpn: 'h2',
  tls_resumed: false,
  tls_established: true,
  ja3: '22558766122974704364c9c75c5cce0a',
  ja3s: 'e54965894d6b45ecb4323c7ea3d6c115',
  ja4: 't12d2808h2_d943125447b4_e7e480e5a997',
  cert_subject_cn: 'pool.example',
  cert_subject_org: null,
  cert_issuer_cn: 'R11',
  cert_issuer_org: 'Open Harbour',
  cert_serial: 'af1',
  cert_not_before: 1739318400,
  cert_not_after: 1773705600,
  cert_sha256: '4488f1',
  quic_version: null,
  quic_user_agent: null,
  http_version: null,
  dns_query: null,
  dns_name: null,
} as const;

type Cells = Readonly<Record<string, unknown>>;

/** A verdict; `mining` with a score of 0.96 where nothing else is said. */
export function verdictOf(said: Partial<Verdict> = {}): Verdict {
  const evidence: Finding[] = [{ source: 'behaviour', finding: 'Looks like it (96 %).', weight: 3.2 }];
  return { predicted: 'mining', score: 0.96, verdict: 'mining', risk: 10, evidence, model: 'mining@7', ...said };
}

export const benign: Partial<Verdict> = { predicted: 'other', score: 0.98, verdict: 'other', risk: 0 };

/** Rows with the columns that the first one names. */
export function scoredTable(rows: readonly (readonly [Cells, (Partial<Verdict> | undefined)?])[]): Table {
  const specs = specsOfNames(Object.keys(rows[0]![0]));
  const cells = rows.map(([row]) => ({ ...row }));
  return withVerdicts(
    specs,
    tableOfObjects('rows', specs, cells),
    rows.map(([, verdict]) => verdictOf(verdict)),
  );
}
