import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeRecords, SEGMENT_HEAD, type SpillRecord } from '../../../serve/sinks/spill-records.ts';
import { openSegment } from '../../../serve/sinks/spill-segment.ts';
import { SpillStore } from '../../../serve/sinks/spill-store.ts';
import { folder, upTo } from './items.ts';

const MOST = { items: 1000, bytes: 1 << 20 };
const payload = (n: number, size = 0) => ({ payload: Buffer.from(`${n}`.padEnd(size, '.')), rows: n });
const numbers = (records: readonly SpillRecord[]) =>
  records.map(({ payload }) => Number.parseInt(Buffer.from(payload).toString(), 10));
const segments = (path: string) => readdirSync(path).filter((name) => name.endsWith('.spill'));

async function readAll(store: SpillStore): Promise<number[]> {
  const all: number[] = [];
  while (store.hasUnread) {
    all.push(...numbers(await store.read(MOST)));
    await store.commit();
  }
  return all;
}

test('a record is its length, its rows, a check and its bytes', () => {
  expect(Buffer.from(encodeRecords([{ payload: Buffer.from('ab'), rows: 3 }])).toString('hex')).toBe(
    '02000000' + '03000000' + '2cc79dd8fb4faf52' + '6162',
  );
});

test('payloads come back in order and leave nothing behind', async () => {
  const path = folder();
  const store = await SpillStore.open(path, 'test/1');
  for (let n = 0; n < 100; n += 10) await store.append(upTo(10).map((i) => payload(n + i)));
  expect(store.items).toBe(100);
  expect(await readAll(store)).toEqual(upTo(100));
  expect(store.items).toBe(0);
  expect(segments(path)).toEqual([]);
  await store.close();
});

test('what was not settled is read again, and by the next run', async () => {
  const path = folder();
  const store = await SpillStore.open(path, 'test/1');
  await store.append(upTo(10).map((n) => payload(n)));
  expect(numbers(await store.read({ items: 4, bytes: 1 << 20 }))).toEqual([0, 1, 2, 3]);
  await store.commit();
  expect(numbers(await store.read({ items: 2, bytes: 1 << 20 }))).toEqual([4, 5]);
  await store.release();
  expect(numbers(await store.read({ items: 2, bytes: 1 << 20 }))).toEqual([4, 5]);
  await store.close();
  const next = await SpillStore.open(path, 'test/1');
  expect(next.items).toBe(6);
  await next.append([payload(10)]);
  expect(await readAll(next)).toEqual([4, 5, 6, 7, 8, 9, 10]);
  await next.close();
});

test('payloads longer than a read are read whole', async () => {
  const store = await SpillStore.open(folder(), 'test/1');
  await store.append([payload(1, 3_000_000), payload(2), payload(3, (1 << 20) - 20), payload(4)]);
  expect(await readAll(store)).toEqual([1, 2, 3, 4]);
  await store.close();
});

test.each([1, 5, 11, 12, 13, 25])(
  'a last record of which %i bytes are missing is skipped and counted',
  async (missing) => {
    const path = folder();
    const store = await SpillStore.open(path, 'test/1');
    await store.append([payload(0, 10), payload(1, 10)]);
    await store.close();
    const file = join(path, segments(path)[0]!);
    truncateSync(file, statSync(file).size - missing);
    const next = await SpillStore.open(path, 'test/1');
    expect([next.items, next.torn]).toEqual([1, 1]);
    await next.append([payload(2)]);
    expect(await readAll(next)).toEqual([0, 2]);
    await next.close();
  },
);

test.each([0, 3, SEGMENT_HEAD])('a segment of %i bytes holds nothing and is nothing lost', async (bytes) => {
  const path = folder();
  const store = await SpillStore.open(path, 'test/1');
  await store.append([payload(0)]);
  await store.close();
  truncateSync(join(path, segments(path)[0]!), bytes);
  const next = await SpillStore.open(path, 'test/1');
  expect([next.items, next.torn, segments(path)]).toEqual([0, 0, []]);
  await next.close();
});

test('a record that was changed on the disk ends its segment, and is counted', async () => {
  const path = folder();
  const store = await SpillStore.open(path, 'test/1');
  await store.append([payload(0), payload(1), payload(2)]);
  await store.close();
  const file = join(path, segments(path)[0]!);
  const bytes = readFileSync(file);
  bytes[bytes.length - 18]! ^= 1;
  writeFileSync(file, bytes);
  const next = await SpillStore.open(path, 'test/1');
  expect([next.items, next.torn]).toEqual([1, 1]);
  expect(await readAll(next)).toEqual([0]);
  await next.close();
});

test('zeros behind the last record, as a power failure leaves them, are no records', async () => {
  const path = folder();
  const store = await SpillStore.open(path, 'test/1');
  await store.append([payload(0)]);
  await store.close();
  appendFileSync(join(path, segments(path)[0]!), Buffer.alloc(4096));
  const next = await SpillStore.open(path, 'test/1');
  expect([next.items, next.torn]).toEqual([1, 1]);
  await next.close();
});

test('where there is no room the oldest segment goes and is counted, but not what is being delivered of it', async () => {
  const path = folder();
  const store = await SpillStore.open(path, 'test/1', 100_000);
  const append = (n: number) => store.append([payload(n, 1000)]);
  for (const n of upTo(50)) await append(n);
  expect(numbers(await store.read({ items: 2, bytes: 1 << 20 }))).toEqual([0, 1]);
  for (let n = 50; n < 120; n++) await append(n);
  const onDisk = segments(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  expect(onDisk).toBeLessThanOrEqual(100_000);
  expect(store.dropped).toBeGreaterThan(20);
  expect(store.items + store.dropped).toBe(120);
  await store.commit();
  expect(store.items + store.dropped).toBe(118);
  const { dropped } = store;
  expect(await readAll(store)).toEqual(upTo(120).slice(2 + dropped));
  await store.close();
});

test('a payload larger than all that may lie there has it for itself', async () => {
  const store = await SpillStore.open(folder(), 'test/1', 100_000);
  await store.append([payload(1)]);
  await store.append([payload(2, 200_000)]);
  expect(store.dropped).toBe(1);
  expect(await readAll(store)).toEqual([2]);
  await store.close();
});

test('an append that fails leaves nothing of itself, and the next goes on behind what was there', async () => {
  let isFull = false;
  const path = folder();
  const store = await SpillStore.open(path, 'test/1', undefined, async (name, flags) => {
    const file = await openSegment(name, flags);
    const write: typeof file.write = async (bytes, offset, length, position) => {
      if (!isFull) return file.write(bytes, offset, length, position);
      await file.write(bytes, offset, Math.min(length, 5), position);
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    return new Proxy(file, {
      get: (target, name) => {
        if (name === 'write') return write;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  });
  await store.append([payload(0)]);
  isFull = true;
  await expect(store.append([payload(1)])).rejects.toThrow('full');
  isFull = false;
  expect(store.items).toBe(1);
  await store.append([payload(2)]);
  await store.close();
  const next = await SpillStore.open(path, 'test/1');
  expect(next.torn).toBe(0);
  expect(await readAll(next)).toEqual([0, 2]);
  await next.close();
});

test('a folder that another sink has, or had, is refused', async () => {
  const path = folder();
  const store = await SpillStore.open(path, 'jsonl/1');
  await expect(SpillStore.open(path, 'jsonl/1')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await store.append([payload(0)]);
  await store.close();
  await expect(SpillStore.open(path, 'eve/1')).rejects.toThrow('holds what another sink has spilled (jsonl/1)');
  const again = await SpillStore.open(path, 'jsonl/1');
  expect(again.items).toBe(1);
  await again.close();
});

test('a cursor of an earlier segment does not hide a later one', async () => {
  const path = folder();
  for (const round of upTo(3)) {
    const store = await SpillStore.open(path, 'test/1');
    await store.append([payload(round), payload(round + 10), payload(round + 20)]);
    expect(numbers(await store.read({ items: 2, bytes: 1 << 20 }))).toEqual([round, round + 10]);
    await store.commit();
    expect(numbers(await store.read({ items: 2, bytes: 1 << 20 }))).toEqual([round + 20]);
    await store.commit();
    await store.close();
  }
});
