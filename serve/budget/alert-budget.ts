/**
 * How many alerts a day: the score from which on an incident is an alert, set by the incidents of the last days. docs/alerts.md
 * says what an incident is and what the budget promises.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { SidecarRecord } from '../live/items.ts';
import { isoSeconds } from '../live/moments.ts';
import { PROVEN, SCORE_BINS, scoreOfBin } from './score-bins.ts';

export interface BudgetOptions {
  /** Alerts a day that are wanted; null for as many as there are. */
  readonly alertsPerDay: number | null;
  /** The model's own threshold, which the budget never goes below. */
  readonly cardThreshold: number;
  /** `name@version`: scores of another model say nothing about this one's. */
  readonly model: string;
  /** After so many days an incident counts half. Default 2. */
  readonly halfLifeDays?: number;
}

/** What `toJSON` gives and `restore` takes. */
export interface BudgetState {
  readonly version: 1;
  readonly model: string;
  readonly nowSeconds: number | null;
  readonly observedDays: number;
  readonly credit: number;
  /** Bins that hold something, with their weight. */
  readonly bins: readonly (readonly [bin: number, weight: number])[];
}

const SECONDS_PER_DAY = 86_400;
const DEFAULT_HALF_LIFE_DAYS = 2;
/** A clock that goes back further was set, or a packet before had a wrong time: time goes on from there. */
const STEP_SECONDS = SECONDS_PER_DAY;
/** An overrun that has been told is told again when it had been over: below this share of the budget. */
const OVER_SHARE = 0.8;
const NEGLIGIBLE = 1e-9;
/** Everything is let in. */
const NO_EDGE = -1;

export class AlertBudget {
  #options: BudgetOptions;
  /** Decayed count of incidents by the bin of their surest score; what is proven behind all others. */
  readonly #weights = new Float64Array(SCORE_BINS + 1);
  #now: number | null = null;
  #observedDays = 0;
  /** Incidents of bins above are let in, of this one a share. */
  #edge = NO_EDGE;
  #edgeShare = 1;
  /** Of the share, what has not been let in yet. */
  #credit = 0;
  #isOverrunTold = false;
  #overrunDue = false;

  /** @throws FlowlampError OPTION_INVALID */
  constructor(options: BudgetOptions) {
    this.#options = checked(options);
  }

  /** Of another model all that was counted is forgotten; else it stays, and the threshold is set anew. */
  reconfigure(options: BudgetOptions): void {
    const isOtherModel = options.model !== this.#options.model;
    this.#options = checked(options);
    if (isOtherModel) this.#forget();
    this.#setEdge();
  }

  /** An incident's surest score has gone from one bin to a higher one; `from` is -1 for a new incident. */
  rise(from: number, to: number, seconds: number): void {
    this.#turnTo(seconds);
    if (from >= 0) this.#weights[from] = Math.max(0, this.#weights[from]! - 1);
    this.#weights[to]!++;
    this.#setEdge();
  }

  /**
   * Whether an incident that has come to this bin is an alert. To be asked once each time it rises: of the bin on the edge every
   * second one, or whatever the budget has room for, is let in.
   */
  admits(bin: number): boolean {
    if (bin !== this.#edge) return bin > this.#edge;
    this.#credit += this.#edgeShare;
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }

  /** Whether all incidents of the bin are alerts; may be asked any time. */
  isAbove(bin: number): boolean {
    return bin > this.#edge;
  }

  /** The least score of what may be an alert; what is proven is one whatever its score. */
  get threshold(): number {
    return Math.max(this.#options.cardThreshold, this.#edge < 0 ? 0 : scoreOfBin(this.#edge));
  }

  /** A record where proven incidents alone have come to be more than the budget; told once until they are fewer again. */
  news(seconds: number): SidecarRecord[] {
    if (!this.#overrunDue) return [];
    this.#overrunDue = false;
    const proven = rounded(this.#provenPerDay());
    return [
      {
        kind: 'record',
        record: 'status',
        time: isoSeconds(seconds),
        body: {
          event: 'budget_overrun',
          alerts_per_day: this.#options.alertsPerDay,
          proven_per_day: proven,
          sentence: `Mining messages that were read give ${proven} alerts a day by themselves, more than the ${this.#options.alertsPerDay} of the budget. They are told all the same, and nothing else is.`,
        },
      },
    ];
  }

  /** Plain numbers, for gauges. Rates are of the last days, decayed. */
  facts(): Readonly<Record<string, number>> {
    const { alertsPerDay, cardThreshold } = this.#options;
    const days = this.#daysThatCount();
    let incidents = 0;
    for (const weight of this.#weights) incidents += weight;
    return {
      ...(alertsPerDay === null ? {} : { alerts_per_day_wanted: alertsPerDay }),
      threshold: this.threshold,
      card_threshold: cardThreshold,
      incidents_per_day: incidents / days,
      proven_per_day: this.#provenPerDay(),
      observed_days: this.#observedDays,
    };
  }

  toJSON(): BudgetState {
    const bins = [...this.#weights].flatMap((weight, bin): [number, number][] => (weight > 0 ? [[bin, weight]] : []));
    return {
      version: 1,
      model: this.#options.model,
      nowSeconds: this.#now,
      observedDays: this.#observedDays,
      credit: this.#credit,
      bins,
    };
  }

  /**
   * Goes on from what an earlier run has counted.
   *
   * @returns false where the state is of another model, or none: then nothing is taken of it
   */
  restore(state: unknown): boolean {
    if (!isState(state) || state.model !== this.#options.model) return false;
    this.#forget();
    this.#now = state.nowSeconds;
    this.#observedDays = state.observedDays;
    this.#credit = state.credit;
    for (const [bin, weight] of state.bins) this.#weights[bin] = weight;
    this.#setEdge();
    return true;
  }

  #forget(): void {
    this.#weights.fill(0);
    this.#now = null;
    this.#observedDays = 0;
    this.#credit = 0;
    this.#edge = NO_EDGE;
    this.#isOverrunTold = this.#overrunDue = false;
  }

  /** What was counted loses weight with packet time. */
  #turnTo(seconds: number): void {
    const days = (seconds - (this.#now ?? seconds)) / SECONDS_PER_DAY;
    if (days >= 0 || -days * SECONDS_PER_DAY > STEP_SECONDS) this.#now = seconds;
    if (days <= 0) return;
    this.#observedDays += days;
    const left = Math.exp(-days / this.#lifeDays());
    const weights = this.#weights;
    for (let bin = 0; bin < weights.length; bin++) {
      const weight = weights[bin]! * left;
      // What is next to nothing would become a denormal number, with which arithmetic takes a hundred times as long.
      weights[bin] = weight < NEGLIGIBLE ? 0 : weight;
    }
  }

  /** Mean life of an incident's weight. */
  #lifeDays(): number {
    return (this.#options.halfLifeDays ?? DEFAULT_HALF_LIFE_DAYS) / Math.LN2;
  }

  /**
   * Days whose incidents the weights amount to: a rate of one a day gives this sum. The first day counts as a whole one from its
   * first second, so that a single incident is not taken for a thousand a day.
   */
  #daysThatCount(): number {
    const life = this.#lifeDays();
    return Math.max(Math.min(1, life), life * (1 - Math.exp(-this.#observedDays / life)));
  }

  #provenPerDay(): number {
    return this.#weights[PROVEN]! / this.#daysThatCount();
  }

  /** The lowest bin down to which all incidents together stay within the budget. */
  #setEdge(): void {
    const { alertsPerDay } = this.#options;
    this.#edge = NO_EDGE;
    if (alertsPerDay === null) return;
    this.#watchOverrun(alertsPerDay);
    let room = alertsPerDay * this.#daysThatCount() - this.#weights[PROVEN]!;
    for (let bin = SCORE_BINS - 1; bin >= 0; bin--) {
      const weight = this.#weights[bin]!;
      if (weight <= room) {
        room -= weight;
        continue;
      }
      this.#edge = bin;
      this.#edgeShare = Math.max(0, room) / weight;
      return;
    }
  }

  #watchOverrun(alertsPerDay: number): void {
    const proven = this.#provenPerDay();
    if (proven <= alertsPerDay * OVER_SHARE) this.#isOverrunTold = false;
    if (proven <= alertsPerDay || this.#isOverrunTold) return;
    this.#isOverrunTold = this.#overrunDue = true;
  }
}

function checked(options: BudgetOptions): BudgetOptions {
  const { alertsPerDay, halfLifeDays = DEFAULT_HALF_LIFE_DAYS } = options;
  if (alertsPerDay !== null && !(alertsPerDay > 0 && Number.isFinite(alertsPerDay))) {
    throw invalid(`a budget of ${alertsPerDay} alerts a day`, 'a number above 0');
  }
  if (!(halfLifeDays > 0 && Number.isFinite(halfLifeDays))) {
    throw invalid(`a half-life of ${halfLifeDays} days`, 'a number above 0');
  }
  return options;
}

function invalid(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action: 'choose another --alerts-per-day' });
}

function isState(value: unknown): value is BudgetState {
  if (typeof value !== 'object' || value === null) return false;
  const { version, model, nowSeconds, observedDays, credit, bins } = value as Partial<BudgetState>;
  const isAmount = (amount: unknown) => typeof amount === 'number' && amount >= 0 && Number.isFinite(amount);
  return (
    version === 1 &&
    typeof model === 'string' &&
    (nowSeconds === null || Number.isFinite(nowSeconds)) &&
    isAmount(observedDays) &&
    isAmount(credit) &&
    credit! < 1 &&
    Array.isArray(bins) &&
    bins.every((entry) => Array.isArray(entry) && isBin(entry[0]) && isAmount(entry[1]))
  );
}

function isBin(bin: unknown): boolean {
  return Number.isInteger(bin) && (bin as number) >= 0 && (bin as number) <= PROVEN;
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10;
}
