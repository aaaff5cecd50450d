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
  const kept = all.slice(0, KEPT);
  const pause = gapsOf(kept).findIndex((gap) => gap >= PAUSE);
  const opening = pause < 0 ? [] : unitsOf(kept, 0, pause + 1);
  const units = pause < 0 ? [] : unitsOf(kept, pause + 1, kept.length);
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
    request_main_gap_cv: steadiness(startGaps(mainOf(requests))),
    request_rest_gap_cv: steadiness(startGaps(requests.filter((unit) => !mainOf(requests).includes(unit)))),
    request_size_kinds: kinds(requests),
    answer_size_kinds: kinds(answers),
    push_size_kinds: kinds(pushes),
    push_main_gap_cv: steadiness(startGaps(mainOf(pushes))),
    opening_request_size_ratio: ratio(lastOf(opening, true), median(requests)),
    opening_push_size_ratio: ratio(lastOf(opening, false), median(pushes)),
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

function unitsOf(kept: readonly TwinMessage[], from: number, to: number): Unit[] {
  const gaps = gapsOf(kept);
  const units: Unit[] = [];
  for (let i = from; i < to; i++) {
    const us = Math.max(...kept.slice(0, i + 1).map((message) => message.us));
    const size = Math.abs(kept[i]!.size);
    const isFwd = kept[i]!.size > 0;
    const last = units.at(-1);
    if (last === undefined || last.isFwd !== isFwd || gaps[i - 1]! > NEW_UNIT)
      units.push({ size, isFwd, start: us, end: us });
    else {
      last.size += size;
      last.end = us;
    }
  }
  return units;
}

const answersIt = (before: Unit, unit: Unit) => before.isFwd && unit.start - before.end <= ANSWER;

function side(name: string, units: readonly Unit[]): Columns {
  const { [`${name}_size_median`]: middle, [`${name}_size_near_share`]: near } = sizes(name, units);
  return {
    [`${name}_adus`]: units.length,
    [`${name}_adu_size_median`]: middle!,
    [`${name}_adu_size_near_share`]: near!,
    [`${name}_adu_size_kinds`]: kinds(units),
    [`${name}_adu_gap_cv`]: steadiness(startGaps(units)),
  };
}

function kinds(units: readonly Unit[]): number {
  const sorted = units.map(({ size }) => size).sort((a, b) => a - b);
  return sorted.filter((size, i) => i === 0 || size - sorted[i - 1]! > NEAR).length;
}

/** The most units whose sizes lie within NEAR bytes; of several such sets the one of the smallest sizes. */
function mainOf(units: readonly Unit[]): Unit[] {
  const lows = [...new Set(units.map(({ size }) => size))].sort((a, b) => a - b);
  const sets = lows.map((low) => units.filter(({ size }) => size >= low && size - low <= NEAR));
  return sets.reduce((most, set) => (set.length > most.length ? set : most), []);
}

const lastOf = (units: readonly Unit[], fwd: boolean) => units.findLast(({ isFwd }) => isFwd === fwd)?.size ?? null;

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
