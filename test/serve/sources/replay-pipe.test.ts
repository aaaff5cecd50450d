/** The replayer of benches, since figures rest on it. */
import { expect, test } from 'vitest';
import { PcapFeed } from '../../../bench/pcap-feed.ts';
import { concat } from '../../support/bytes.ts';
import { captureOf, KeepingSink } from './support.ts';

function read(...parts: Uint8Array[]) {
  const sink = new KeepingSink();
  sink.begin('feed');
  sink.write(concat(...parts));
  sink.end();
  return sink;
}

test('a feed gives runs of records, again with later times, or with times of one’s own', () => {
  const feed = new PcapFeed(captureOf(0, 10).slice());
  expect(feed.packets).toBe(10);
  expect(read(feed.header, feed.records(2, 5)).numbers).toEqual([2, 3, 4]);
  expect(feed.bytesOf(2, 5)).toBe(feed.records(2, 5).length);
  expect(feed.span).toBe(10);
  feed.shift(feed.span);
  expect(read(feed.header, feed.records(0, 10)).times).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  feed.stamp(0, 3, 1_700_000_100.25, 0.5);
  expect(read(feed.header, feed.records(0, 3)).times).toEqual([100.25, 100.75, 101.25]);
  expect(() => new PcapFeed(captureOf(0, 0))).toThrow(/no packets/);
  expect(() => new PcapFeed(new Uint8Array(100))).toThrow(/pcap is needed/);
});
