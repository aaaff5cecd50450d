import { expect, test } from 'vitest';
import { timelineOf } from '../../../serve/explain/timeline.ts';
import { tableOf } from './table.ts';

const messages = {
  payload_sizes: [100, -50, 100, -50, 100, -7],
  payload_times_us: [10, 20, 1010, 1030, 3010, 3020],
  fwd_payload_packets: 3,
  bwd_payload_packets: 4,
};

test('messages have a sender, a size, a time and the gap before them', () => {
  const timeline = timelineOf(tableOf(messages), 0)!;
  expect(timeline.messages.map(({ from, bytes, timeUs, gapUs }) => [from, bytes, timeUs, gapUs])).toEqual([
    ['initiator', 100, 10, 10],
    ['responder', 50, 20, 10],
    ['initiator', 100, 1010, 990],
    ['responder', 50, 1030, 20],
    ['initiator', 100, 3010, 1980],
    ['responder', 7, 3020, 10],
  ]);
  expect([timeline.isCut, timeline.payloadPackets]).toEqual([false, 7]);
});

test('sizes that come again are marked, the most frequent first, with the gaps between them', () => {
  const { messages: marked, repeats } = timelineOf(tableOf(messages), 0)!;
  expect(marked.map(({ mark }) => mark)).toEqual(['A', 'B', 'A', 'B', 'A', null]);
  expect(repeats).toEqual([
    { mark: 'A', from: 'initiator', bytes: 100, count: 3, gapUs: { least: 1000, median: 2000, most: 2000 } },
    { mark: 'B', from: 'responder', bytes: 50, count: 2, gapUs: { least: 1010, median: 1010, most: 1010 } },
  ]);
});

test('one size of both sides is not one rhythm', () => {
  const { repeats } = timelineOf(tableOf({ payload_sizes: [9, -9, 9], payload_times_us: [1, 2, 3] }), 0)!;
  expect(repeats.map(({ from, count }) => [from, count])).toEqual([['initiator', 2]]);
});

test('TLS records stand with the packet that holds their header', () => {
  const { messages: held } = timelineOf(
    tableOf({
      ...messages,
      tls_record_lengths: [95, -20, -25, 90, -1, 33],
      tls_record_types: [22, 22, 23, 23, 21, 23],
      // The last is of the initiator, which sent nothing then.
      tls_record_times_us: [10, 20, 20, 3010, 999_999, 20],
    }),
    0,
  )!;
  expect(held.map(({ records }) => records.map(({ type, bytes }) => [type, bytes]))).toEqual([
    [[22, 95]],
    [
      [22, 20],
      [23, 25],
    ],
    [],
    [],
    [[23, 90]],
    [],
  ]);
});

test('a list as long as rows have it may be cut', () => {
  const sizes = Array.from({ length: 32 }, () => 1);
  const times = sizes.map((_, i) => i);
  expect(timelineOf(tableOf({ payload_sizes: sizes, payload_times_us: times }), 0)!.isCut).toBe(true);
});

test('strange lists are bounded, and no column of messages is no timeline', () => {
  const many = Array.from({ length: 5000 }, (_, i) => i);
  const timeline = timelineOf(tableOf({ payload_sizes: many, payload_times_us: many.slice(0, 4000) }), 0)!;
  expect([timeline.messages.length, timeline.isCut]).toEqual([128, true]);
  expect(timelineOf(tableOf({ payload_sizes: [1, 2], payload_times_us: [5] }), 0)!.messages).toHaveLength(1);
  expect(timelineOf(tableOf({ payload_sizes: null, payload_times_us: null }), 0)).toEqual({
    messages: [],
    isCut: false,
    payloadPackets: null,
    repeats: [],
  });
  expect(timelineOf(tableOf({ payload_sizes: [1] }), 0)).toBeNull();
});
