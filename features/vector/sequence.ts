/** Group `sequence`: the first packets that carry payload, in order; bare acknowledgements say nothing and are left out. */
import { LIMITS } from '../../core/limits.ts';
import { reserveItems } from '../../core/table.ts';
import type { FillRow } from './flow-row.ts';
import { put, putListEnd } from './put.ts';
import type { ColumnsOf, FeatureRows } from './spec.ts';

export const SEQUENCE = {
  payload_sizes: {
    type: 'list_int32',
    unit: 'bytes',
    doc: `Payload sizes of the first ${LIMITS.sequence} packets with payload: positive from the initiator, negative from the responder.`,
  },
  payload_times_us: {
    type: 'list_float64',
    unit: 'us',
    doc: 'When each of those packets was captured, counted from the first packet of the part.',
  },
  fwd_distinct_sizes: {
    type: 'uint8',
    unit: 'sizes',
    doc: `Distinct payload sizes among the initiator's of the first ${LIMITS.sequence} packets with payload.`,
    input: true,
  },
  bwd_distinct_sizes: {
    type: 'uint8',
    unit: 'sizes',
    doc: `Distinct payload sizes among the responder's of the first ${LIMITS.sequence} packets with payload.`,
    input: true,
  },
  turns: {
    type: 'uint8',
    unit: 'turns',
    doc: `How often the sending side changes within the first ${LIMITS.sequence} packets with payload.`,
    input: true,
  },
} as const satisfies FeatureRows;

export function sequenceInto(out: ColumnsOf<typeof SEQUENCE>): FillRow {
  return (row, flow) => {
    const { messagesAt, sign } = flow;
    const length = Math.min(flow.messagesEnd - messagesAt, LIMITS.sequence);
    const sizesAt = reserveItems(out.payload_sizes, row, length);
    const timesAt = reserveItems(out.payload_times_us, row, length);
    const sizes = out.payload_sizes.items;
    const times = out.payload_times_us.items;
    let turns = 0;
    let distinctFwd = 0;
    let distinctBwd = 0;
    for (let i = 0; i < length; i++) {
      const size = flow.sizes[messagesAt + i]! * sign;
      sizes[sizesAt + i] = size;
      times[timesAt + i] = flow.times[messagesAt + i]!;
      if (i > 0 && size > 0 !== sizes[sizesAt + i - 1]! > 0) turns++;
      if (isFirst(sizes, sizesAt, sizesAt + i)) {
        if (size > 0) distinctFwd++;
        else distinctBwd++;
      }
    }
    putListEnd(out.payload_sizes, row, sizesAt + length);
    putListEnd(out.payload_times_us, row, timesAt + length);
    put(out.fwd_distinct_sizes, row, distinctFwd);
    put(out.bwd_distinct_sizes, row, distinctBwd);
    put(out.turns, row, turns);
  };
}

/** True if `values[i]` is not among `values[from, i)`. */
function isFirst(values: ArrayLike<number>, from: number, i: number): boolean {
  const value = values[i]!;
  for (let before = from; before < i; before++) if (values[before] === value) return false;
  return true;
}
