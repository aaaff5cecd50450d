/**
 * Group `bursts`: at least three messages of a side, each less than a second after the side's one before. The definition
 * of ipfixprobe's BSTATS, which counts retransmissions too and stops at 15 bursts; these stop with the messages kept.
 */
import type { FillRow } from './flow-row.ts';
import { OF_MESSAGES, type SideMessages } from './messages.ts';
import { put } from './put.ts';
import { type ColumnsOf, columnsOfSide, type FeatureRows, ofBothSides } from './spec.ts';

const BURST_MESSAGES = 3;
const BURST_GAP_US = 1_000_000;
const NO_BURST = '{side} sent no burst.';

const SIDE = {
  bursts: {
    type: 'uint8',
    unit: 'bursts',
    doc: `Bursts of {side}: runs of ${BURST_MESSAGES} or more of {side}'s ${OF_MESSAGES} with gaps below 1 s (ipfixprobe, BSTATS).`,
    input: true,
  },
  burst_messages_mean: {
    type: 'float64',
    unit: 'messages',
    doc: 'Mean number of messages in those bursts of {side}.',
    nulls: NO_BURST,
    input: true,
  },
  burst_bytes_mean: {
    type: 'float64',
    unit: 'bytes',
    doc: 'Mean payload of those bursts of {side}.',
    nulls: NO_BURST,
    input: true,
  },
  burst_max_us: {
    type: 'float64',
    unit: 'us',
    doc: 'Longest of those bursts of {side}, from its first to its last message.',
    nulls: NO_BURST,
    input: true,
  },
} as const satisfies FeatureRows;

export const BURSTS = ofBothSides(SIDE);

export function burstsInto(out: ColumnsOf<typeof BURSTS>): FillRow {
  const [fwd, bwd] = [columnsOfSide(out, 'fwd', SIDE), columnsOfSide(out, 'bwd', SIDE)];
  return (row, flow) => {
    fwd.bursts.values[row] = bwd.bursts.values[row] = 0;
    if (flow.messagesEnd - flow.messagesAt < BURST_MESSAGES) return;
    const messages = flow.messages();
    putSide(row, messages.fwd, fwd);
    putSide(row, messages.bwd, bwd);
  };
}

function putSide(row: number, side: SideMessages, to: ColumnsOf<typeof SIDE>): void {
  const { count, sizes } = side;
  const gaps = side.gaps.values;
  let bursts = 0;
  let messages = 0;
  let bytes = 0;
  let longest = 0;
  for (let at = 0, end = 0; at < count; at = end) {
    let sum = sizes[at]!;
    let time = 0;
    for (end = at + 1; end < count && gaps[end - 1]! < BURST_GAP_US; end++) {
      sum += sizes[end]!;
      time += gaps[end - 1]!;
    }
    if (end - at < BURST_MESSAGES) continue;
    bursts++;
    messages += end - at;
    bytes += sum;
    if (time > longest) longest = time;
  }
  if (bursts === 0) return;
  to.bursts.values[row] = bursts;
  put(to.burst_messages_mean, row, messages / bursts);
  put(to.burst_bytes_mean, row, bytes / bursts);
  put(to.burst_max_us, row, longest);
}
