/** Group `histograms`: messages by size, and by the time since the side's message before; of all messages of the part. */
import { Counter } from '../flow/flow-state.ts';
import { BIN_FROM, BINS } from '../flow/histogram.ts';
import type { FillRow } from './flow-row.ts';
import type { ColumnsOf, FeatureRow, Side } from './spec.ts';

type Bin = (typeof BIN_FROM)[number];
type Name = `${Side}_${`size_hist_${Bin}` | `gap_hist_${Bin}ms`}`;
type Row = FeatureRow & { readonly type: 'uint32' };

const WHO: Readonly<Record<Side, string>> = { fwd: 'the initiator', bwd: 'the responder' };
const SIDES: readonly Side[] = ['fwd', 'bwd'];

const count = (doc: string): Row => ({ type: 'uint32', unit: 'messages', doc, input: true });

function rangeOf(bin: number, unit: string): string {
  const next = BIN_FROM[bin + 1];
  return next === undefined ? `of ${BIN_FROM[bin]} ${unit} or more` : `from ${BIN_FROM[bin]} to below ${next} ${unit}`;
}

export const HISTOGRAMS = Object.fromEntries(
  SIDES.flatMap((side) => [
    ...BIN_FROM.map((from, bin) => [
      `${side}_size_hist_${from}`,
      count(
        `Messages (packets with new payload) of ${WHO[side]} ${rangeOf(bin, 'bytes')} (bins of ipfixprobe's PHISTS).`,
      ),
    ]),
    ...BIN_FROM.map((from, bin) => [
      `${side}_gap_hist_${from}ms`,
      count(`Messages of ${WHO[side]} after ${WHO[side]}'s one before by a time ${rangeOf(bin, 'ms')}.`),
    ]),
  ]),
) as Readonly<Record<Name, Row>>;

export function histogramsInto(out: ColumnsOf<typeof HISTOGRAMS>): FillRow {
  const valuesOf = (side: Side) => ({
    sizes: BIN_FROM.map((from) => out[`${side}_size_hist_${from}`].values),
    gaps: BIN_FROM.map((from) => out[`${side}_gap_hist_${from}ms`].values),
  });
  const [fwd, bwd] = [valuesOf('fwd'), valuesOf('bwd')];
  return (row, { counters, fwdCounters, bwdCounters }) => {
    for (let bin = 0; bin < BINS; bin++) {
      fwd.sizes[bin]![row] = counters[fwdCounters + Counter.Sizes + bin]!;
      fwd.gaps[bin]![row] = counters[fwdCounters + Counter.Gaps + bin]!;
      bwd.sizes[bin]![row] = counters[bwdCounters + Counter.Sizes + bin]!;
      bwd.gaps[bin]![row] = counters[bwdCounters + Counter.Gaps + bin]!;
    }
  };
}
