import { expect, test, vi } from 'vitest';
import { BackOff } from '../../../serve/sinks/back-off.ts';
import { DeliveringSink, type DeliveryOptions } from '../../../serve/sinks/delivering-sink.ts';
import { Refused, TryLater } from '../../../serve/sinks/destination.ts';
import { SpillStore } from '../../../serve/sinks/spill-store.ts';
import { balance, folder, quick, recordOf, rowsOf, TestDestination, until, upTo } from './items.ts';

type Options = Partial<Omit<DeliveryOptions, 'queue'>> & { queue?: Partial<DeliveryOptions['queue']> };

function open(destination: TestDestination, { queue, ...options }: Options = {}): DeliveringSink<Uint8Array> {
  return new DeliveringSink(destination, {
    name: 'test',
    wants: () => true,
    queue: { policy: 'drop-oldest', maxItems: 100, maxBytes: 1 << 20, spill: null, backOff: quick, ...queue },
    backOff: quick,
    ...options,
  });
}

test('what is offered is delivered in order, and counted', async () => {
  const destination = new TestDestination();
  const sink = open(destination);
  for (const n of upTo(50)) sink.offer(recordOf(n));
  await sink.drain(1000);
  expect(destination.received).toEqual(upTo(50));
  expect(sink.counters).toEqual({
    accepted: 50,
    delivered: 50,
    dropped: 0,
    spilled: 0,
    retries: 0,
    waiting: 0,
    rows: { accepted: 0, delivered: 0, dropped: 0, spilled: 0, waiting: 0 },
    trouble: null,
  });
  await sink.close();
  expect(destination.closed).toBe(1);
});

test('an item that nobody wants is not counted; one of which there is nothing to say is delivered', async () => {
  const destination = new TestDestination();
  const sink = open(destination, { wants: ({ kind }) => kind !== 'alert' });
  sink.offer(rowsOf(1));
  sink.offer({ ...rowsOf(1), kind: 'alert', reason: 'new', before: null, heldBack: 0 });
  await sink.drain(1000);
  expect(destination.received).toEqual([]);
  expect(sink.counters).toMatchObject({ accepted: 1, delivered: 1 });
  await sink.close();
});

test('what fails is tried again until it is taken, and nothing overtakes it', async () => {
  const destination = new TestDestination();
  let failures = 0;
  destination.attempt = () => {
    if (failures++ < 3) throw Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' });
  };
  const sink = open(destination);
  sink.offer(recordOf(0));
  await until(() => sink.counters.trouble !== null);
  expect(sink.counters.trouble).toBe('connect: ECONNREFUSED');
  for (const n of [1, 2, 3]) sink.offer(recordOf(n));
  await until(() => destination.received.length === 4);
  expect(destination.received).toEqual([0, 1, 2, 3]);
  expect(sink.counters).toMatchObject({ delivered: 4, retries: 3, trouble: null });
  await sink.close();
});

test('what is refused for good is counted, and the next goes on', async () => {
  const destination = new TestDestination();
  destination.attempt = ([n]) => {
    if (n === 0) throw new Refused('the server answers 400');
  };
  const sink = open(destination, { batch: { items: 1, bytes: 1 } });
  sink.offer(recordOf(0));
  sink.offer(recordOf(1));
  await sink.drain(1000);
  expect(destination.received).toEqual([1]);
  expect(sink.counters).toMatchObject({ accepted: 2, delivered: 1, dropped: 1, retries: 0 });
  await sink.close();
});

test('an item of which nothing can be made is lost, and the next goes on', async () => {
  const destination = new TestDestination();
  const sink = open(destination);
  vi.spyOn(destination, 'encode').mockImplementationOnce(() => {
    throw new Error('no such thing');
  });
  sink.offer(recordOf(0));
  await until(() => sink.counters.dropped === 1);
  expect(sink.counters).toMatchObject({ accepted: 1, delivered: 0, waiting: 0, trouble: 'no such thing' });
  sink.offer(recordOf(1));
  await sink.drain(1000);
  expect(destination.received).toEqual([1]);
  expect(sink.counters).toMatchObject({ accepted: 2, delivered: 1, dropped: 1, trouble: null });
  await sink.close();
});

test('an attempt that hangs is given up and tried again', async () => {
  const destination = new TestDestination();
  let attempts = 0;
  destination.attempt = (_, signal) => {
    if (attempts++ > 0) return undefined;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  const sink = open(destination, { timeoutMs: 30 });
  sink.offer(recordOf(7));
  await until(() => sink.counters.trouble === 'no answer within 0.03 s');
  await until(() => destination.received.length === 1);
  expect(sink.counters).toMatchObject({ delivered: 1, retries: 1, trouble: null });
  await sink.close();
});

test('100,000 items for a sink that is dead cost no more memory than its queue, and are all accounted for', async () => {
  const destination = new TestDestination();
  destination.attempt = () => {
    throw new Error('dead');
  };
  const sink = open(destination, { queue: { maxItems: 1000, maxBytes: 1 << 30 } });
  const before = performance.now();
  for (let n = 0; n < 100_000; n++) {
    sink.offer(recordOf(n));
    if (n % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(performance.now() - before).toBeLessThan(2_000);
  const { counters } = sink;
  expect(counters.accepted).toBe(100_000);
  expect(counters.waiting).toBeLessThanOrEqual(1000 + 256);
  expect(balance(counters)).toBe(0);
  // Those that were dropped have cost a place in a queue, and nothing was made of them.
  expect(destination.encoded).toBeLessThanOrEqual(256);
  await sink.drain(10);
  expect(sink.counters).toMatchObject({ delivered: 0, dropped: 100_000, waiting: 0 });
  await sink.close();
});

test('a queue is bounded in bytes, too, but an item larger than it has room when it is alone', async () => {
  const destination = new TestDestination();
  destination.attempt = () => {
    throw new Error('dead');
  };
  // Of rows 2 KiB each.
  const sink = open(destination, { queue: { maxBytes: 10_000 }, batch: { items: 1, bytes: 1 } });
  sink.offer(recordOf(0));
  await until(() => sink.counters.trouble !== null);
  for (let n = 0; n < 10; n++) sink.offer(rowsOf(1, 2));
  expect(sink.counters).toMatchObject({ waiting: 3, dropped: 8 });
  sink.offer(rowsOf(...upTo(20)));
  expect(sink.counters).toMatchObject({ waiting: 2, dropped: 10 });
  await sink.close();
});

test('rows are counted beside items, wherever they end up', async () => {
  const destination = new TestDestination();
  destination.encode = (item) => (item.kind === 'record' ? null : Buffer.from(String(item.rows.length)));
  let isDead = true;
  destination.attempt = () => {
    if (isDead) throw new Error('dead');
  };
  // Two tables wait, of which one is being tried; the third pushes one out.
  const queue = { maxItems: 1, spill: null };
  const sink = open(destination, { queue, batch: { items: 1, bytes: 1 } });
  sink.offer(rowsOf(...upTo(30)));
  await until(() => sink.counters.trouble !== null);
  sink.offer(rowsOf(...upTo(500)));
  sink.offer({ ...rowsOf(1), kind: 'alert', reason: 'new', before: null, heldBack: 0 });
  expect(sink.counters).toMatchObject({ accepted: 3, dropped: 1, waiting: 2 });
  expect(sink.counters.rows).toEqual({ accepted: 531, delivered: 0, dropped: 500, spilled: 0, waiting: 31 });
  isDead = false;
  await sink.drain(1000);
  expect(sink.counters.rows).toEqual({ accepted: 531, delivered: 31, dropped: 500, spilled: 0, waiting: 0 });
  await sink.close();
});

test('rows on the disk are known to the next run, and counted when they are lost there', async () => {
  const path = folder();
  const destination = new TestDestination();
  destination.encode = (item) => (item.kind === 'record' ? null : Buffer.alloc(30_000, '7'));
  destination.attempt = () => new Promise(() => undefined);
  const sink = open(destination, {
    queue: { policy: 'spill', maxItems: 4, spill: await SpillStore.open(path, 'test/1') },
    batch: { items: 1, bytes: 1 },
  });
  for (const rows of [10, 20, 30]) sink.offer(rowsOf(...upTo(rows)));
  await sink.drain(20);
  expect(sink.counters.rows).toMatchObject({ accepted: 60, spilled: 60 });
  await sink.close();

  // With room for two of them: the oldest goes.
  const spill = await SpillStore.open(path, 'test/1', 100_000);
  expect(spill.rows).toBe(60);
  await spill.append([{ payload: Buffer.alloc(30_000), rows: 40 }]);
  expect([spill.rows, spill.droppedRows]).toEqual([40, 60]);
  await spill.close();
});

test('room at the end: of any policy, for the size of the item, and only for what the sink takes', async () => {
  const destination = new TestDestination();
  let go = () => {};
  destination.attempt = () => new Promise<void>((resolve) => (go = resolve));
  const sink = open(destination, {
    wants: ({ kind }) => kind === 'record',
    queue: { maxItems: 1 },
    batch: { items: 1, bytes: 1 },
  });
  sink.offer(recordOf(0));
  await until(() => sink.counters.waiting === 1 && sink.room(recordOf(1), true) === null);
  sink.offer(recordOf(1));
  expect(sink.room(recordOf(2))).toBeNull();
  expect(sink.room(rowsOf(1), true)).toBeNull();
  const room = sink.room(recordOf(2), true);
  expect(room).not.toBeNull();
  destination.attempt = () => undefined;
  go();
  await room;
  sink.offer(recordOf(2));
  await sink.drain(1000);
  expect(sink.counters).toMatchObject({ delivered: 3, dropped: 0 });
  await sink.close();
});

test('a drain without an end may be given one while it lasts, and none that is later', async () => {
  const destination = new TestDestination();
  destination.attempt = () => new Promise(() => undefined);
  const sink = open(destination);
  sink.offer(recordOf(0));
  let isOver = false;
  const drained = sink.drain(Number.POSITIVE_INFINITY).then(() => {
    isOver = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(isOver).toBe(false);
  void sink.drain(30);
  void sink.drain(60_000);
  await drained;
  expect(sink.counters).toMatchObject({ accepted: 1, dropped: 1 });
  await sink.close();
});

test('a sink that hangs does not slow another', async () => {
  const [hung, other] = [new TestDestination(), new TestDestination()];
  hung.attempt = () => new Promise(() => undefined);
  const sinks = [open(hung), open(other, { queue: { maxItems: 10_000, maxBytes: 1 << 30 } })];
  for (const n of upTo(5000)) for (const sink of sinks) sink.offer(recordOf(n));
  await until(() => other.received.length === 5000, 1000);
  expect(sinks[1]!.counters).toMatchObject({ delivered: 5000, dropped: 0 });
  expect(balance(sinks[0]!.counters)).toBe(0);
  const before = Date.now();
  await Promise.all(sinks.map((sink) => sink.drain(50)));
  await Promise.all(sinks.map((sink) => sink.close()));
  expect(Date.now() - before).toBeLessThan(900);
  expect(sinks[0]!.counters).toMatchObject({ accepted: 5000, dropped: 5000, waiting: 0 });
});

test('policy block has room until the queue is full, and tells when there is some again', async () => {
  const destination = new TestDestination();
  let go = () => {};
  destination.attempt = () => new Promise<void>((resolve) => (go = resolve));
  const sink = open(destination, { queue: { policy: 'block', maxItems: 4 }, batch: { items: 2, bytes: 1 << 20 } });
  let offered = 0;
  const fill = async () => {
    for (; offered < 40; ) {
      const room = sink.room();
      if (room !== null) await room;
      sink.offer(recordOf(offered++));
    }
  };
  const filled = fill();
  await until(() => sink.room() !== null);
  expect(offered).toBeLessThan(10);
  destination.attempt = () => undefined;
  go();
  await filled;
  await sink.drain(1000);
  expect(destination.received).toEqual(upTo(40));
  expect(sink.counters).toMatchObject({ delivered: 40, dropped: 0 });
  await sink.close();
});

test('who does not wait for room may fill the queue twice, and loses the oldest then', async () => {
  const destination = new TestDestination();
  destination.attempt = () => new Promise(() => undefined);
  const sink = open(destination, { queue: { policy: 'block', maxItems: 10 }, batch: { items: 1, bytes: 1 } });
  for (const n of upTo(100)) sink.offer(recordOf(n));
  expect(sink.counters.waiting).toBeLessThanOrEqual(21);
  expect(balance(sink.counters)).toBe(0);
  await sink.close();
});

test('a source that waits for room is let go when the sink ends', async () => {
  const destination = new TestDestination();
  destination.attempt = () => new Promise(() => undefined);
  const sink = open(destination, { queue: { policy: 'block', maxItems: 1 } });
  sink.offer(recordOf(0));
  await until(() => sink.counters.waiting === 1);
  sink.offer(recordOf(1));
  const room = sink.room();
  await sink.drain(10);
  await room;
  expect(sink.room()).toBeNull();
  sink.offer(recordOf(2));
  expect(sink.counters).toMatchObject({ accepted: 3, dropped: 3 });
  await sink.close();
});

test('what waits for its next attempt has it at once when draining begins', async () => {
  const destination = new TestDestination();
  let isDead = true;
  destination.attempt = () => {
    if (isDead) throw new TryLater('the server answers 503', 200_000);
  };
  const sink = open(destination, { backOff: { firstMs: 60_000, mostMs: 60_000 } });
  sink.offer(recordOf(1));
  await until(() => sink.counters.trouble !== null);
  isDead = false;
  await sink.drain(1000);
  expect(destination.received).toEqual([1]);
  await sink.close();
});

test('items that come close together go together', async () => {
  const destination = new TestDestination();
  const batches: number[] = [];
  destination.attempt = (numbers) => void batches.push(numbers.length);
  const sink = open(destination, { lingerMs: 50, batch: { items: 10, bytes: 1 << 20 } });
  for (const n of upTo(25)) {
    sink.offer(recordOf(n));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => destination.received.length === 25);
  expect(batches).toEqual([10, 10, 5]);
  await sink.close();
});

test('back-off doubles from half a second to a minute, and is never longer than is due nor shorter than half', () => {
  const longest = new BackOff(undefined, () => 1);
  expect(upTo(9).map(() => longest.next())).toEqual([500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
  longest.reset();
  expect(longest.next()).toBe(500);
  expect(new BackOff(undefined, () => 0).next()).toBe(250);
});

test('what the queue has no room for is spilled while the destination is dead, and delivered in order after', async () => {
  const destination = new TestDestination();
  let isDead = true;
  destination.attempt = () => {
    if (isDead) throw new Error('dead');
  };
  const spill = await SpillStore.open(folder(), 'test/1');
  const sink = open(destination, { queue: { policy: 'spill', maxItems: 100, spill } });
  for (const n of upTo(10_000)) {
    sink.offer(recordOf(n));
    if (n % 40 === 0) await until(() => sink.counters.waiting < 105);
  }
  await until(() => sink.counters.spilled > 9_800);
  expect(balance(sink.counters)).toBe(0);
  expect(sink.counters.dropped).toBe(0);
  isDead = false;
  await until(() => destination.received.length === 10_000);
  expect(destination.received).toEqual(upTo(10_000));
  await sink.drain(1000);
  expect(sink.counters).toMatchObject({ accepted: 10_000, delivered: 10_000, spilled: 0, waiting: 0, trouble: null });
  await sink.close();
});

test('what is left when the time is over is spilled, and the next run delivers it', async () => {
  const destination = new TestDestination();
  destination.attempt = () => new Promise(() => undefined);
  const path = folder();
  const sink = open(destination, {
    queue: { policy: 'spill', maxItems: 1000, spill: await SpillStore.open(path, 'test/1') },
  });
  for (const n of upTo(300)) sink.offer(recordOf(n));
  await sink.drain(20);
  expect(sink.counters).toMatchObject({ accepted: 300, delivered: 0, dropped: 0, spilled: 300, waiting: 0 });
  await sink.close();

  const next = new TestDestination();
  const again = open(next, { queue: { policy: 'spill', spill: await SpillStore.open(path, 'test/1') } });
  await again.drain(1000);
  expect(next.received.sort((a, b) => a - b)).toEqual(upTo(300));
  expect(again.counters).toMatchObject({ accepted: 300, delivered: 300, spilled: 0 });
  await again.close();
});

test('where the disk is full too, the oldest that wait for it are lost, and the sink goes on', async () => {
  const destination = new TestDestination();
  let isDead = true;
  destination.attempt = () => {
    if (isDead) throw new Error('dead');
  };
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
  const spill = await SpillStore.open(folder(), 'test/1', undefined, async () => {
    throw full;
  });
  const sink = open(destination, { queue: { policy: 'spill', maxItems: 100, spill } });
  for (const n of upTo(1000)) sink.offer(recordOf(n));
  await until(() => sink.counters.trouble !== null);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(balance(sink.counters)).toBe(0);
  expect(sink.counters.spilled).toBe(0);
  expect(sink.counters.waiting).toBeLessThanOrEqual(100 + 256);
  isDead = false;
  await until(() => destination.received.length > 0);
  await sink.drain(100);
  expect(balance(sink.counters)).toBe(0);
  await sink.close();
});
