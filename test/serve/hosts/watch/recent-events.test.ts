import { expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { LatestUsed } from '../../../../serve/hosts/watch/latest-used.ts';
import { RecentEvents } from '../../../../serve/hosts/watch/recent-events.ts';

type Event = readonly [time: number, key: number];

function peakOf(events: readonly Event[], most: number, window: number) {
  const recent = new RecentEvents(most, window);
  for (const [time, key] of events) recent.add(time, key);
  return recent.peak;
}

/** Looks at the window that begins at each event. */
function slowPeak(events: readonly Event[], window: number) {
  const windows = events.map(([begin]) => events.filter(([time]) => time >= begin && time <= begin + window));
  return {
    events: Math.max(...windows.map((inside) => inside.length)),
    keys: Math.max(...windows.map((inside) => new Set(inside.map(([, key]) => key)).size)),
  };
}

test('the peak is that of looking at every window, in whatever order events come', () => {
  const prng = new Prng(5);
  for (let round = 0; round < 100; round++) {
    const events = Array.from({ length: 60 }, (): Event => [prng.below(200), prng.below(6)]);
    expect(peakOf(events, 1_000, 20)).toEqual(slowPeak(events, 20));
  }
});

test('an event on the far edge of a window is inside, one just beyond is not', () => {
  expect(
    peakOf(
      [
        [0, 1],
        [60, 2],
      ],
      10,
      60,
    ),
  ).toEqual({ events: 2, keys: 2 });
  expect(
    peakOf(
      [
        [0, 1],
        [60.001, 2],
      ],
      10,
      60,
    ),
  ).toEqual({ events: 1, keys: 1 });
});

test('of more events than there is room for the latest are kept, so a peak says its bound at most', () => {
  const flood = Array.from({ length: 5_000 }, (_, i): Event => [i / 1_000, i]);
  expect(peakOf(flood, 64, 60)).toEqual({ events: 64, keys: 64 });
  const recent = new RecentEvents(3, 10);
  for (const time of [100, 200, 300]) recent.add(time, 1);
  expect(recent.add(99, 2)).toEqual({ events: 1, keys: 1 });
});

test('a map that is full gives up what was asked for least lately, and counts it', () => {
  const map = new LatestUsed<number[]>(2, () => []);
  map.of('a').push(1);
  map.of('b').push(2);
  map.of('a').push(3);
  map.of('c');
  expect([map.peek('a'), map.peek('b'), map.peek('c'), map.dropped]).toEqual([[1, 3], undefined, [], 1]);
});
