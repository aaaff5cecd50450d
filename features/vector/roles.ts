/**
 * Group `roles`: what a flow does once it is under way, told as requests, answers and pushes. Handshakes of TLS, proxies and
 * log-ins all come before the first pause, and whatever wraps a dialogue hardly changes what it does after it: a miner's
 * shares are requests of one size at random times with small, quick answers, its pool's work is pushes that nobody answers.
 *
 * An application data unit (ADU) is what a side says without a pause: consecutive messages of that side, so that it does not
 * matter how TCP cut them. Among the first LIMITS.messages messages, as in the other groups.
 */
import { LIMITS } from '../../core/limits.ts';
import type { FillRow } from './flow-row.ts';
import type { Messages } from './messages.ts';
import { quantile, sortFirst, variation } from './order-statistics.ts';
import { put } from './put.ts';
import { type ColumnsOf, columnsOfSide, type FeatureRow, type FeatureRows, ofBothSides } from './spec.ts';

/** The first pause of this length ends the opening. */
const OPENING_PAUSE_US = 1_000_000;
/** A side that goes on after a longer gap says something new. */
const ADU_GAP_US = 500_000;
/** What the responder says within this time of a request answers it: twice the round trip of a satellite link. */
const ANSWER_US = 2_000_000;
/** Sizes this near are of one kind: counters and nonces change a few digits, padding of a cipher up to a block. */
const NEAR_BYTES = 8;

const OPENING = 'Nothing follows the first pause of a second within the messages that are kept.';
const AFTER = 'after the first pause of 1 s';
const number = (doc: string, nulls = OPENING, unit?: string) =>
  ({ type: 'float64', doc, nulls, input: true, ...(unit === undefined ? {} : { unit }) }) as const satisfies FeatureRow;
const kind = (doc: string, unit: string) => ({ type: 'uint8', unit, doc, input: true }) as const satisfies FeatureRow;
const SILENT = `{side} says nothing ${AFTER}.`;
const NO_REQUEST = `No request ${AFTER} was answered.`;
const NO_PUSH = `There is no push ${AFTER}.`;
const FEW = 'There are fewer than three.';
const MAIN = (units: string) => `those ${units} whose sizes are the most common, within ${NEAR_BYTES} bytes`;

const SIDE = {
  adus: kind(
    `Application data units (messages of {side} with no gap above 0.5 s and no word of {other} between) ${AFTER}.`,
    'units',
  ),
  adu_size_median: number(`Median payload of {side}'s units ${AFTER}.`, SILENT, 'bytes'),
  adu_size_near_share: number(
    `Largest share of {side}'s units ${AFTER} whose sizes lie within ${NEAR_BYTES} bytes.`,
    SILENT,
  ),
  adu_size_kinds: kind(
    `Kinds of sizes of {side}'s units ${AFTER}: sorted sizes, cut where they are more than ${NEAR_BYTES} bytes apart.`,
    'kinds',
  ),
  adu_gap_cv: number(`Coefficient of variation of the times between {side}'s units ${AFTER}.`, FEW),
} as const satisfies FeatureRows;

export const ROLES = {
  ...ofBothSides(SIDE),
  request_share: number(`Share of the initiator's units ${AFTER} that are requests: the responder answers within 2 s.`),
  request_size_median: number('Median payload of the requests.', NO_REQUEST, 'bytes'),
  request_size_near_share: number(`Largest share of requests whose sizes lie within ${NEAR_BYTES} bytes.`, NO_REQUEST),
  request_gap_cv: number('Coefficient of variation of the times between requests: 1 where they come at random.', FEW),
  request_main_gap_cv: number(`The same of ${MAIN('requests')}: shares among reports on a timer.`, FEW),
  request_rest_gap_cv: number('The same of all other requests.', FEW),
  request_size_kinds: kind('Kinds of sizes of the requests.', 'kinds'),
  answer_size_median: number('Median payload of the answers to requests.', NO_REQUEST, 'bytes'),
  answer_size_near_share: number(`Largest share of answers whose sizes lie within ${NEAR_BYTES} bytes.`, NO_REQUEST),
  answer_size_kinds: kind('Kinds of sizes of the answers.', 'kinds'),
  answer_delay_median_us: {
    ...number('Median time from the end of a request to its answer.', NO_REQUEST, 'us'),
    leaks: 'Depends on how far the capture was taken from the responder.',
  },
  answer_delay_cv: number('Coefficient of variation of those times.', FEW),
  request_answer_size_ratio: number('Median payload of requests over that of their answers.', NO_REQUEST),
  push_share: number(`Share of the responder's units ${AFTER} that are pushes: they answer no request.`),
  push_size_median: number('Median payload of the pushes.', NO_PUSH, 'bytes'),
  push_size_near_share: number(`Largest share of pushes whose sizes lie within ${NEAR_BYTES} bytes.`, NO_PUSH),
  push_gap_median_us: number('Median time between pushes.', 'There are fewer than two.', 'us'),
  push_gap_cv: number('Coefficient of variation of the times between pushes.', FEW),
  push_main_gap_cv: number(`The same of ${MAIN('pushes')}.`, FEW),
  push_size_kinds: kind('Kinds of sizes of the pushes.', 'kinds'),
  push_reaction_share: number('Share of pushes that the initiator follows with a unit within 2 s.', NO_PUSH),
  push_answer_size_ratio: number(
    'Median payload of pushes over that of answers.',
    'There are no pushes, or no answers.',
  ),
  opening_request_size_ratio: number(
    "Payload of the initiator's last unit before that pause over the median of requests.",
    'There was no such unit, or no request.',
  ),
  opening_push_size_ratio: number(
    "Payload of the responder's last unit before that pause over the median of pushes: a log-in is answered with the first work.",
    'There was no such unit, or no push.',
  ),
} as const satisfies FeatureRows;

export function rolesInto(out: ColumnsOf<typeof ROLES>): FillRow {
  const [fwdColumns, bwdColumns] = [columnsOfSide(out, 'fwd', SIDE), columnsOfSide(out, 'bwd', SIDE)];
  const units = new Units();
  const fwd = new Role();
  const bwd = new Role();
  const requests = new Role();
  const answers = new Role();
  const pushes = new Role();
  const delays = new Float64Array(LIMITS.messages);
  return (row, flow) => {
    out.fwd_adus.values[row] = out.bwd_adus.values[row] = 0;
    out.fwd_adu_size_kinds.values[row] = out.bwd_adu_size_kinds.values[row] = 0;
    out.request_size_kinds.values[row] = out.answer_size_kinds.values[row] = out.push_size_kinds.values[row] = 0;
    if (flow.messagesEnd - flow.messagesAt < 2) return;
    units.read(flow.messages());
    if (units.count === 0) return;
    for (const each of [fwd, bwd, requests, answers, pushes]) each.clear();
    let delayed = 0;
    let reactions = 0;
    const { sizes, starts, ends, count } = units;
    for (let i = 0; i < count; i++) {
      const size = sizes[i]!;
      if (size > 0) {
        fwd.add(size, starts[i]!);
        continue;
      }
      bwd.add(-size, starts[i]!);
      const delay = i > 0 && sizes[i - 1]! > 0 ? starts[i]! - ends[i - 1]! : Number.POSITIVE_INFINITY;
      if (delay <= ANSWER_US) {
        requests.add(sizes[i - 1]!, starts[i - 1]!);
        answers.add(-size, starts[i]!);
        delays[delayed++] = delay;
        continue;
      }
      pushes.add(-size, starts[i]!);
      if (i + 1 < count && sizes[i + 1]! > 0 && starts[i + 1]! - ends[i]! <= ANSWER_US) reactions++;
    }
    putSide(row, fwd, fwdColumns);
    putSide(row, bwd, bwdColumns);
    if (fwd.count > 0) put(out.request_share, row, requests.count / fwd.count);
    if (bwd.count > 0) put(out.push_share, row, pushes.count / bwd.count);
    if (requests.count > 0) {
      putSizes(row, requests, out.request_size_median, out.request_size_near_share);
      putSizes(row, answers, out.answer_size_median, out.answer_size_near_share);
      put(out.request_answer_size_ratio, row, requests.median() / answers.median());
      out.request_size_kinds.values[row] = requests.kinds();
      out.answer_size_kinds.values[row] = answers.kinds();
      putVariation(row, requests.gaps(), out.request_gap_cv);
      putVariation(row, requests.gaps(true), out.request_main_gap_cv);
      putVariation(row, requests.gaps(false), out.request_rest_gap_cv);
      if (units.openingFwd > 0) put(out.opening_request_size_ratio, row, units.openingFwd / requests.median());
      putVariation(row, delays.subarray(0, delayed), out.answer_delay_cv);
      sortFirst(delays, delayed);
      put(out.answer_delay_median_us, row, quantile(delays, delayed, 0.5));
    }
    if (pushes.count === 0) return;
    putSizes(row, pushes, out.push_size_median, out.push_size_near_share);
    out.push_size_kinds.values[row] = pushes.kinds();
    putVariation(row, pushes.gaps(true), out.push_main_gap_cv);
    if (units.openingBwd > 0) put(out.opening_push_size_ratio, row, units.openingBwd / pushes.median());
    put(out.push_reaction_share, row, reactions / pushes.count);
    if (answers.count > 0) put(out.push_answer_size_ratio, row, pushes.median() / answers.median());
    const gaps = pushes.gaps();
    putVariation(row, gaps, out.push_gap_cv);
    if (gaps.length === 0) return;
    sortFirst(gaps, gaps.length);
    put(out.push_gap_median_us, row, quantile(gaps, gaps.length, 0.5));
  };
}

/**
 * The application data units after the opening: `[0, count)`. Sizes are positive from the initiator; times, us, are those of the
 * gaps added up, which a packet out of order does not set back.
 */
class Units {
  count = 0;
  readonly sizes = new Float64Array(LIMITS.messages);
  readonly starts = new Float64Array(LIMITS.messages);
  readonly ends = new Float64Array(LIMITS.messages);
  /** Bytes of each side's last unit of the opening, 0 where it said nothing. */
  openingFwd = 0;
  openingBwd = 0;

  read({ sizes, gaps, count }: Messages): void {
    let from = 1;
    while (from < count && gaps.values[from - 1]! < OPENING_PAUSE_US) from++;
    this.count = 0;
    if (from === count) return;
    this.#join(sizes, gaps.values, 0, from);
    this.openingFwd = this.#last(1);
    this.openingBwd = this.#last(-1);
    this.count = 0;
    this.#join(sizes, gaps.values, from, count);
  }

  #join(sizes: Float64Array, gaps: Float64Array, from: number, to: number): void {
    let us = 0;
    for (let i = from; i < to; i++) {
      const gap = i === 0 ? 0 : gaps[i - 1]!;
      us += gap;
      const goesOn = i > from && sizes[i]! > 0 === sizes[i - 1]! > 0 && gap <= ADU_GAP_US;
      if (!goesOn) {
        this.sizes[this.count] = 0;
        this.starts[this.count++] = us;
      }
      this.sizes[this.count - 1]! += sizes[i]!;
      this.ends[this.count - 1] = us;
    }
  }

  #last(sign: number): number {
    for (let i = this.count - 1; i >= 0; i--) if (this.sizes[i]! * sign > 0) return this.sizes[i]! * sign;
    return 0;
  }
}

/** Units of one role, in the order in which they came. */
class Role {
  count = 0;
  readonly #sizes = new Float64Array(LIMITS.messages);
  readonly #starts = new Float64Array(LIMITS.messages);
  readonly #sorted = new Float64Array(LIMITS.messages);
  readonly #gaps = new Float64Array(LIMITS.messages);
  #isSorted = false;
  /** The sizes of the main kind: the most that lie within NEAR_BYTES begin with this one. */
  #mainFrom = 0;
  #mainCount = 0;

  clear(): void {
    this.count = 0;
    this.#isSorted = false;
  }

  add(size: number, startUs: number): void {
    this.#starts[this.count] = startUs;
    this.#sizes[this.count++] = size;
  }

  median(): number {
    this.#sort();
    return quantile(this.#sorted, this.count, 0.5);
  }

  /** Largest share of the sizes that lies within NEAR_BYTES. */
  nearShare(): number {
    this.#sort();
    return this.#mainCount / this.count;
  }

  /** How many runs the sorted sizes make when cut at steps above NEAR_BYTES. */
  kinds(): number {
    this.#sort();
    let kinds = 1;
    for (let i = 1; i < this.count; i++) if (this.#sorted[i]! - this.#sorted[i - 1]! > NEAR_BYTES) kinds++;
    return kinds;
  }

  /** Times between the starts, us: of all units, of those of the main kind, or of the others. Valid until the next call. */
  gaps(main?: boolean): Float64Array {
    this.#sort();
    let count = 0;
    let before = -1;
    for (let i = 0; i < this.count; i++) {
      const size = this.#sizes[i]!;
      const isMain = size >= this.#mainFrom && size - this.#mainFrom <= NEAR_BYTES;
      if (main !== undefined && isMain !== main) continue;
      if (before >= 0) this.#gaps[count++] = this.#starts[i]! - before;
      before = this.#starts[i]!;
    }
    return this.#gaps.subarray(0, count);
  }

  #sort(): void {
    if (this.#isSorted) return;
    const { count } = this;
    const sorted = this.#sorted;
    for (let i = 0; i < count; i++) sorted[i] = this.#sizes[i]!;
    sortFirst(sorted, count);
    this.#mainCount = 0;
    for (let from = 0, to = 0; to < count; to++) {
      while (sorted[to]! - sorted[from]! > NEAR_BYTES) from++;
      if (to - from + 1 <= this.#mainCount) continue;
      this.#mainCount = to - from + 1;
      this.#mainFrom = sorted[from]!;
    }
    this.#isSorted = true;
  }
}

type NumberColumns = ColumnsOf<typeof ROLES>;

function putSide(row: number, side: Role, to: ColumnsOf<typeof SIDE>): void {
  to.adus.values[row] = side.count;
  if (side.count === 0) return;
  putSizes(row, side, to.adu_size_median, to.adu_size_near_share);
  to.adu_size_kinds.values[row] = side.kinds();
  putVariation(row, side.gaps(), to.adu_gap_cv);
}

function putSizes(
  row: number,
  of: Role,
  median: NumberColumns['request_size_median'],
  near: NumberColumns['request_size_near_share'],
): void {
  put(median, row, of.median());
  put(near, row, of.nearShare());
}

/** Of two values or more, whose mean is not 0. */
function putVariation(row: number, values: Float64Array, to: NumberColumns['push_gap_cv']): void {
  if (values.length < 2) return;
  const cv = variation(values, values.length);
  if (Number.isFinite(cv)) put(to, row, cv);
}
