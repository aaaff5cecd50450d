/**
 * Group `activity`: periods in which packets come, pauses between them, and rates. A pause is five seconds without a
 * packet of either side (the activity timeout of CICFlowMeter); of all packets of the part.
 */
import { LIMITS } from '../../core/limits.ts';
import { Field, SideField } from '../flow/flow-state.ts';
import type { FillRow } from './flow-row.ts';
import { put } from './put.ts';
import type { ColumnsOf, FeatureRow, FeatureRows } from './spec.ts';
import { deviation, putMoments, type Sums } from './statistics.ts';

const PAUSE = `${LIMITS.pauseUs / 1e6} s`;
const NO_PAUSE = `The part has no pause of ${PAUSE}.`;
const NO_TIME = 'All packets have the same time.';

const active = (doc: string) => ({ type: 'float64', unit: 'us', doc, input: true }) as const satisfies FeatureRow;
const idle = (doc: string) =>
  ({ type: 'float64', unit: 'us', doc, nulls: NO_PAUSE, input: true }) as const satisfies FeatureRow;
const rate = (unit: string, doc: string) =>
  ({ type: 'float64', unit, doc, nulls: NO_TIME, input: true }) as const satisfies FeatureRow;

export const ACTIVITY = {
  active_periods: {
    type: 'uint32',
    unit: 'periods',
    doc: `Periods of packets with gaps below ${PAUSE}; there is one more than pauses.`,
    input: true,
  },
  active_min_us: active('Shortest active period, 0 for a packet by itself.'),
  active_mean_us: active('Mean of the active periods.'),
  active_std_us: active('Standard deviation (divided by n) of the active periods.'),
  active_max_us: {
    ...active('Longest active period.'),
    leaks: 'The active timeout and the ends of the capture cut it.',
  },
  idle_min_us: idle('Shortest pause between active periods.'),
  idle_mean_us: idle('Mean of those pauses.'),
  idle_std_us: idle('Standard deviation (divided by n) of those pauses.'),
  idle_max_us: idle('Longest pause between active periods.'),
  idle_share: {
    type: 'float64',
    doc: 'Share of those pauses in the duration.',
    nulls: NO_TIME,
    input: true,
  },
  fwd_packets_per_minute: rate('packets/min', 'Packets of the initiator by the duration.'),
  bwd_packets_per_minute: rate('packets/min', 'Packets of the responder by the duration.'),
  fwd_bytes_per_minute: rate('bytes/min', 'IP bytes of the initiator by the duration.'),
  bwd_bytes_per_minute: rate('bytes/min', 'IP bytes of the responder by the duration.'),
} as const satisfies FeatureRows;

const PAUSES = {
  sum: Field.PauseSum,
  squares: Field.PauseSquares,
  min: Field.PauseMin,
  max: Field.PauseMax,
} as const satisfies Sums;
const MINUTE_US = 60_000_000;

export function activityInto(out: ColumnsOf<typeof ACTIVITY>): FillRow {
  const pauses = { min: out.idle_min_us, mean: out.idle_mean_us, std: out.idle_std_us, max: out.idle_max_us };
  const { active_periods, active_min_us, active_mean_us, active_std_us, active_max_us, idle_share } = out;
  const { fwd_packets_per_minute, bwd_packets_per_minute, fwd_bytes_per_minute, bwd_bytes_per_minute } = out;
  return (row, flow) => {
    const { record, fwd, bwd } = flow;
    const duration = flow.duration();
    const over = flow.get(Field.Actives);
    // Times that were moved, as an older packet turned out to be the first, are off by less than a picosecond.
    const last = Math.max(0, duration - flow.get(Field.ActiveFrom));
    const sum = flow.get(Field.ActiveSum) + last;
    active_periods.values[row] = over + 1;
    active_min_us.values[row] = Math.min(last, flow.get(Field.ActiveMin));
    active_mean_us.values[row] = sum / (over + 1);
    active_std_us.values[row] = over === 0 ? 0 : deviation(sum, flow.get(Field.ActiveSquares) + last * last, over + 1);
    active_max_us.values[row] = Math.max(last, flow.get(Field.ActiveMax));
    if (over > 0) putMoments(record, flow.flow, PAUSES, over, row, pauses);
    if (duration === 0) return;
    put(idle_share, row, flow.get(Field.PauseSum) / duration);
    const perMinute = MINUTE_US / duration;
    put(fwd_packets_per_minute, row, record[fwd + SideField.Packets]! * perMinute);
    put(bwd_packets_per_minute, row, record[bwd + SideField.Packets]! * perMinute);
    put(fwd_bytes_per_minute, row, record[fwd + SideField.Bytes]! * perMinute);
    put(bwd_bytes_per_minute, row, record[bwd + SideField.Bytes]! * perMinute);
  };
}
