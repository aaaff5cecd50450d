/** What the log says of sinks in trouble: once when it begins, once when it ends, and not more often than that. */
import { expect, test } from 'vitest';
import type { Sink, SinkCounters } from '../../../serve/live/sink.ts';
import { SinkWatch } from '../../../serve/live/sink-watch.ts';
import type { LogFields } from '../../../serve/log.ts';
import { SILENT_LOG } from '../../../serve/log.ts';
import { counters } from '../metrics/snapshot.ts';

function watched() {
  const state = { now: 0, counters: counters({ dropped: 0, rows: { ...counters().rows, dropped: 0 } }) };
  const sink = {
    name: 'siem',
    get counters() {
      return state.counters;
    },
  } as Sink;
  const told: [level: string, message: string, fields: LogFields][] = [];
  const log = {
    ...SILENT_LOG,
    info: (fields: LogFields, message: string) => void told.push(['info', message, fields]),
    warn: (fields: LogFields, message: string) => void told.push(['warn', message, fields]),
  };
  const watch = new SinkWatch([sink], log, () => state.now);
  /** A second later. */
  const look = (some: Partial<SinkCounters> = {}) => {
    state.now += 1_000;
    state.counters = { ...state.counters, ...some };
    watch.look();
  };
  return { watch, look, told, state };
}

const lost = (items: number, rows: number) => ({ dropped: items, rows: { ...counters().rows, dropped: rows } });

test('trouble is told when it begins, with its reason, and when it is over, with what was lost meanwhile', () => {
  const { look, told } = watched();
  look();
  expect(told).toEqual([]);
  look({ trouble: 'connect: ECONNREFUSED', waiting: 7 });
  expect(told).toEqual([
    ['warn', 'a sink is in trouble', { sink: 'siem', reason: 'connect: ECONNREFUSED', waiting: 7, times: 1 }],
  ]);
  for (let i = 0; i < 100; i++) look(lost(3, 3_000));
  expect(told).toHaveLength(1);
  for (let i = 0; i < 4; i++) look({ trouble: null });
  expect(told).toHaveLength(1);
  look();
  expect(told.slice(1)).toEqual([
    [
      'warn',
      'the trouble of a sink is over',
      { sink: 'siem', reason: 'connect: ECONNREFUSED', seconds: 100, lostItems: 3, lostRows: 3_000, spilled: 0 },
    ],
  ]);
});

test('a sink that is merely too slow is told of, too; and that nothing was lost is good news', () => {
  const { look, told } = watched();
  look(lost(1, 500));
  expect(told[0]![2]).toMatchObject({ reason: 'items come faster than it takes them' });
  for (let i = 0; i < 60; i++) look();
  expect(told[1]).toMatchObject(['warn', 'the trouble of a sink is over', { lostItems: 1, lostRows: 500 }]);
  look({ trouble: 'dead' });
  for (let i = 0; i < 5; i++) look({ trouble: null });
  expect(told[3]).toMatchObject(['info', 'the trouble of a sink is over', { lostItems: 0, lostRows: 0 }]);
});

test('trouble that comes and goes all the time is told of once a minute, and how often it was', () => {
  const { look, told } = watched();
  for (let i = 0; i < 300; i++) look({ trouble: i % 10 === 0 ? 'dead' : null });
  const begun = told.filter(([, message]) => message === 'a sink is in trouble');
  expect(begun.length).toBe(5);
  expect(begun[1]![2]).toMatchObject({ times: 6 });
  expect(told.length).toBeLessThanOrEqual(10);
});

test('trouble that comes back at once is the same trouble', () => {
  const { look, told } = watched();
  for (let i = 0; i < 300; i++) look({ trouble: i % 4 === 0 ? 'dead' : null });
  expect(told).toHaveLength(1);
});

test('at the end all is told that was held back', () => {
  const { look, told, watch, state } = watched();
  look({ trouble: 'dead' });
  for (let i = 0; i < 5; i++) look({ trouble: null });
  look({ trouble: 'dead again' });
  expect(told).toHaveLength(2);
  state.counters = { ...state.counters, ...lost(9, 90) };
  watch.finish();
  expect(told.slice(2)).toMatchObject([
    ['warn', 'a sink is in trouble', { reason: 'dead again' }],
    ['warn', 'the trouble of a sink is over', { lostItems: 9, lostRows: 90 }],
  ]);
});
