/**
 * nfstream 6.5 (the attributes of its NFlow, in their order), with statistical_analysis, accounting_mode 1 (IP lengths) and
 * splt_analysis 32. Its own counts and times are milliseconds, cut down to whole ones before anything is reckoned.
 */
import { LIMITS } from '../../../core/limits.ts';
import type { Direction, FlowCells } from './flow-cells.ts';
import { type Moments, meanOf, sampleDeviation } from './moments.ts';
import { lackingColumn, type PeerColumn, type PeerSchema, peerColumn } from './peer-schema.ts';

const MS = 1000;
const SIDES = [
  ['bidirectional', null],
  ['src2dst', 'fwd'],
  ['dst2src', 'bwd'],
] as const satisfies readonly (readonly [string, Direction | null])[];
const MOMENTS = ['min', 'mean', 'stddev', 'max'] as const;
const FLAGS = ['syn', 'cwr', 'ece', 'urg', 'ack', 'psh', 'rst', 'fin'] as const;

const IP_LENGTHS = 'Lengths of IP packets (accounting_mode 1); its default counts whole frames.';
const WHOLE_MS = 'In fractions of a millisecond; theirs are of times cut down to whole ones.';
const NO_LINK = 'addresses of the link layer are not kept.';
const NO_DPI = 'there is no naming of applications here; score gives verdicts.';
const INITIATOR = 'The initiator (docs/flows.md); theirs is whoever sent the first packet seen.';
const MESSAGES = `Of the first ${LIMITS.sequence} packets with new payload; theirs count packets without payload and retransmissions, too.`;

/** Their numbers for how a flow ended. */
const EXPIRED_IDLE = 0;
const EXPIRED_ACTIVE = 1;
const GTP_TUNNEL = 1;
/** What stands behind the last packet. */
const NO_PACKET = -1;

const count = (name: string, from: string, value: PeerColumn['value'], difference = '') =>
  peerColumn(name, from, value, { type: 'uint53', unit: 'packets', difference });
const milliseconds = (name: string, from: string, value: PeerColumn['value'], difference = '') =>
  peerColumn(name, from, value, { type: 'uint53', unit: 'ms', difference });
const text = (name: string, from: string, difference = '') =>
  peerColumn(name, from, (flow) => firstText(flow, from), { type: 'utf8', difference });

/** The first of the columns that has a text; theirs are empty without. */
function firstText(flow: FlowCells, from: string): string {
  for (const name of from.split(' ')) {
    const found = flow.text(name);
    if (found !== null) return found;
  }
  return '';
}

const identity: readonly PeerColumn[] = [
  peerColumn('id', 'flow_id', (flow) => flow.ordinal, {
    type: 'uint53',
    difference: 'Counts rows in the order in which flows end; our flow_id is the same in every run.',
  }),
  peerColumn('expiration_id', 'end_reason', expirationOf, {
    difference: 'Flows also end by FIN and RST here, which says 0; null in rows of flows that go on (--emit).',
  }),
  peerColumn('src_ip', 'src_ip', (flow) => flow.text('src_ip'), { type: 'utf8', difference: INITIATOR }),
  lackingColumn('src_mac', NO_LINK, { type: 'utf8' }),
  lackingColumn('src_oui', NO_LINK, { type: 'utf8' }),
  peerColumn('src_port', 'src_port protocol', (flow) => flow.port('src_port'), { type: 'uint16' }),
  peerColumn('dst_ip', 'dst_ip', (flow) => flow.text('dst_ip'), { type: 'utf8' }),
  lackingColumn('dst_mac', NO_LINK, { type: 'utf8' }),
  lackingColumn('dst_oui', NO_LINK, { type: 'utf8' }),
  peerColumn('dst_port', 'dst_port protocol', (flow) => flow.port('dst_port'), { type: 'uint16' }),
  peerColumn('protocol', 'protocol', (flow) => flow.protocolNumber, { type: 'uint8' }),
  peerColumn('ip_version', 'ip_version', (flow) => flow.number('ip_version'), { type: 'uint8' }),
  peerColumn('vlan_id', 'vlan_id', (flow) => flow.count('vlan_id'), {
    type: 'uint16',
    difference: 'Of the first packet, and part of the key of a flow only with --key-vlan.',
  }),
  peerColumn('tunnel_id', 'tunnel', tunnelOf, {
    type: 'uint8',
    difference: 'Null for tunnels that only we look into; CAPWAP and TZSP are not looked into here.',
  }),
];

function expirationOf(flow: FlowCells): number | null {
  const reason = flow.text('end_reason');
  if (reason === null) return null;
  return reason === 'active' ? EXPIRED_ACTIVE : EXPIRED_IDLE;
}

function tunnelOf(flow: FlowCells): number | null {
  const tunnel = flow.text('tunnel');
  if (tunnel === null) return 0;
  return tunnel === 'gtpu' ? GTP_TUNNEL : null;
}

const totals = SIDES.flatMap(([theirs, ours]) => {
  const [packets, bytes] = ['packets', 'bytes'].map((what) =>
    ours === null ? `fwd_${what} bwd_${what}` : `${ours}_${what}`,
  ) as [string, string];
  const total = (what: string) => (flow: FlowCells) => (ours === null ? flow.sum(what) : flow.count(`${ours}_${what}`));
  return [
    ...timesOf(theirs, ours),
    count(`${theirs}_packets`, packets, total('packets')),
    peerColumn(`${theirs}_bytes`, bytes, total('bytes'), { type: 'uint53', unit: 'bytes', difference: IP_LENGTHS }),
  ];
});

function timesOf(theirs: string, ours: Direction | null): PeerColumn[] {
  if (ours !== null) {
    const why = 'the times of one direction are not kept.';
    return [
      lackingColumn(`${theirs}_first_seen_ms`, why, { type: 'uint53', unit: 'ms' }),
      lackingColumn(`${theirs}_last_seen_ms`, why, { type: 'uint53', unit: 'ms' }),
      peerColumn(`${theirs}_duration_ms`, `${ours}_packets ${gapNames(ours)}`, (flow) => flow.gaps(ours, MS).sum, {
        unit: 'ms',
        difference: WHOLE_MS,
      }),
    ];
  }
  return [
    milliseconds(`${theirs}_first_seen_ms`, 'first_seen', (flow) => flow.milliseconds('first_seen')),
    milliseconds(`${theirs}_last_seen_ms`, 'last_seen', (flow) => flow.milliseconds('last_seen')),
    milliseconds(`${theirs}_duration_ms`, 'first_seen last_seen', (flow) => {
      const [first, last] = [flow.milliseconds('first_seen'), flow.milliseconds('last_seen')];
      return first === null || last === null ? null : last - first;
    }),
  ];
}

function gapNames(of: Direction | 'flow'): string {
  return ['min', 'mean', 'std', 'max'].map((moment) => `${of}_iat_${moment}_us`).join(' ');
}

const sizes = SIDES.flatMap(([theirs, ours]) => {
  const own = (side: Direction) =>
    ['packets', 'bytes', 'packet_size_min', 'packet_size_std', 'packet_size_max']
      .map((name) => `${side}_${name}`)
      .join(' ');
  const from = ours === null ? `${own('fwd')} ${own('bwd')}` : own(ours);
  const moments = (flow: FlowCells) => (ours === null ? flow.sizesOfBoth() : flow.sizes(ours));
  return MOMENTS.map((moment) =>
    peerColumn(`${theirs}_${moment}_ps`, from, (flow) => momentOf(moments(flow), moment), {
      unit: 'bytes',
      difference: IP_LENGTHS,
    }),
  );
});

const gaps = SIDES.flatMap(([theirs, ours]) => {
  const packets = ours === null ? 'fwd_packets bwd_packets' : `${ours}_packets`;
  const from = `${packets} ${gapNames(ours ?? 'flow')}`;
  return MOMENTS.map((moment) =>
    peerColumn(`${theirs}_${moment}_piat_ms`, from, (flow) => momentOf(flow.gaps(ours ?? 'flow', MS), moment), {
      unit: 'ms',
      difference: WHOLE_MS,
    }),
  );
});

function momentOf(moments: Moments, moment: (typeof MOMENTS)[number]): number {
  if (moment === 'mean') return meanOf(moments);
  return moment === 'stddev' ? sampleDeviation(moments) : moments[moment];
}

const flags = SIDES.flatMap(([theirs, ours]) =>
  FLAGS.map((flag) => {
    const name = `${flag}_packets`;
    return ours === null
      ? count(`${theirs}_${name}`, `fwd_${name} bwd_${name}`, (flow) => flow.sum(name))
      : count(`${theirs}_${name}`, `${ours}_${name}`, (flow) => flow.count(`${ours}_${name}`));
  }),
);

const early: readonly PeerColumn[] = [
  peerColumn('splt_direction', 'payload_sizes', (flow) => padded(flow, (size) => (size < 0 ? 1 : 0)), {
    type: 'list_int32',
    difference: MESSAGES,
  }),
  peerColumn('splt_ps', 'payload_sizes', (flow) => padded(flow, Math.abs), {
    type: 'list_int32',
    unit: 'bytes',
    difference: `${MESSAGES} Sizes are those of payload (accounting_mode 3).`,
  }),
  peerColumn(
    'splt_piat_ms',
    'payload_sizes payload_times_us',
    (flow) => {
      const times = flow.list('payload_times_us');
      return padded(flow, (_, i) => (i === 0 ? 0 : Math.max(0, times[i]! - times[i - 1]!) / MS));
    },
    { type: 'list_float64', unit: 'ms', difference: MESSAGES },
  ),
];

/** One item for each message, and theirs for no packet behind them. */
function padded(flow: FlowCells, item: (size: number, i: number) => number): number[] {
  const items = flow.list('payload_sizes').map(item);
  return [...items, ...new Array<number>(LIMITS.sequence - items.length).fill(NO_PACKET)];
}

const applications: readonly PeerColumn[] = [
  lackingColumn('application_name', NO_DPI, { type: 'utf8' }),
  lackingColumn('application_category_name', NO_DPI, { type: 'utf8' }),
  lackingColumn('application_is_guessed', NO_DPI, { type: 'uint8' }),
  lackingColumn('application_confidence', NO_DPI, { type: 'uint8' }),
  text('requested_server_name', 'sni http_host dns_query', 'Not cut at 79 characters.'),
  text('client_fingerprint', 'ja3 hassh', 'JA3 or HASSH, also of hellos that several packets carry.'),
  text('server_fingerprint', 'ja3s hassh_server', 'JA3S or HASSH.'),
  text('user_agent', 'http_user_agent quic_user_agent'),
  lackingColumn('content_type', 'the Content-Type of HTTP is not kept.', { type: 'utf8' }),
];

export const NFSTREAM: PeerSchema = {
  name: 'nfstream',
  tool: 'nfstream 6.5',
  hasLabel: false,
  columns: [...identity, ...totals, ...sizes, ...gaps, ...flags, ...early, ...applications],
};
