import { describe, expect, test } from 'vitest';
import type { Feed, FeedOutcome } from '../../../serve/intelligence/feed.ts';
import { type Clock, FeedSchedule, refreshInterval } from '../../../serve/intelligence/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Time that a test turns: due calls are made in order, and what they start is waited for. */
class TurnedClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly call: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get waiting(): number {
    return this.#timers.length;
  }

  async turn(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.#now = next.at;
      this.#timers = this.#timers.filter((other) => other !== next);
      next.call();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = until;
  }
}

const LOADED: FeedOutcome = { kind: 'unchanged' };
const FAILED: FeedOutcome = { kind: 'failed', reason: 'answers 500', isRefused: false, isServing: true };

/** A feed that is asked, and answers as it is told. */
function scheduled(outcomes: (attempt: number) => FeedOutcome, fetchedAt: number | null = 0) {
  const clock = new TurnedClock();
  const times: number[] = [];
  const feed = {
    fetchedAt,
    table: fetchedAt === null ? null : {},
    refresh: async () => {
      times.push(clock.now());
      return outcomes(times.length);
    },
  } as unknown as Feed;
  const reports: string[] = [];
  const schedule = new FeedSchedule([feed], 6 * HOUR, clock, (_, { kind }) => reports.push(kind));
  return { clock, times, reports, schedule };
}

describe('a schedule', () => {
  test('asks every six hours', async () => {
    const { clock, times, reports, schedule } = scheduled(() => LOADED);
    schedule.start();
    schedule.start();
    await clock.turn(25 * HOUR);
    expect(times.map((at) => at / HOUR)).toEqual([6, 12, 18, 24]);
    expect(reports).toEqual(Array.from({ length: 4 }, () => 'unchanged'));
  });

  test('counts from the last good answer', async () => {
    const { clock, times, schedule } = scheduled(() => LOADED, -5 * HOUR);
    schedule.start();
    await clock.turn(2 * HOUR);
    expect(times).toEqual([HOUR]);
  });

  test('asks sooner after failures, ever later up to the interval, and as usual once it works', async () => {
    const { clock, times, schedule } = scheduled((attempt) => (attempt <= 7 ? FAILED : LOADED));
    schedule.start();
    await clock.turn(40 * HOUR);
    const gaps = times.map((at, i) => (at - (times[i - 1] ?? 0)) / MINUTE);
    expect(gaps.slice(0, 9)).toEqual([360, 15, 30, 60, 120, 240, 360, 360, 360]);
  });

  test('tries a feed that never worked after a quarter of an hour', async () => {
    const { clock, times, schedule } = scheduled(() => FAILED, null);
    schedule.start();
    await clock.turn(20 * MINUTE);
    expect(times).toEqual([15 * MINUTE]);
  });

  test('that is stopped asks no more, and waits for what is under way', async () => {
    let answer = (_: FeedOutcome): void => {};
    const clock = new TurnedClock();
    const feed = { fetchedAt: 0, table: {}, refresh: () => new Promise<FeedOutcome>((resolve) => (answer = resolve)) };
    const schedule = new FeedSchedule([feed as unknown as Feed], HOUR, clock, () => {});
    schedule.start();
    await clock.turn(HOUR);
    let isStopped = false;
    const stopping = schedule.stop().then(() => (isStopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isStopped).toBe(false);
    answer(LOADED);
    await stopping;
    expect(clock.waiting).toBe(0);
  });
});

test('the interval is at least a minute and less than a day', () => {
  expect(refreshInterval(6)).toBe(6 * HOUR);
  expect(refreshInterval(23.99)).toBeLessThan(24 * HOUR);
  for (const hours of [24, 0, -1, Number.NaN, 0.01, Number.POSITIVE_INFINITY]) {
    expect(() => refreshInterval(hours), String(hours)).toThrow(/feeds cannot be refreshed every/);
  }
});

test('feeds that are due together are asked one after the other', async () => {
  const clock = new TurnedClock();
  const steps: string[] = [];
  const feeds = ['a', 'b'].map((name) => ({
    fetchedAt: 0,
    table: {},
    refresh: async () => {
      steps.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`${name} ends`);
      return LOADED;
    },
  })) as unknown as Feed[];
  const schedule = new FeedSchedule(feeds, HOUR, clock, () => undefined);
  schedule.start();
  await clock.turn(HOUR);
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  await schedule.stop();
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});
