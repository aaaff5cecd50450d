/**
 * CICFlowMeter V4 (the 84 columns of its FlowFeature, in their order). Its times are microseconds, its packet lengths those of
 * payload, and packets without payload count among them, with 0.
 */
import type { Direction, FlowCells } from './flow-cells.ts';
import { type Moments, meanOf, sampleDeviation, sampleVariance } from './moments.ts';
import { lackingColumn, type PeerColumn, type PeerSchema, peerColumn } from './peer-schema.ts';

const US_PER_SECOND = 1e6;
const SIDES = [
  ['Fwd', 'fwd'],
  ['Bwd', 'bwd'],
] as const satisfies readonly (readonly [string, Direction])[];

const INITIATOR = 'The initiator (docs/flows.md); theirs is whoever sent the first packet seen.';
const TWICE = "Every packet counts once; theirs count the flow's first packet twice.";
const TO_THE_END =
  "Also of what follows the responder's first FIN or an RST; there theirs ends, and the rest is another flow.";
const FIRST_ONLY =
  'Of all packets; theirs looks at the first packet of the flow only, so that it is hardly ever above 0.';
const NO_RATE = 'Null where all packets have the same time; theirs is Infinity or NaN.';
const NO_HEADER = 'lengths of transport headers are not kept.';
const NO_BULK = 'bulks are not counted, and theirs compares references where it means addresses: forward is always 0.';
const NO_SUBFLOW =
  'subflows are not counted, and theirs counts one at every packet (a parenthesis), so that most are 0.';
const NO_WINDOW = 'windows are not kept.';
const LAST_PERIOD = 'All periods count, the last and those of one packet, too; theirs leaves them out.';

const PAYLOAD = (side: Direction) =>
  ['packets', 'payload_packets', 'payload_bytes', 'payload_size_min', 'payload_size_std', 'payload_size_max']
    .map((name) => `${side}_${name}`)
    .join(' ');
const ALL_PAYLOAD = `${PAYLOAD('fwd')} ${PAYLOAD('bwd')}`;

function momentNames(name: string): string {
  return ['min', 'mean', 'std', 'max'].map((moment) => `${name}_${moment}_us`).join(' ');
}

/** In the order of most of its columns: IATs have it the other way round. */
const MOMENTS = {
  Max: ({ max }: Moments) => max,
  Min: ({ min }: Moments) => min,
  Mean: meanOf,
  Std: sampleDeviation,
  Variance: sampleVariance,
  Total: ({ sum }: Moments) => sum,
} as const;
type Moment = keyof typeof MOMENTS;

/** Columns of the moments of one quantity. */
function momentColumns(
  name: string,
  moments: readonly Moment[],
  from: string,
  of: (flow: FlowCells) => Moments,
  unit: string,
  difference = '',
): PeerColumn[] {
  return moments.map((moment) =>
    peerColumn(`${name} ${moment}`, from, (flow) => MOMENTS[moment](of(flow)), { unit, difference }),
  );
}

const rate = (name: string, from: string, amount: (flow: FlowCells) => number, unit: string, difference = '') =>
  peerColumn(name, `${from} duration_us`, (flow) => perSecond(amount(flow), flow), { unit, difference });

function perSecond(amount: number, flow: FlowCells): number | null {
  const duration = flow.count('duration_us');
  return duration === 0 ? null : (amount * US_PER_SECOND) / duration;
}

const identity: readonly PeerColumn[] = [
  peerColumn('Flow ID', 'src_ip dst_ip src_port dst_port protocol', flowId, {
    type: 'utf8',
    difference: 'The initiator comes first; theirs puts first whichever address is lower, its bytes taken as signed.',
  }),
  peerColumn('Src IP', 'src_ip', (flow) => flow.text('src_ip'), { type: 'utf8', difference: INITIATOR }),
  peerColumn('Src Port', 'src_port protocol', (flow) => flow.port('src_port'), { type: 'uint16' }),
  peerColumn('Dst IP', 'dst_ip', (flow) => flow.text('dst_ip'), { type: 'utf8' }),
  peerColumn('Dst Port', 'dst_port protocol', (flow) => flow.port('dst_port'), { type: 'uint16' }),
  peerColumn('Protocol', 'protocol', (flow) => flow.protocolNumber, {
    type: 'uint8',
    difference: 'Its number also where that is neither 6 nor 17; theirs is then 0.',
  }),
  peerColumn('Timestamp', 'first_seen', (flow) => flow.time('first_seen'), {
    type: 'timestamp_ns',
    difference: 'RFC 3339 in UTC; theirs is local time of the machine that it ran on, to the second, of 12 hours.',
  }),
  peerColumn('Flow Duration', 'duration_us', (flow) => flow.number('duration_us'), { unit: 'us' }),
];

function flowId(flow: FlowCells): string {
  const ports = `${flow.port('src_port')}-${flow.port('dst_port')}`;
  return `${flow.text('src_ip')}-${flow.text('dst_ip')}-${ports}-${flow.protocolNumber}`;
}

const counts: readonly PeerColumn[] = [
  peerColumn('Total Fwd Packet', 'fwd_packets', (flow) => flow.number('fwd_packets'), {
    type: 'uint32',
    unit: 'packets',
    difference: TO_THE_END,
  }),
  peerColumn('Total Bwd packets', 'bwd_packets', (flow) => flow.number('bwd_packets'), {
    type: 'uint32',
    unit: 'packets',
    difference: TO_THE_END,
  }),
  ...SIDES.map(([theirs, side]) =>
    peerColumn(
      `Total Length of ${theirs} Packet`,
      `${side}_payload_bytes`,
      (flow) => flow.number(`${side}_payload_bytes`),
      { type: 'uint53', unit: 'bytes' },
    ),
  ),
  ...SIDES.flatMap(([theirs, side]) =>
    momentColumns(
      `${theirs} Packet Length`,
      ['Max', 'Min', 'Mean', 'Std'],
      PAYLOAD(side),
      (flow) => flow.payloads(side),
      'bytes',
    ),
  ),
  rate(
    'Flow Bytes/s',
    'fwd_payload_bytes bwd_payload_bytes',
    (flow) => flow.sum('payload_bytes'),
    'bytes/s',
    `Of payload, as theirs. ${NO_RATE}`,
  ),
  rate('Flow Packets/s', 'fwd_packets bwd_packets', (flow) => flow.sum('packets'), 'packets/s', NO_RATE),
];

const gaps: readonly PeerColumn[] = [
  ...momentColumns(
    'Flow IAT',
    ['Mean', 'Std', 'Max', 'Min'],
    `fwd_packets bwd_packets ${momentNames('flow_iat')}`,
    (flow) => flow.gaps('flow'),
    'us',
  ),
  ...SIDES.flatMap(([theirs, side]) =>
    momentColumns(
      `${theirs} IAT`,
      ['Total', 'Mean', 'Std', 'Max', 'Min'],
      `${side}_packets ${momentNames(`${side}_iat`)}`,
      (flow) => flow.gaps(side),
      'us',
    ),
  ),
];

const flag = (name: string, from: string, value: (flow: FlowCells) => number, difference = '') =>
  peerColumn(name, from, value, { type: 'uint32', unit: 'packets', difference });

const headers: readonly PeerColumn[] = [
  ...['psh', 'urg'].flatMap((name) =>
    SIDES.map(([theirs, side]) => {
      const column = `${side}_${name}_packets`;
      return flag(`${theirs} ${name.toUpperCase()} Flags`, column, (flow) => flow.count(column), FIRST_ONLY);
    }),
  ),
  ...SIDES.map(([theirs]) => lackingColumn(`${theirs} Header Length`, NO_HEADER, { unit: 'bytes' })),
  ...SIDES.map(([theirs, side]) =>
    rate(
      `${theirs} Packets/s`,
      `${side}_packets`,
      (flow) => flow.count(`${side}_packets`),
      'packets/s',
      'Null where all packets have the same time; theirs is 0.',
    ),
  ),
];

const lengths = momentColumns(
  'Packet Length',
  ['Min', 'Max', 'Mean', 'Std', 'Variance'],
  ALL_PAYLOAD,
  (flow) => flow.payloadsOfBoth(),
  'bytes',
  TWICE,
);

const flags = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'CWR', 'ECE'].map((name) => {
  const packets = `${name.toLowerCase()}_packets`;
  const difference = name === 'FIN' || name === 'RST' ? TO_THE_END : '';
  return flag(`${name} Flag Count`, `fwd_${packets} bwd_${packets}`, (flow) => flow.sum(packets), difference);
});

const ratios: readonly PeerColumn[] = [
  peerColumn('Down/Up Ratio', 'fwd_packets bwd_packets', downUp, {
    difference: 'A fraction, null where nothing was sent up; theirs is cut down to a whole number.',
  }),
  peerColumn('Average Packet Size', ALL_PAYLOAD, (flow) => meanOf(flow.payloadsOfBoth()), {
    unit: 'bytes',
    difference: TWICE,
  }),
  ...SIDES.map(([theirs, side]) =>
    peerColumn(`${theirs} Segment Size Avg`, PAYLOAD(side), (flow) => meanOf(flow.payloads(side)), { unit: 'bytes' }),
  ),
];

function downUp(flow: FlowCells): number | null {
  const up = flow.count('fwd_packets');
  return up === 0 ? null : flow.count('bwd_packets') / up;
}

const bulks = SIDES.flatMap(([theirs]) => [
  lackingColumn(`${theirs} Bytes/Bulk Avg`, NO_BULK, { unit: 'bytes' }),
  lackingColumn(`${theirs} Packet/Bulk Avg`, NO_BULK, { unit: 'packets' }),
  lackingColumn(`${theirs} Bulk Rate Avg`, NO_BULK, { unit: 'bytes/s' }),
]);

const subflows = SIDES.flatMap(([theirs]) => [
  lackingColumn(`Subflow ${theirs} Packets`, NO_SUBFLOW, { unit: 'packets' }),
  lackingColumn(`Subflow ${theirs} Bytes`, NO_SUBFLOW, { unit: 'bytes' }),
]);

const begin: readonly PeerColumn[] = [
  lackingColumn('FWD Init Win Bytes', NO_WINDOW, { unit: 'bytes' }),
  lackingColumn('Bwd Init Win Bytes', `${NO_WINDOW} Theirs is that of the last packet.`, { unit: 'bytes' }),
  peerColumn('Fwd Act Data Pkts', 'fwd_payload_packets', (flow) => flow.number('fwd_payload_packets'), {
    type: 'uint32',
    unit: 'packets',
    difference: "The flow's first packet counts, too.",
  }),
  lackingColumn('Fwd Seg Size Min', NO_HEADER, { unit: 'bytes' }),
];

const periods: readonly PeerColumn[] = [
  ...momentColumns(
    'Active',
    ['Mean', 'Std', 'Max', 'Min'],
    `active_periods ${momentNames('active')}`,
    (flow) => flow.actives(),
    'us',
    LAST_PERIOD,
  ),
  ...momentColumns(
    'Idle',
    ['Mean', 'Std', 'Max', 'Min'],
    `active_periods ${momentNames('idle')}`,
    (flow) => flow.idles(),
    'us',
    'A pause of exactly 5 s is one.',
  ),
];

export const CICFLOWMETER: PeerSchema = {
  name: 'cicflowmeter',
  tool: 'CICFlowMeter V4',
  hasLabel: true,
  columns: [
    ...identity,
    ...counts,
    ...gaps,
    ...headers,
    ...lengths,
    ...flags,
    ...ratios,
    ...bulks,
    ...subflows,
    ...begin,
    ...periods,
    peerColumn('Label', 'label', (flow) => flow.text('label'), {
      type: 'utf8',
      difference: 'Null where the truth is not known; theirs is NeedManualLabel.',
    }),
  ],
};

/** What the files of CICIDS2017, made with an earlier version, call its columns, where that is not the same. */
export const CICIDS2017_NAMES: Readonly<Record<string, string>> = {
  'Src IP': 'Source IP',
  'Src Port': 'Source Port',
  'Dst IP': 'Destination IP',
  'Dst Port': 'Destination Port',
  'Total Fwd Packet': 'Total Fwd Packets',
  'Total Bwd packets': 'Total Backward Packets',
  'Total Length of Fwd Packet': 'Total Length of Fwd Packets',
  'Total Length of Bwd Packet': 'Total Length of Bwd Packets',
  'Packet Length Min': 'Min Packet Length',
  'Packet Length Max': 'Max Packet Length',
  'CWR Flag Count': 'CWE Flag Count',
  'Fwd Segment Size Avg': 'Avg Fwd Segment Size',
  'Bwd Segment Size Avg': 'Avg Bwd Segment Size',
  'Fwd Bytes/Bulk Avg': 'Fwd Avg Bytes/Bulk',
  'Fwd Packet/Bulk Avg': 'Fwd Avg Packets/Bulk',
  'Fwd Bulk Rate Avg': 'Fwd Avg Bulk Rate',
  'Bwd Bytes/Bulk Avg': 'Bwd Avg Bytes/Bulk',
  'Bwd Packet/Bulk Avg': 'Bwd Avg Packets/Bulk',
  'Bwd Bulk Rate Avg': 'Bwd Avg Bulk Rate',
  'FWD Init Win Bytes': 'Init_Win_bytes_forward',
  'Bwd Init Win Bytes': 'Init_Win_bytes_backward',
  'Fwd Act Data Pkts': 'act_data_pkt_fwd',
  'Fwd Seg Size Min': 'min_seg_size_forward',
};
