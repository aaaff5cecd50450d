/** Captures that are posted are followed in a thread, give the same rows, and hold nothing else up for long. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Table } from '../../../core/table.ts';
import { captureTables } from '../../../features/extract.ts';
import { jsonCell } from '../../../features/text/cell.ts';
import { FIXED_LIMITS } from '../../../serve/http/limits.ts';
import { pcap } from '../../support/captures.ts';
import { udp } from '../../support/frames.ts';

type Module = typeof import('../../../serve/http/capture-apart.ts');
const DIST = new URL('../../../dist/serve/http/', import.meta.url);
const { tablesApart } = (await import(new URL('capture-apart.js', DIST).href)) as Module;

const FLOWS = 1_000;
/** All flows end with the last packet: it comes an hour later. */
const burst = pcap(
  Array.from({ length: FLOWS + 1 }, (_, i) => ({
    at: 1_700_000_000 + (i < FLOWS ? i / 100_000 : 3_600),
    bytes: udp(`10.0.${i >> 8}.${i & 255}:5000`, '10.99.0.1:53', new Uint8Array(20)),
  })),
);

async function* piecesOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  // Borrowed, and a Buffer, of which a slice is no copy.
  const piece = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    piece.set(part);
    yield piece.subarray(0, part.length);
    piece.fill(0xee);
  }
}

/** Threads that this process starts from here on. */
function startedThreads(): Worker[] {
  const threads: Worker[] = [];
  const add = (worker: Worker) => void threads.push(worker);
  process.on('worker', add);
  onTestFinished(() => void process.off('worker', add));
  return threads;
}

const textOf = (tables: readonly Table[]) =>
  tables.flatMap(({ columns, length }) =>
    Array.from({ length }, (_, row) => [...columns.values()].map((column) => jsonCell(column, row)).join()),
  );

async function plain(bytes: Uint8Array): Promise<string[]> {
  const tables: Table[] = [];
  const all = captureTables('body', piecesOf(bytes), { maxFlows: FIXED_LIMITS.captureFlows });
  for await (const table of all) tables.push(table);
  return textOf(tables);
}

// Compiled or not: where there is no program for the thread, all happens in this one.
describe.each([
  ['in a thread', new URL('body-thread.js', DIST), 1],
  ['without one', new URL('none.js', DIST), 0],
])('%s', (_, file, expected) => {
  test('one packet that ends thousands of flows: few rows at a time, with a turn for others in between', async () => {
    expect(existsSync(new URL('body-thread.js', DIST)), 'npm run build').toBe(true);
    const threads = startedThreads();
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    const loop = { isOver: false };
    const count = () => {
      turns++;
      if (!loop.isOver) setImmediate(count);
    };
    count();
    const tables: Table[] = [];
    let before = -1;
    let hasHeldUp = false;
    for await (const table of tablesApart('body', piecesOf(burst), file)) {
      hasHeldUp ||= turns === before;
      before = turns;
      tables.push(table);
    }
    loop.isOver = true;
    clearInterval(ticking);
    expect(hasHeldUp).toBe(false);
    expect(Math.max(...tables.map(({ length }) => length))).toBeLessThanOrEqual(FIXED_LIMITS.rowsPerTurn);
    expect(textOf(tables)).toEqual(await plain(burst));
    expect(threads).toHaveLength(expected);
  });

  test('what is no capture is refused, and one that breaks off says so', async () => {
    const rubbish = tablesApart('body', piecesOf(Buffer.alloc(200_000, 'GET / HTTP/1.1\r\n')), file);
    await expect(rubbish.next()).rejects.toMatchObject({ code: 'NOT_A_CAPTURE' });
    const cut = tablesApart('body', piecesOf(burst.subarray(0, burst.length - 5)), file);
    let rows = 0;
    for (;;) {
      const next = await cut.next();
      if (next.done === true) {
        expect(next.value).toMatch(/cut off/);
        break;
      }
      rows += next.value.length;
    }
    expect(rows).toBe(FLOWS);
  });
});

test('who wants no more rows ends the thread and the body', async () => {
  const threads = startedThreads();
  let isOver = false;
  async function* pieces() {
    try {
      yield* piecesOf(burst);
    } finally {
      isOver = true;
    }
  }
  const tables = tablesApart('body', pieces(), new URL('body-thread.js', DIST));
  await tables.next();
  const ended = once(threads[0]!, 'exit');
  await tables.return('none');
  await ended;
  expect(isOver).toBe(true);
});

test('a short capture is read at once, without a thread', async () => {
  const threads = startedThreads();
  const short = burst.subarray(0, 24 + 10 * (16 + 62));
  const tables: Table[] = [];
  for await (const table of tablesApart('body', piecesOf(short, 100))) tables.push(table);
  expect(textOf(tables)).toEqual(await plain(short));
  expect([textOf(tables).length, threads.length]).toEqual([10, 0]);
});
