/** The hours in which a host was seen, as runs of hours without a gap. */
import { HOST_LIMITS } from './limits.ts';

/** Hours since 1970 in UTC, first and last included. */
export interface HourRun {
  readonly first: number;
  readonly last: number;
}

/** Local time less UTC at an hour (since 1970, UTC), in hours. */
export type OffsetAt = (hour: number) => number;

/** Office hours: an hour of the day from here up to `DAY_END` is none of the night's. */
const DAY_BEGIN = 8;
const DAY_END = 18;

const NS_PER_HOUR = 3_600_000_000_000n;

/** The hour that a time (ns since 1970) lies in, rounded down for times before 1970 too. */
export function hourOf(ns: bigint): number {
  const hour = ns / NS_PER_HOUR;
  return Number(ns < 0n && hour * NS_PER_HOUR !== ns ? hour - 1n : hour);
}

export class Hours {
  /** In order, with at least one hour between neighbours. */
  #runs: HourRun[] = [];

  get runs(): readonly HourRun[] {
    return this.#runs;
  }

  /** Distinct hours. */
  get count(): number {
    return this.#runs.reduce((sum, run) => sum + lengthOf(run), 0);
  }

  /** Length of the longest run. */
  get longest(): number {
    return this.#runs.reduce((most, run) => Math.max(most, lengthOf(run)), 0);
  }

  /** Share of the hours that lie outside 8 to 18 o'clock; 0 where there are none. */
  nightShare(offsetAt: OffsetAt): number {
    const night = this.#runs.reduce((sum, run) => sum + nightHours(run, offsetAt(run.first)), 0);
    return this.count === 0 ? 0 : night / this.count;
  }

  /** Adds all hours from `first` to `last`. */
  add(first: number, last: number): void {
    const newest = this.#runs.at(-1);
    // Nearly every flow lies in the hours that the one before it ended in.
    if (newest !== undefined && first >= newest.first && last <= newest.last) return;
    const apart = this.#runs.filter((run) => run.last < first - 1 || run.first > last + 1);
    const met = this.#runs.filter((run) => run.last >= first - 1 && run.first <= last + 1);
    const joined = {
      first: Math.min(first, ...met.map((run) => run.first)),
      last: Math.max(last, ...met.map((run) => run.last)),
    };
    this.#runs = [...apart, joined].sort((a, b) => a.first - b.first);
    if (this.#runs.length > HOST_LIMITS.runs) this.#closeSmallestGap();
  }

  #closeSmallestGap(): void {
    let at = 1;
    const gap = (i: number) => this.#runs[i]!.first - this.#runs[i - 1]!.last;
    for (let i = 2; i < this.#runs.length; i++) if (gap(i) < gap(at)) at = i;
    const joined = { first: this.#runs[at - 1]!.first, last: this.#runs[at]!.last };
    this.#runs.splice(at - 1, 2, joined);
  }
}

function lengthOf({ first, last }: HourRun): number {
  return last - first + 1;
}

/** Hours of a run outside office hours; the offset of its first hour holds for the run. */
function nightHours({ first, last }: HourRun, offset: number): number {
  const from = Math.floor(first + offset);
  return lengthOf({ first, last }) - (dayHoursBefore(from + lengthOf({ first, last })) - dayHoursBefore(from));
}

/** Office hours from hour 0 up to `hour`, not included; it is negative before hour 0. */
function dayHoursBefore(hour: number): number {
  const days = Math.floor(hour / 24);
  const rest = hour - days * 24;
  return days * (DAY_END - DAY_BEGIN) + Math.min(Math.max(rest - DAY_BEGIN, 0), DAY_END - DAY_BEGIN);
}

/**
 * The offset of a time zone (IANA name, such as Europe/Berlin).
 *
 * @throws RangeError for a name that is no time zone
 */
export function offsetsOf(timeZone: string): OffsetAt {
  if (timeZone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (hour) => {
    const parts = format.formatToParts(hour * 3_600_000);
    const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((each) => each.type === type)!.value);
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
    return local / 3_600_000 - hour;
  };
}
