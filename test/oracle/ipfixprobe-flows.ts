/** ipfixprobe's recorded flows: one CSV per plug-in, whose last line names and types the columns. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { canonicalIp, microseconds, type Pair } from '../features/flow/oracle/conversation.ts';
import { sharedPath } from '../support/shared-data.ts';

const FOLDER = 'oracle/ipfixprobe';

/** Which input a plug-in was run on, where its name does not say so. */
const INPUTS: Readonly<Record<string, string>> = {
  basic: 'mixed',
  basicplus: 'http',
  nettisa: 'mixed',
  phists: 'mixed',
  pstats: 'mixed',
  passivedns: 'dns',
  quic: 'quic_initial-sample',
};

export interface ProbeFlow {
  readonly protocol: number;
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
  readonly packets: Pair;
  /** IP lengths. */
  readonly ipBytes: Pair;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Null but from `vlan`. */
  readonly vlan: number | null;
  /** The first 30 packets with payload, from `pstats`; null of the other plug-ins. */
  readonly sequence: readonly ProbePacket[] | null;
  /** Histograms of payload sizes, bytes, and of times between packets, ms, by direction, from `phists`. */
  readonly histograms: { readonly sizes: PairOf<number[]>; readonly gaps: PairOf<number[]> } | null;
  /** Bursts by direction, at most 15 each, from `bstats`. */
  readonly bursts: PairOf<readonly ProbeBurst[]> | null;
}

export type PairOf<T> = readonly [T, T];

export interface ProbeBurst {
  readonly packets: number;
  /** Payload. */
  readonly bytes: number;
  readonly us: number;
}

export interface ProbePacket {
  /** Payload bytes, negative from the side that did not begin; of ICMP with its header. */
  readonly size: number;
  readonly us: number;
}

/** The plug-ins whose input is at hand, with its path. */
export function probeOutputs(): { readonly plugin: string; readonly input: string }[] {
  return readdirSync(sharedPath(`${FOLDER}/outputs`))
    .map((plugin) => ({ plugin, input: sharedPath(`${FOLDER}/inputs/${INPUTS[plugin] ?? plugin}.pcap`) }))
    .filter(({ input }) => existsSync(input));
}

export function probeFlows(plugin: string): ProbeFlow[] {
  const lines = readFileSync(sharedPath(`${FOLDER}/outputs/${plugin}`), 'utf8')
    .trim()
    .split('\n');
  const isHead = (line: string) => line.startsWith('ipaddr ');
  const names = lines
    .find(isHead)!
    .split(',')
    .map((column) => column.split(' ')[1]!);
  return lines
    .filter((line) => !isHead(line))
    .map((line) => line.match(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)!.map((cell) => cell.replace(/,$/, '')))
    .map((cells) => flowOf((name) => cells[names.indexOf(name)] ?? ''));
}

function flowOf(cell: (name: string) => string): ProbeFlow {
  const pair = (name: string): Pair => [Number(cell(name)), Number(cell(`${name}_REV`))];
  return {
    protocol: Number(cell('PROTOCOL')),
    from: canonicalIp(cell('SRC_IP')),
    fromPort: Number(cell('SRC_PORT')),
    to: canonicalIp(cell('DST_IP')),
    toPort: Number(cell('DST_PORT')),
    packets: pair('PACKETS'),
    ipBytes: pair('BYTES'),
    firstUs: microseconds(cell('TIME_FIRST')),
    lastUs: microseconds(cell('TIME_LAST')),
    vlan: cell('VLAN_ID') === '' ? null : Number(cell('VLAN_ID')),
    sequence: cell('PPI_PKT_LENGTHS') === '' ? null : sequenceOf(cell),
    histograms: cell('S_PHISTS_SIZES') === '' ? null : histogramsOf(cell),
    bursts: cell('SBI_BRST_PACKETS') === '' ? null : [burstsOf(cell, 'SBI'), burstsOf(cell, 'DBI')],
  };
}

const items = (text: string) =>
  text
    .replace(/[[\]]/g, '')
    .split('|')
    .filter((item) => item !== '');

function histogramsOf(cell: (name: string) => string): NonNullable<ProbeFlow['histograms']> {
  const pair = (name: string): PairOf<number[]> => [
    items(cell(`S_PHISTS_${name}`)).map(Number),
    items(cell(`D_PHISTS_${name}`)).map(Number),
  ];
  return { sizes: pair('SIZES'), gaps: pair('IPT') };
}

function burstsOf(cell: (name: string) => string, side: 'SBI' | 'DBI'): ProbeBurst[] {
  const list = (name: string) => items(cell(`${side}_BRST_${name}`));
  const [starts, stops] = [list('TIME_START').map(microseconds), list('TIME_STOP').map(microseconds)];
  const bytes = list('BYTES').map(Number);
  return list('PACKETS').map((packets, i) => ({
    packets: Number(packets),
    bytes: bytes[i]!,
    us: stops[i]! - starts[i]!,
  }));
}

function sequenceOf(cell: (name: string) => string): ProbePacket[] {
  const list = (name: string) => cell(`PPI_PKT_${name}`).replace(/[[\]]/g, '').split('|');
  const directions = list('DIRECTIONS').map(Number);
  const times = list('TIMES').map(microseconds);
  return list('LENGTHS').map((size, at) => ({ size: Number(size) * directions[at]!, us: times[at]! }));
}
