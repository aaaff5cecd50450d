/** Flow tables of CICFlowMeter, nfstream and Zeek. */
import {
  COUNT_COLUMNS,
  cell,
  count,
  IDENTITY_COLUMNS,
  type Importer,
  list,
  number,
  type OurRow,
  protocol,
  SEQUENCE_COLUMNS,
  type SourceRow,
  sequenceOf,
  timeOfText,
  timeOfUs,
} from './source.ts';

/** Names as both versions of CICFlowMeter write them, without case, blanks and points. */
const key = (name: string) => name.toLowerCase().replace(/[^a-z0-9/]/g, '');

function keyed(row: SourceRow): SourceRow {
  return Object.fromEntries(Object.entries(row).map(([name, text]) => [key(name), text]));
}

const CIC: Readonly<Record<string, readonly [number, ...string[]]>> = {
  flow_iat_min_us: [1, 'flowiatmin'],
  flow_iat_mean_us: [1, 'flowiatmean'],
  flow_iat_std_us: [1, 'flowiatstd'],
  flow_iat_max_us: [1, 'flowiatmax'],
  fwd_iat_min_us: [1, 'fwdiatmin'],
  fwd_iat_mean_us: [1, 'fwdiatmean'],
  fwd_iat_std_us: [1, 'fwdiatstd'],
  fwd_iat_max_us: [1, 'fwdiatmax'],
  bwd_iat_min_us: [1, 'bwdiatmin'],
  bwd_iat_mean_us: [1, 'bwdiatmean'],
  bwd_iat_std_us: [1, 'bwdiatstd'],
  bwd_iat_max_us: [1, 'bwdiatmax'],
};

/** Of CSE-CIC-IDS2018, of CIC-IDS2017, and of what CICFlowMeter 4 writes now (FlowFeature.java). */
const CIC_PACKETS = ['totfwdpkts', 'totalfwdpackets', 'totalfwdpacket'] as const;

/** `02/03/2017 08:55:58 AM` and `3/7/2017 8:55`: days first, as the project writes them; no zone is said. */
function cicTime(text: string | null): string | null {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))?(?: ([AP]M))?$/.exec(text?.trim() ?? '');
  if (match === null) return timeOfText(text);
  const [, day, month, year, hour, minute, second = '00', half] = match;
  const hours = (Number(hour) % (half === undefined ? 24 : 12)) + (half === 'PM' ? 12 : 0);
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), hours, Number(minute), Number(second));
  return timeOfUs(ms * 1000);
}

/** https://github.com/ahlashkari/CICFlowMeter, ReadMe.txt. */
export const CICFLOWMETER: Importer = {
  name: 'cicflowmeter',
  describes: 'CSV of CICFlowMeter 3 and 4 (CIC-IDS2017, CSE-CIC-IDS2018, ...)',
  knows: (header) => {
    const keys = new Set(header.map(key));
    return keys.has('flowduration') && CIC_PACKETS.some((name) => keys.has(name));
  },
  fills: [
    ...IDENTITY_COLUMNS,
    'fwd_packets',
    'bwd_packets',
    'fwd_payload_bytes',
    'bwd_payload_bytes',
    ...Object.keys(CIC),
  ],
  row: (written) => {
    const row = keyed(written);
    const duration = number(row, 1, 'flowduration');
    const values = Object.entries(CIC).map(([name, [factor, ...names]]) => [name, number(row, factor, ...names)]);
    return {
      ...Object.fromEntries(values),
      src_ip: cell(row, 'srcip', 'sourceip'),
      src_port: count(row, 'srcport', 'sourceport'),
      dst_ip: cell(row, 'dstip', 'destinationip'),
      dst_port: count(row, 'dstport', 'destinationport'),
      protocol: protocol(row, 'protocol'),
      first_seen: cicTime(cell(row, 'timestamp')),
      duration_us: duration === null || duration < 0 ? null : duration,
      fwd_packets: count(row, ...CIC_PACKETS),
      bwd_packets: count(row, 'totbwdpkts', 'totalbackwardpackets', 'totalbwdpackets'),
      fwd_payload_bytes: count(row, 'totlenfwdpkts', 'totallengthoffwdpackets', 'totallengthoffwdpacket'),
      bwd_payload_bytes: count(row, 'totlenbwdpkts', 'totallengthofbwdpackets', 'totallengthofbwdpacket'),
      label: cell(row, 'label') === 'No Label' ? null : cell(row, 'label'),
    };
  },
  notes: [
    'its lengths are of payloads, and its standard deviations are divided by n - 1',
    'flags, bulks and active times are not taken: their counts are known to be wrong (LYCOS-IDS2017; Engelen et al., 2021)',
    'times say no zone and are taken for UTC, days before months',
  ],
};

const NFSTREAM: Readonly<Record<string, readonly [number, string]>> = {
  fwd_packet_size_min: [1, 'src2dst_min_ps'],
  fwd_packet_size_mean: [1, 'src2dst_mean_ps'],
  fwd_packet_size_max: [1, 'src2dst_max_ps'],
  bwd_packet_size_min: [1, 'dst2src_min_ps'],
  bwd_packet_size_mean: [1, 'dst2src_mean_ps'],
  bwd_packet_size_max: [1, 'dst2src_max_ps'],
  flow_iat_min_us: [1000, 'bidirectional_min_piat_ms'],
  flow_iat_mean_us: [1000, 'bidirectional_mean_piat_ms'],
  flow_iat_max_us: [1000, 'bidirectional_max_piat_ms'],
  fwd_iat_min_us: [1000, 'src2dst_min_piat_ms'],
  fwd_iat_mean_us: [1000, 'src2dst_mean_piat_ms'],
  fwd_iat_max_us: [1000, 'src2dst_max_piat_ms'],
  bwd_iat_min_us: [1000, 'dst2src_min_piat_ms'],
  bwd_iat_mean_us: [1000, 'dst2src_mean_piat_ms'],
  bwd_iat_max_us: [1000, 'dst2src_max_piat_ms'],
};

const NFSTREAM_FLAGS = ['syn', 'cwr', 'ece', 'urg', 'ack', 'psh', 'rst', 'fin'] as const;
const FLAG_COLUMNS = NFSTREAM_FLAGS.flatMap((flag) => [`fwd_${flag}_packets`, `bwd_${flag}_packets`]);

/** https://www.nfstream.org/docs/api: `to_csv` with statistical_analysis and splt_analysis. */
export const NFSTREAM_CSV: Importer = {
  name: 'nfstream',
  describes: 'CSV of nfstream (to_csv), with statistics and SPLT where they were asked for',
  knows: (header) => header.includes('src2dst_packets') && header.includes('bidirectional_first_seen_ms'),
  fills: [
    ...IDENTITY_COLUMNS,
    ...COUNT_COLUMNS,
    'ip_version',
    'vlan_id',
    'sni',
    ...Object.keys(NFSTREAM),
    ...FLAG_COLUMNS,
    ...SEQUENCE_COLUMNS,
  ],
  row: (row) => {
    const out: OurRow = Object.fromEntries(
      Object.entries(NFSTREAM).map(([name, [factor, from]]) => [name, number(row, factor, from)]),
    );
    const isTcp = protocol(row, 'protocol') === 'tcp';
    for (const flag of isTcp ? NFSTREAM_FLAGS : []) {
      out[`fwd_${flag}_packets`] = count(row, `src2dst_${flag}_packets`);
      out[`bwd_${flag}_packets`] = count(row, `dst2src_${flag}_packets`);
    }
    return {
      ...out,
      src_ip: cell(row, 'src_ip'),
      src_port: count(row, 'src_port'),
      dst_ip: cell(row, 'dst_ip'),
      dst_port: count(row, 'dst_port'),
      protocol: protocol(row, 'protocol'),
      ip_version: count(row, 'ip_version'),
      vlan_id: count(row, 'vlan_id') || null,
      first_seen: timeOfUs(number(row, 1000, 'bidirectional_first_seen_ms')),
      last_seen: timeOfUs(number(row, 1000, 'bidirectional_last_seen_ms')),
      duration_us: number(row, 1000, 'bidirectional_duration_ms'),
      fwd_packets: count(row, 'src2dst_packets'),
      bwd_packets: count(row, 'dst2src_packets'),
      fwd_bytes: count(row, 'src2dst_bytes'),
      bwd_bytes: count(row, 'dst2src_bytes'),
      sni: cell(row, 'requested_server_name'),
      label: cell(row, 'label', 'application_name'),
      ...splt(row),
    };
  },
  notes: [
    'times are in whole milliseconds; standard deviations are divided by n - 1 and not taken',
    'without a column label the label is application_name: what nDPI says, not a truth of its own',
    'sequences hold what accounting_mode counts: packets of payload only with accounting_mode=3',
  ],
};

/** SPLT: -1 fills what the flow did not have; direction 0 is src2dst. */
function splt(row: SourceRow): OurRow {
  const sizes = list(cell(row, 'splt_ps'));
  const directions = list(cell(row, 'splt_direction'));
  const gaps = list(cell(row, 'splt_piat_ms'));
  if (sizes === null || directions === null) return {};
  let at = 0;
  const times = gaps?.map((gap) => {
    at += Math.max(0, gap) * 1000;
    return at;
  });
  return sequenceOf(
    sizes,
    directions.map((direction) => (direction === 0 ? 1 : direction === 1 ? -1 : 0)),
    times ?? null,
  );
}

/** https://docs.zeek.org/en/master/logs/conn.html; ssl.log gives names where it lies beside. */
export const ZEEK_CONN: Importer = {
  name: 'zeek',
  describes: 'Zeek conn.log, with the ssl.log beside it; also the labelled conn.log of IoT-23',
  knows: (header) => header.includes('id.orig_h') && header.includes('orig_bytes'),
  fills: [
    ...IDENTITY_COLUMNS,
    ...COUNT_COLUMNS,
    'fwd_payload_bytes',
    'bwd_payload_bytes',
    'end_reason',
    'sni',
    'tls_version',
    'ja3',
    'ja3s',
    'server_alpn',
    'community_id',
  ],
  row: (row) => {
    const first = number(row, 1e6, 'ts');
    const duration = number(row, 1e6, 'duration');
    const state = cell(row, 'conn_state') ?? '';
    return {
      src_ip: cell(row, 'id.orig_h'),
      src_port: count(row, 'id.orig_p'),
      dst_ip: cell(row, 'id.resp_h'),
      dst_port: count(row, 'id.resp_p'),
      protocol: protocol(row, 'proto'),
      community_id: cell(row, 'community_id'),
      first_seen: timeOfUs(first),
      last_seen: first === null ? null : timeOfUs(first + (duration ?? 0)),
      duration_us: duration,
      fwd_packets: count(row, 'orig_pkts'),
      bwd_packets: count(row, 'resp_pkts'),
      fwd_bytes: count(row, 'orig_ip_bytes'),
      bwd_bytes: count(row, 'resp_ip_bytes'),
      fwd_payload_bytes: count(row, 'orig_bytes'),
      bwd_payload_bytes: count(row, 'resp_bytes'),
      end_reason: state === 'SF' ? 'fin' : /^(RSTO|RSTR|RSTOS0|RSTRH|REJ)$/.test(state) ? 'rst' : null,
      sni: cell(row, 'ssl.server_name'),
      ja3: cell(row, 'ssl.ja3'),
      ja3s: cell(row, 'ssl.ja3s'),
      server_alpn: cell(row, 'ssl.next_protocol'),
      tls_version: tlsVersion(cell(row, 'ssl.version')),
      label: cell(row, 'label'),
    };
  },
  notes: ['payload bytes are by sequence numbers: gaps and captures that miss packets make them more than was seen'],
};

function tlsVersion(text: string | null): string | null {
  const match = /^TLSv1([0-3])$/.exec(text ?? '');
  return match === null ? null : `1.${match[1]}`;
}
