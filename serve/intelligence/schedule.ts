/**
 * Feeds brought up to date while a program runs: every six hours by default, sooner after a failure, never after a day. One after the
 * other, for each may take some hundred MB while it is read.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { Feed, FeedOutcome } from './feed.ts';

/** Time as the schedule sees it; tests hand in one that they turn themselves. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after so many milliseconds, unless the returned function is called before. */
  after(ms: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    // A program that has nothing else to do ends.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

const HOUR_MS = 3_600_000;
export const DEFAULT_REFRESH_HOURS = 6;
const LEAST_MS = 60_000;
/** After a failure: a quarter of an hour, then twice as long each time, up to the interval. */
const RETRY_MS = 900_000;

/**
 * @returns the interval in milliseconds
 * @throws FlowlampError OPTION_INVALID outside of one minute to below 24 hours
 */
export function refreshInterval(hours: number): number {
  const ms = hours * HOUR_MS;
  if (ms >= LEAST_MS && ms < 24 * HOUR_MS) return ms;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `feeds cannot be refreshed every ${hours} hours`,
    expected: 'at least one minute (0.0167) and less than 24 hours',
    action: `leave it at ${DEFAULT_REFRESH_HOURS}, or choose another number`,
  });
}

export class FeedSchedule {
  readonly #feeds: readonly Feed[];
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #report: (feed: Feed, outcome: FeedOutcome) => void;
  readonly #timers = new Map<Feed, () => void>();
  readonly #failures = new Map<Feed, number>();
  /** Resolves when the attempts that are due by now have ended. */
  #attempts: Promise<void> = Promise.resolve();
  #isStopped = true;

  /** @param report told of every attempt */
  constructor(
    feeds: readonly Feed[],
    intervalMs: number,
    clock: Clock,
    report: (feed: Feed, outcome: FeedOutcome) => void,
  ) {
    this.#feeds = feeds;
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#report = report;
  }

  /** The first attempts come an interval after the feeds' last ones; those that never worked are tried again soon. */
  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    for (const feed of this.#feeds) {
      const age = feed.fetchedAt === null ? 0 : Math.max(0, this.#clock.now() - feed.fetchedAt);
      this.#plan(feed, feed.table === null ? this.#retryMs(1) : Math.max(0, this.#intervalMs - age));
    }
  }

  /** No further attempt begins; resolves when those under way have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    await this.#attempts;
  }

  #plan(feed: Feed, ms: number): void {
    if (this.#isStopped) return;
    const cancel = this.#clock.after(ms, () => {
      this.#attempts = this.#attempts.then(() => this.#attempt(feed));
    });
    this.#timers.set(feed, cancel);
  }

  async #attempt(feed: Feed): Promise<void> {
    if (this.#isStopped) return;
    const outcome = await feed.refresh();
    const failures = outcome.kind === 'failed' ? (this.#failures.get(feed) ?? 0) + 1 : 0;
    this.#failures.set(feed, failures);
    this.#report(feed, outcome);
    this.#plan(feed, failures === 0 ? this.#intervalMs : this.#retryMs(failures));
  }

  #retryMs(failures: number): number {
    return Math.min(this.#intervalMs, RETRY_MS * 2 ** Math.min(failures - 1, 16));
  }
}
