/**
 * Group `sequence`: the first messages, in order: packets that carry new payload. Bare acknowledgements, retransmissions and
 * keep-alives say nothing and are left out.
 */
import { LIMITS } from '../../core/limits.ts';
import { reserveItems } from '../../core/table.ts';
import type { FillRow } from './flow-row.ts';
import { putListEnd } from './put.ts';
import type { ColumnsOf, FeatureRows } from './spec.ts';

export const SEQUENCE = {
  payload_sizes: {
    type: 'list_int32',
    unit: 'bytes',
    doc: `Payload sizes of the first ${LIMITS.sequence} messages (packets with new payload): positive from the initiator, negative from the responder.`,
    // 2: retransmissions and keep-alives are left out.
    revision: 2,
  },
  payload_times_us: {
    type: 'list_float64',
    unit: 'us',
    doc: 'When each of those packets was captured, counted from the first packet of the part.',
    revision: 2,
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
    for (let i = 0; i < length; i++) {
      sizes[sizesAt + i] = flow.sizes[messagesAt + i]! * sign;
      times[timesAt + i] = flow.times[messagesAt + i]!;
    }
    putListEnd(out.payload_sizes, row, sizesAt + length);
    putListEnd(out.payload_times_us, row, timesAt + length);
  };
}
