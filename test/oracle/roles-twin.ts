/** Columns of roles by their definitions, each from plain lists; nothing is shared with the code that it is compared with. */
import { gapsOf, quantile, type TwinMessage, variation } from './message-twin.ts';

type Columns = Record<string, number | null>;

const KEPT = 128;
const PAUSE = 1_000_000;
const NEW_UNIT = 500_000;
const ANSWER = 2_000_000;
const NEAR = 8;

interface Unit {
  size: number;
  readonly isFwd: boolean;
  readonly start: number;
  end: number;
}

/** @param all messages of the part, in the order of arrival */
export function roleColumns(all: readonly TwinMessage[]): Columns {
  const units = unitsOf(all.slice(0, KEPT));
  const answers = units.filter((unit, i) => !unit.isFwd && i > 0 && answersIt(units[i - 1]!, unit));
  const requests = answers.map((answer) => units[units.indexOf(answer) - 1]!);
  const pushes = units.filter((unit) => !unit.isFwd && !answers.includes(unit));
  const delays = answers.map((answer, i) => answer.start - requests[i]!.end);
  const reactions = pushes.filter((push) => {
    const next = units[units.indexOf(push) + 1];
    return next?.isFwd && next.start - push.end <= ANSWER;
  });
  const fwd = units.filter(({ isFwd }) => isFwd);
  const bwd = units.filter(({ isFwd }) => !isFwd);
  return {
    ...side('fwd', fwd),
    ...side('bwd', bwd),
    ...sizes('request', requests),
    ...sizes('answer', answers),
    ...sizes('push', pushes),
    request_share: share(requests, fwd),
    request_gap_cv: steadiness(startGaps(requests)),
    answer_delay_median_us: quantile(delays, 0.5),
    answer_delay_cv: steadiness(delays),
    request_answer_size_ratio: ratio(median(requests), median(answers)),
    push_share: share(pushes, bwd),
    push_gap_median_us: quantile(startGaps(pushes), 0.5),
    push_gap_cv: steadiness(startGaps(pushes)),
    push_reaction_share: share(reactions, pushes),
    push_answer_size_ratio: ratio(median(pushes), median(answers)),
  };
}

function unitsOf(kept: readonly TwinMessage[]): Unit[] {
  const gaps = gapsOf(kept);
  const pause = gaps.findIndex((gap) => gap >= PAUSE);
  const units: Unit[] = [];
  if (pause < 0) return units;
  kept.slice(pause + 1).forEach(({ size }, i) => {
    const us = Math.max(...kept.slice(0, pause + 2 + i).map((message) => message.us));
    const last = units.at(-1);
    const isFwd = size > 0;
    if (last === undefined || last.isFwd !== isFwd || gaps[pause + i]! > NEW_UNIT)
      units.push({ size: Math.abs(size), isFwd, start: us, end: us });
    else {
      last.size += Math.abs(size);
      last.end = us;
    }
  });
  return units;
}

const answersIt = (before: Unit, unit: Unit) => before.isFwd && unit.start - before.end <= ANSWER;

function side(name: string, units: readonly Unit[]): Columns {
  const { [`${name}_size_median`]: middle, [`${name}_size_near_share`]: near } = sizes(name, units);
  const sorted = units.map(({ size }) => size).sort((a, b) => a - b);
  const cuts = sorted.filter((size, i) => i > 0 && size - sorted[i - 1]! > NEAR).length;
  return {
    [`${name}_adus`]: units.length,
    [`${name}_adu_size_median`]: middle!,
    [`${name}_adu_size_near_share`]: near!,
    [`${name}_adu_size_kinds`]: units.length === 0 ? 0 : cuts + 1,
    [`${name}_adu_gap_cv`]: steadiness(startGaps(units)),
  };
}

function sizes(name: string, units: readonly Unit[]): Columns {
  const all = units.map(({ size }) => size);
  const within = all.map((low) => all.filter((size) => size >= low && size - low <= NEAR).length);
  return {
    [`${name}_size_median`]: quantile(all, 0.5),
    [`${name}_size_near_share`]: all.length === 0 ? null : Math.max(...within) / all.length,
  };
}

const median = (units: readonly Unit[]) =>
  quantile(
    units.map(({ size }) => size),
    0.5,
  );

const ratio = (one: number | null, other: number | null) => (one === null || other === null ? null : one / other);

const share = (part: readonly Unit[], whole: readonly Unit[]) =>
  whole.length === 0 ? null : part.length / whole.length;

/** Between the starts, from the latest start before. */
const startGaps = (units: readonly Unit[]) => gapsOf(units.map(({ size, start }) => ({ size, us: start })));

const steadiness = (values: readonly number[]) => (values.length < 2 ? null : variation(values));
