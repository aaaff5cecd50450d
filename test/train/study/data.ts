import { Prng } from '../../../core/prng.ts';
import { foldsByGroup } from '../../../datasets/split.ts';
import type { LabelledData } from '../../../train/labelled-rows.ts';
import { type FlowNote, type RowContext, RowKind } from '../../../train/row-context.ts';
import { matrixOf } from '../data.ts';

export const CLASSES = ['mining', 'video', 'web'] as const;
const PER_GROUP = 30;

/** Flows whose class shows in a size column, a little in a time column, not in flags; sizes of groups differ a little. */
export function threeClasses(groupCount: number, seed = 1): LabelledData {
  const random = new Prng(seed);
  const rows = groupCount * PER_GROUP;
  const groups = Int32Array.from({ length: rows }, (_, row) => row % groupCount);
  const labels = Int32Array.from({ length: rows }, () => random.below(3));
  const size = labels.map((label, row) => 100 + label * 100 + (groups[row]! % 3) * 10 + random.below(70));
  const time = Float32Array.from(labels, (label) => label * 0.4 + random.normal());
  const groupNames = Array.from({ length: groupCount }, (_, group) => `${group}.pcap`);
  return {
    data: {
      matrix: matrixOf({
        fwd_packet_size_mean: size,
        flow_iat_mean_us: time,
        fwd_psh_packets: labels.map(() => random.below(5)),
      }),
      labels,
      classNames: CLASSES,
    },
    groups,
    groupNames,
    captures: groupNames,
    protocols: ['tcp'],
    ports: Float32Array.from(labels, () => 443),
    context: contextOf(labels, groups, groupNames),
  };
}

export function foldsOf({ data, groups, groupNames }: LabelledData, foldCount = 3) {
  return {
    foldCount,
    folds: foldsByGroup(groups, groupNames.length, data.labels, data.classNames.length, foldCount, 1),
  };
}

/** Whole flows; sequences and names tell the classes. */
export function contextOf(
  labels: Int32Array,
  captures: Int32Array,
  captureNames: readonly string[],
  changes: Partial<RowContext> = {},
): RowContext {
  const all = Int32Array.from(labels, (_, row) => row);
  const zeros = Float64Array.from(labels, () => 0);
  return {
    kinds: Uint8Array.from(labels, () => RowKind.End),
    packets: Float64Array.from(labels, () => 20),
    durationsUs: zeros,
    flowIds: Float64Array.from(all),
    parts: new Int32Array(labels.length),
    pairs: all,
    pairCount: labels.length,
    captures,
    captureNames,
    snis: labels.map((label) => label + 1),
    names: ['', 'eu.pool.example', 'cdn.video.example', 'www.shop.example'],
    fromUs: 1.7e15,
    toUs: 1.7e15 + 3.6e9,
    notedRows: all,
    notes: Array.from(labels, (label, row): FlowNote => noteOf(label, row, captureNames[captures[row]!]!)),
    shortPrefixes: new Map(),
    ...changes,
  };
}

function noteOf(label: number, row: number, capture: string): FlowNote {
  return {
    capture,
    flowId: String(row),
    protocol: 'tcp',
    sni: null,
    port: 443,
    packets: 20,
    bytes: 4000,
    durationUs: 1e6,
    sizes: Int32Array.of(300 + label * 200, -100, 80),
    timesUs: Float64Array.of(0, 1000, 2000 + row),
  };
}
