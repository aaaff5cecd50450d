/** Lines of JSON and EVE to files: what they hold, rotation, and what happens when the disk is full or a process was killed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { jsonLines } from '../../../features/text/text-writer.ts';
import { openLineFile } from '../../../serve/sinks/log-file.ts';
import { openSink } from '../../../serve/sinks/open-sink.ts';
import { eveFaults } from '../records/eve-rules.ts';
import { alertOf, balance, folder, linesOf, live, recordOf, rowsOf, until, upTo } from './items.ts';

test('rows are the lines of score -f jsonl, alerts say why before their columns, records what they are', async () => {
  const path = join(folder(), 'all.jsonl');
  const sink = await openSink({ type: 'jsonl', path, kinds: ['rows', 'alert', 'record'] }, live);
  const rows = rowsOf(1, 2);
  sink.offer(rows);
  sink.offer({ ...alertOf(3), reason: 'changed', before: 'other', heldBack: 4 });
  sink.offer(recordOf(5));
  await sink.drain(1000);
  await sink.close();
  const text = readFileSync(path, 'utf8');
  expect(text.startsWith(jsonLines(rows.rows.specs, rows.rows))).toBe(true);
  const [first, second, alert, record] = linesOf(path);
  expect(first).toMatchObject({ flow_id: 1, verdict: 'mining', risk: 10 });
  expect(second).toMatchObject({ flow_id: 2, verdict: 'other' });
  expect(Object.keys(alert!).slice(0, 4)).toEqual(['alert', 'before', 'held_back', 'capture']);
  expect(alert).toMatchObject({ alert: 'changed', before: 'other', held_back: 4, flow_id: 3, verdict: 'mining' });
  expect(record).toEqual({ record: 'status', time: '2026-02-03T04:05:06.000Z', n: 5 });
});

test('without a word of kinds a file of lines holds rows alone; columns are those that are named, in that order', async () => {
  const path = join(folder(), 'rows.jsonl');
  const sink = await openSink({ type: 'jsonl', path, columns: ['verdict', 'flow_id', 'label'] }, live);
  sink.offer(rowsOf(...upTo(200)));
  sink.offer(alertOf(1));
  sink.offer(recordOf(1));
  await sink.drain(1000);
  await sink.close();
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines[0]).toBe('{"verdict":"mining","flow_id":0,"label":null}');
  expect(linesOf(path).map(({ flow_id }) => flow_id)).toEqual(upTo(200));
});

test('a column that there is not is refused before the first row', async () => {
  const path = join(folder(), 'rows.jsonl');
  const opened = openSink({ type: 'jsonl', path, columns: ['verdikt'] }, live);
  await expect(opened).rejects.toMatchObject({ code: 'COLUMN_UNKNOWN' });
});

test('EVE has a flow record for each row and an alert record for each alert, as Suricata would write them', async () => {
  const path = join(folder(), 'eve.json');
  const sink = await openSink({ type: 'eve', path }, live);
  sink.offer(rowsOf(1, 2));
  sink.offer(alertOf(1));
  sink.offer(recordOf(1));
  await sink.drain(1000);
  await sink.close();
  const records = linesOf(path);
  expect(records.map(({ event_type, flow_id }) => [event_type, flow_id])).toEqual([
    ['flow', 1],
    ['flow', 2],
    ['alert', 1],
  ]);
  expect(records.flatMap((record) => eveFaults(record as never))).toEqual([]);
});

test('a file that does not exist appears; one in a folder that does not is refused at once', async () => {
  const path = join(folder(), 'no', 'such.jsonl');
  await expect(openSink({ type: 'jsonl', path }, live)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
});

test('a last line that a killed process did not end is ended before the next begins', async () => {
  const path = join(folder(), 'rows.jsonl');
  writeFileSync(path, '{"flow_id":1}\n{"flow_id":2,"verd');
  const sink = await openSink({ type: 'jsonl', path, columns: ['flow_id'] }, live);
  sink.offer(rowsOf(3));
  await sink.drain(1000);
  await sink.close();
  expect(readFileSync(path, 'utf8')).toBe('{"flow_id":1}\n{"flow_id":2,"verd\n{"flow_id":3}\n');
});

test('a file is rotated before it gets too large, the newest are kept, and compressed where asked for', async () => {
  const path = folder();
  const file = join(path, 'rows.jsonl');
  mkdirSync(join(path, 'rows-20200101T000000Z.jsonl.d'));
  writeFileSync(join(path, 'rows-20200101T000000Z.jsonl'), '{"flow_id":-1}\n');
  writeFileSync(join(path, 'rows-of-another.jsonl'), '');
  const sink = await openSink(
    { type: 'jsonl', path: file, columns: ['flow_id'], rotateBytes: 60, keep: 3, gzip: true },
    live,
  );
  for (const n of upTo(40)) {
    sink.offer(rowsOf(n));
    await until(() => sink.counters.delivered === n + 1);
  }
  await sink.drain(1000);
  await sink.close();
  // Whatever the last tidying left is done by the next run.
  const again = await openSink({ type: 'jsonl', path: file, columns: ['flow_id'], keep: 3, gzip: true }, live);
  again.offer(rowsOf(40));
  await again.drain(1000);
  await again.close();
  const names = readdirSync(path).filter((name) => name.endsWith('.gz'));
  expect(names).toHaveLength(3);
  expect(readdirSync(path).filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect(existsSync(join(path, 'rows-of-another.jsonl'))).toBe(true);
  expect(existsSync(join(path, 'rows-20200101T000000Z.jsonl'))).toBe(false);
  const number = (name: string) => Number(/Z(?:-(\d+))?\.jsonl/.exec(name)?.[1] ?? 0);
  const inOrder = names.sort((a, b) =>
    a.slice(0, 21) < b.slice(0, 21) ? -1 : a.slice(0, 21) > b.slice(0, 21) ? 1 : number(a) - number(b),
  );
  const kept = inOrder.flatMap((name) => {
    const text = gunzipSync(readFileSync(join(path, name))).toString();
    expect(text.length).toBeLessThanOrEqual(60);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).flow_id as number);
  });
  const current = linesOf(file).map(({ flow_id }) => flow_id as number);
  expect([...kept, ...current]).toEqual(upTo(41).slice(-(kept.length + current.length)));
});

test('a file is rotated when it is old, also while nothing comes', async () => {
  const path = folder();
  const file = join(path, 'rows.jsonl');
  const sink = await openSink({ type: 'jsonl', path: file, columns: ['flow_id'], rotateSeconds: 0.1 }, live);
  sink.offer(rowsOf(1));
  await until(() => readdirSync(path).length === 2);
  expect(readFileSync(file, 'utf8')).toBe('');
  await new Promise((resolve) => setTimeout(resolve, 150));
  // An empty file is not rotated.
  expect(readdirSync(path)).toHaveLength(2);
  await sink.close();
});

test('the age of a file that was there is that of the file', async () => {
  const path = folder();
  const file = join(path, 'rows.jsonl');
  writeFileSync(file, '{"flow_id":0}\n');
  utimesSync(file, 1_000_000, 1_000_000);
  const sink = await openSink({ type: 'jsonl', path: file, columns: ['flow_id'], rotateSeconds: 3600 }, live);
  sink.offer(rowsOf(1));
  await until(() => readdirSync(path).length === 2);
  await sink.close();
});

test('told that its file was moved, it begins it anew', async () => {
  const path = folder();
  const file = join(path, 'rows.jsonl');
  const sink = await openSink({ type: 'jsonl', path: file, columns: ['flow_id'] }, live);
  sink.offer(rowsOf(1));
  await until(() => sink.counters.delivered === 1);
  renameSync(file, join(path, 'moved.jsonl'));
  sink.reopen();
  await until(() => existsSync(file));
  sink.offer(rowsOf(2));
  await sink.drain(1000);
  await sink.close();
  expect([linesOf(join(path, 'moved.jsonl')), linesOf(file)]).toEqual([[{ flow_id: 1 }], [{ flow_id: 2 }]]);
});

test('on a disk that is full lines wait, no half of one stays, and all are there when there is room', async () => {
  const file = join(folder(), 'rows.jsonl');
  let room = Number.POSITIVE_INFINITY;
  const openFile: typeof openLineFile = async (path) => {
    const real = await openLineFile(path);
    return {
      read: (...args) => real.read(...args),
      stat: () => real.stat(),
      truncate: (length) => real.truncate(length),
      close: () => real.close(),
      write: async (bytes, offset, length, position) => {
        const count = Math.min(length, room);
        if (count === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
        room -= count;
        return real.write(bytes, offset, count, position);
      },
    };
  };
  const sink = await openSink(
    { type: 'jsonl', path: file, columns: ['flow_id'], queueItems: 20 },
    { ...live, openFile },
  );
  sink.offer(rowsOf(0));
  await until(() => sink.counters.delivered === 1);
  room = 5;
  sink.offer(rowsOf(1));
  await until(() => sink.counters.trouble === 'write: ENOSPC');
  await until(() => sink.counters.retries > 2);
  expect(readFileSync(file, 'utf8')).toBe('{"flow_id":0}\n');
  for (let n = 2; n < 100; n++) sink.offer(rowsOf(n));
  expect(sink.counters).toMatchObject({ waiting: 21, dropped: 78 });
  expect(balance(sink.counters)).toBe(0);
  room = Number.POSITIVE_INFINITY;
  await sink.drain(1000);
  await sink.close();
  expect(linesOf(file).map(({ flow_id }) => flow_id)).toEqual([0, 1, ...upTo(100).slice(80)]);
  expect(sink.counters).toMatchObject({ delivered: 22, dropped: 78, waiting: 0, trouble: null });
});

test.skipIf(process.platform !== 'linux')('a device that has no room leaves every row waiting', async () => {
  const sink = await openSink({ type: 'jsonl', path: '/dev/full' }, live);
  sink.offer(rowsOf(1));
  await until(() => sink.counters.trouble === 'write: ENOSPC');
  await sink.drain(10);
  expect(sink.counters).toMatchObject({ accepted: 1, delivered: 0, dropped: 1 });
  await sink.close();
});

test.skipIf(process.platform !== 'linux')(
  'a FIFO that nobody reads makes rows wait, and no thread; read, it gives them',
  async () => {
    const path = join(folder(), 'fifo');
    execFileSync('mkfifo', [path]);
    const sink = await openSink({ type: 'jsonl', path, columns: ['flow_id'] }, live);
    sink.offer(rowsOf(1));
    await until(() => sink.counters.trouble === 'open: ENXIO');
    const { createReadStream } = await import('node:fs');
    const reader = createReadStream(path, 'utf8');
    let text = '';
    reader.on('data', (piece) => {
      text += piece;
    });
    await until(() => text === '{"flow_id":1}\n');
    await until(() => sink.counters.delivered === 1);
    await sink.close();
    reader.destroy();
  },
);
