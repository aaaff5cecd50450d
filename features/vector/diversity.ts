/**
 * Group `diversity`: how many different things a side says. A mining session has two to six sizes each way in all its
 * hours; encryption adds a constant to each.
 */

import { countTimesLog } from './count-log.ts';
import type { FillRow } from './flow-row.ts';
import { OF_MESSAGES, type SideMessages } from './messages.ts';
import { put } from './put.ts';
import { type ColumnsOf, columnsOfSide, type FeatureRows, ofBothSides } from './spec.ts';

const NONE = '{side} sent no message.';

const SIDE = {
  distinct_sizes: {
    type: 'uint8',
    unit: 'sizes',
    doc: `Distinct payload sizes among {side}'s ${OF_MESSAGES}.`,
    input: true,
    // 2: of 32 packets with payload, retransmissions and keep-alives among them, until then.
    revision: 2,
  },
  size_entropy: {
    type: 'float64',
    unit: 'bits',
    doc: `Shannon entropy of the payload sizes of {side}'s ${OF_MESSAGES}, each size a symbol.`,
    nulls: NONE,
    input: true,
  },
  top_size_share: {
    type: 'float64',
    doc: `Share of {side}'s most common payload size among {side}'s ${OF_MESSAGES}.`,
    nulls: NONE,
    input: true,
  },
} as const satisfies FeatureRows;

export const DIVERSITY = ofBothSides(SIDE);

export function diversityInto(out: ColumnsOf<typeof DIVERSITY>): FillRow {
  const [fwd, bwd] = [columnsOfSide(out, 'fwd', SIDE), columnsOfSide(out, 'bwd', SIDE)];
  return (row, flow) => {
    if (flow.messagesEnd === flow.messagesAt) {
      fwd.distinct_sizes.values[row] = bwd.distinct_sizes.values[row] = 0;
      return;
    }
    const messages = flow.messages();
    putSide(row, messages.fwd, fwd);
    putSide(row, messages.bwd, bwd);
  };
}

function putSide(row: number, { sortedSizes, count }: SideMessages, to: ColumnsOf<typeof SIDE>): void {
  let distinct = 0;
  let most = 0;
  let sum = 0;
  for (let at = 0, end = 0; at < count; at = end) {
    for (end = at + 1; end < count && sortedSizes[end] === sortedSizes[at]; ) end++;
    distinct++;
    if (end - at > most) most = end - at;
    sum += countTimesLog(end - at);
  }
  to.distinct_sizes.values[row] = distinct;
  if (count === 0) return;
  put(to.size_entropy, row, Math.max(0, (countTimesLog(count) - sum) / count));
  put(to.top_size_share, row, most / count);
}
