/**
 * Group `dialogue`: who says how much, who waits for whom, and who speaks unasked. In mining, the client hands in work and
 * is answered within a round trip; the pool pushes new work whenever it has some.
 */
import { LIMITS } from '../../core/limits.ts';
import { SideField } from '../flow/flow-state.ts';
import type { FillRow } from './flow-row.ts';
import { type Messages, OF_MESSAGES, type SideMessages } from './messages.ts';
import { quantile, sortFirst } from './order-statistics.ts';
import { put } from './put.ts';
import { type ColumnsOf, columnsOfSide, type FeatureRows, ofBothSides } from './spec.ts';

/** A side that speaks again after so long a pause, and no word of the other, does so unasked. */
const UNASKED_US = 500_000;
/** Below this a message is small: acknowledgements of shares are, jobs are not. */
const SMALL_BYTES = 100;
const NONE = '{side} sent no message.';
const NO_ANSWER = '{side} sent no message after one of {other}.';

const SIDE = {
  latency_median_us: {
    type: 'float64',
    unit: 'us',
    doc: `Median time from a message of {other} to the next, if that is {side}'s, ${OF_MESSAGES}.`,
    nulls: NO_ANSWER,
    input: true,
    leaks: 'Depends on how far the capture was taken from {side}.',
  },
  latency_mean_us: {
    type: 'float64',
    unit: 'us',
    doc: 'Mean of those times of {side}.',
    nulls: NO_ANSWER,
    input: true,
    leaks: 'Depends on how far the capture was taken from {side}.',
  },
  unasked_share: {
    type: 'float64',
    doc: `Share of {side}'s ${OF_MESSAGES} that follow another of {side} after more than 0.5 s, with none of {other} between: pushes.`,
    nulls: NONE,
    input: true,
  },
  small_share: {
    type: 'float64',
    doc: `Share of messages below ${SMALL_BYTES} bytes among {side}'s ${OF_MESSAGES}.`,
    nulls: NONE,
    input: true,
  },
} as const satisfies FeatureRows;

export const DIALOGUE = {
  turns: {
    type: 'uint8',
    unit: 'turns',
    doc: `How often the sending side changes within the first ${LIMITS.messages} messages (packets with new payload).`,
    input: true,
    // 2: of 32 packets with payload, retransmissions and keep-alives among them, until then.
    revision: 2,
  },
  message_ratio: {
    type: 'float64',
    doc: "All messages (packets with new payload) of the initiator over the responder's.",
    nulls: 'The responder sent no message.',
    input: true,
  },
  payload_ratio: {
    type: 'float64',
    doc: "Payload bytes of the initiator over the responder's.",
    nulls: 'The responder sent no payload.',
    input: true,
  },
  first_response_us: {
    type: 'float64',
    unit: 'us',
    doc: "Time from the initiator's first message to the responder's first one after it.",
    nulls: `The responder sent no message after one of the initiator, of the first ${LIMITS.messages}.`,
    input: true,
    leaks: 'Depends on how far the capture was taken from the responder.',
  },
  ...ofBothSides(SIDE),
} as const satisfies FeatureRows;

export function dialogueInto(out: ColumnsOf<typeof DIALOGUE>): FillRow {
  const [fwdColumns, bwdColumns] = [columnsOfSide(out, 'fwd', SIDE), columnsOfSide(out, 'bwd', SIDE)];
  const { turns, message_ratio, payload_ratio, first_response_us } = out;
  const latencies = [new Latencies(), new Latencies()] as const;
  const [fwdLatencies, bwdLatencies] = latencies;
  return (row, flow) => {
    turns.values[row] = 0;
    const { record, fwd, bwd } = flow;
    const answered = record[bwd + SideField.PayloadBytes]!;
    if (answered > 0) put(payload_ratio, row, record[fwd + SideField.PayloadBytes]! / answered);
    if (flow.messagesEnd === flow.messagesAt) return;
    const replies = record[bwd + SideField.Messages]!;
    if (replies > 0) put(message_ratio, row, record[fwd + SideField.Messages]! / replies);
    const messages = flow.messages();
    turns.values[row] = readTurns(messages, fwdLatencies, bwdLatencies);
    putLatencies(row, fwdLatencies, fwdColumns);
    putLatencies(row, bwdLatencies, bwdColumns);
    putShares(row, messages.fwd, fwdLatencies.unasked, fwdColumns);
    putShares(row, messages.bwd, bwdLatencies.unasked, bwdColumns);
    const first = firstResponse(messages);
    if (first >= 0) put(first_response_us, row, first);
  };
}

/** How long a side took to answer the other, us: `times[0, count)`; and how often it spoke unasked. */
class Latencies {
  count = 0;
  unasked = 0;
  readonly times = new Float64Array(LIMITS.messages);

  clear(): void {
    this.count = this.unasked = 0;
  }
}

/** Takes down what changes of the sender say; returns how many there are. */
function readTurns({ sizes, gaps, count }: Messages, fwd: Latencies, bwd: Latencies): number {
  fwd.clear();
  bwd.clear();
  for (let i = 1; i < count; i++) {
    const gap = gaps.values[i - 1]!;
    const isForward = sizes[i]! > 0;
    const to = isForward ? fwd : bwd;
    if (isForward !== sizes[i - 1]! > 0) to.times[to.count++] = gap;
    else if (gap > UNASKED_US) to.unasked++;
  }
  return fwd.count + bwd.count;
}

function putLatencies(row: number, { times, count }: Latencies, to: ColumnsOf<typeof SIDE>): void {
  if (count === 0) return;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += times[i]!;
  sortFirst(times, count);
  put(to.latency_median_us, row, quantile(times, count, 0.5));
  put(to.latency_mean_us, row, sum / count);
}

function putShares(
  row: number,
  { sortedSizes, count }: SideMessages,
  unasked: number,
  to: ColumnsOf<typeof SIDE>,
): void {
  if (count === 0) return;
  let small = 0;
  while (small < count && sortedSizes[small]! < SMALL_BYTES) small++;
  put(to.unasked_share, row, unasked / count);
  put(to.small_share, row, small / count);
}

/** -1 where there is none. */
function firstResponse({ sizes, times, count }: Messages): number {
  let i = 0;
  while (i < count && sizes[i]! < 0) i++;
  const asked = times[i]!;
  while (i < count && sizes[i]! > 0) i++;
  return i < count ? Math.max(0, times[i]! - asked) : -1;
}
