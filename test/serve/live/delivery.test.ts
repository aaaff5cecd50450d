/** Who waits for whom: while packets come nobody, at the end everybody, within its time. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { Delivery } from '../../../serve/live/delivery.ts';
import { DeliveringSink } from '../../../serve/sinks/delivering-sink.ts';
import type { FullPolicy } from '../../../serve/sinks/policy.ts';
import { quick, recordOf, TestDestination, until, upTo } from '../sinks/items.ts';

function sinkOf(policy: FullPolicy, attempt: TestDestination['attempt'], maxItems = 2) {
  const destination = new TestDestination();
  destination.attempt = attempt;
  const sink = new DeliveringSink(destination, {
    name: 'test',
    wants: () => true,
    queue: { policy, maxItems, maxBytes: 1 << 20, spill: null, backOff: quick },
    backOff: quick,
    batch: { items: 1, bytes: 1 },
  });
  onTestFinished(() => sink.close());
  return { sink, destination };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const slow = () => pause(2);
const never = () => new Promise<void>(() => undefined);
const records = upTo(60).map(recordOf);

test('while packets come that cannot wait, a small queue loses; what comes at the end does not push anything out', async () => {
  const { sink, destination } = sinkOf('drop-oldest', slow);
  const delivery = new Delivery([sink], 10_000);
  await delivery.offer(records);
  const { dropped } = sink.counters;
  expect(dropped).toBeGreaterThan(50);
  delivery.end();
  await delivery.offer(records);
  await delivery.drain();
  // Two may have waited when the end began.
  expect(destination.received.slice(-60)).toEqual(upTo(60));
  expect(sink.counters).toMatchObject({ accepted: 120, dropped, waiting: 0 });
});

test('a sink that hangs at the end is waited for until half of the time is over, and the others lose nothing', async () => {
  const [hung, good] = [sinkOf('drop-oldest', never), sinkOf('drop-oldest', slow)];
  const delivery = new Delivery([hung.sink, good.sink], 600);
  const began = performance.now();
  delivery.end();
  await delivery.offer(records);
  expect(performance.now() - began).toBeGreaterThan(290);
  await delivery.drain();
  expect(good.destination.received).toEqual(upTo(60));
  expect(hung.sink.counters).toMatchObject({ accepted: 60, dropped: 60 });
});

test('where the source ended by itself, a sink of policy block has all the time, and others what a drain has', async () => {
  const [blocking, other] = [sinkOf('block', () => pause(4)), sinkOf('drop-oldest', never)];
  const delivery = new Delivery([blocking.sink, other.sink], 40);
  delivery.end();
  await delivery.offer(records);
  await delivery.drain();
  // Sixty times 4 ms are more than a drain has.
  expect(blocking.destination.received).toEqual(upTo(60));
  expect(other.sink.counters).toMatchObject({ accepted: 60, dropped: 60 });
});

test('told to stop while it drains, a sink of policy block that hangs has as long as a drain has', async () => {
  const { sink } = sinkOf('block', never);
  const delivery = new Delivery([sink], 50);
  await delivery.offer([recordOf(0)]);
  let isOver = false;
  const drained = delivery.drain().then(() => {
    isOver = true;
  });
  await pause(150);
  expect(isOver).toBe(false);
  delivery.stop();
  await drained;
  expect(sink.counters).toMatchObject({ accepted: 1, dropped: 1 });
});

test('a sink of policy block that hangs holds up what is offered until it is to stop', async () => {
  const { sink } = sinkOf('block', never, 1);
  const delivery = new Delivery([sink], 50);
  let isOver = false;
  const offered = delivery.offer(records).then(() => {
    isOver = true;
  });
  await until(() => sink.counters.waiting > 0);
  await pause(100);
  expect(isOver).toBe(false);
  delivery.stop();
  await offered;
  await delivery.drain();
  expect(sink.counters).toMatchObject({ accepted: 60, dropped: 60 });
});

test('what was judged last has time to be delivered, however long judging took after it was to stop', async () => {
  const { sink, destination } = sinkOf('drop-oldest', slow);
  const delivery = new Delivery([sink], 80);
  delivery.stop();
  await pause(120);
  await delivery.offer([recordOf(0), recordOf(1)]);
  await delivery.drain();
  expect(destination.received).toEqual([0, 1]);
});

test('once all is delivered, no timer is left that keeps the process alive', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const delivery = new Delivery([], 60_000);
  delivery.stop();
  expect(vi.getTimerCount()).toBe(2);
  await delivery.drain();
  delivery.stop();
  expect(vi.getTimerCount()).toBe(0);
});
