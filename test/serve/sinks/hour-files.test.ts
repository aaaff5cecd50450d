/** Tables by hour: what readers see and when, and what is left when a process was killed or the disk is full. */
import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Table } from '../../../core/table.ts';
import { readTable } from '../../../features/files/table-reader.ts';
import { jsonLines } from '../../../features/text/text-writer.ts';
import type { TablesConfig } from '../../../serve/sinks/config.ts';
import { HourFiles, type HourFilesOptions } from '../../../serve/sinks/hour-files.ts';
import { openSink } from '../../../serve/sinks/open-sink.ts';
import { tableForm } from '../../../serve/sinks/table-form.ts';
import { openJournal } from '../../../serve/sinks/table-journal.ts';
import { alertOf, balance, folder, live, recordOf, rowsOf, until, upTo } from './items.ts';

const NOON = Date.UTC(2026, 1, 3, 12, 10);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

const formats = ['arrow', 'parquet'] as const;
const visible = (path: string) => readdirSync(path).filter((name) => !name.startsWith('.'));
const hidden = (path: string) => readdirSync(path).filter((name) => name.endsWith('.partial'));

function files(path: string, more: Partial<HourFilesOptions> = {}): Promise<HourFiles> {
  return HourFiles.open({
    format: 'arrow',
    folder: path,
    prefix: 'verdicts',
    compression: 'none',
    periodMs: 3_600_000,
    ...more,
  });
}

async function idsOf(path: string, format: 'arrow' | 'parquet'): Promise<number[]> {
  const ids: number[] = [];
  await readTable(path, format, (batch) => {
    const { values } = batch.columns.get('flow_id') as { values: Float64Array };
    ids.push(...values.subarray(0, batch.length));
  });
  return ids;
}

test.each(formats)('%s: rows of an hour are in one file, which appears when the hour is over', async (format) => {
  const path = folder();
  const config: TablesConfig = { type: format, folder: path, batchSeconds: 0 };
  const sink = await openSink(config, live);
  sink.offer(rowsOf(1, 2));
  sink.offer(alertOf(99));
  sink.offer(recordOf(99));
  await until(() => sink.counters.delivered === 1);
  sink.offer(rowsOf(3));
  await until(() => sink.counters.delivered === 2);
  expect(visible(path)).toEqual([]);
  vi.setSystemTime(NOON + 3_600_000);
  sink.offer(rowsOf(4));
  await until(() => visible(path).length === 1);
  await sink.drain(1000);
  await sink.close();
  const names = [`verdicts-20260203T120000Z.${format}`, `verdicts-20260203T130000Z.${format}`];
  expect(visible(path)).toEqual(names);
  expect(await idsOf(join(path, names[0]!), format)).toEqual([1, 2, 3]);
  expect(await idsOf(join(path, names[1]!), format)).toEqual([4]);
  // Nothing else, not even the lock.
  expect(readdirSync(path)).toEqual(names);
});

test('evidence is in both formats, as score writes it', async () => {
  const path = folder();
  for (const type of formats) {
    const sink = await openSink({ type, folder: path, batchSeconds: 0 }, live);
    sink.offer(rowsOf(1));
    await sink.drain(1000);
    await sink.close();
  }
  const evidence = tableFromIPC(readFileSync(join(path, 'verdicts-20260203T120000Z.arrow'))).get(0)!['evidence'];
  expect(JSON.parse(JSON.stringify(evidence))).toEqual([
    { source: 'behaviour', finding: 'Looks like it (96 %).', weight: 3.2 },
  ]);
  const { parquetReadObjects } = await import('hyparquet').catch(() => ({ parquetReadObjects: null }));
  if (parquetReadObjects === null) return;
  const bytes = readFileSync(join(path, 'verdicts-20260203T120000Z.parquet'));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const [row] = await parquetReadObjects({ file: file as ArrayBuffer, columns: ['evidence'] });
  expect(row!['evidence']).toEqual([{ source: 'behaviour', finding: 'Looks like it (96 %).', weight: 3.2 }]);
});

test('a file that is over appears although nothing comes', async () => {
  vi.useRealTimers();
  const path = folder();
  const sink = await openSink({ type: 'arrow', folder: path, batchSeconds: 0, fileSeconds: 1 }, live);
  sink.offer(rowsOf(1));
  await until(() => visible(path).length === 1);
  await sink.close();
});

test('rows that are spilled come back as they were', async () => {
  const { rows } = rowsOf(1, 2, 3);
  const sink = await openSink({ type: 'arrow', folder: folder() }, live); // loads Arrow
  const again = await tableForm.fromBytes(tableForm.toBytes(rows));
  expect(jsonLines(again.specs, again)).toBe(jsonLines(rows.specs, rows));
  expect(again.specs.map(({ name, type, unit }) => ({ name, type, unit }))).toEqual(
    rows.specs.map(({ name, type, unit }) => ({ name, type, unit })),
  );
  await sink.close();
});

test('rows of other columns begin another file of the hour', async () => {
  const path = folder();
  const sink = await openSink({ type: 'arrow', folder: path, batchSeconds: 0 }, live);
  sink.offer(rowsOf(1));
  const other = rowsOf(2);
  sink.offer({ ...other, rows: { ...other.rows, specs: other.rows.specs.slice(1) } });
  await sink.drain(1000);
  await sink.close();
  expect(visible(path)).toEqual(['verdicts-20260203T120000Z-1.arrow', 'verdicts-20260203T120000Z.arrow']);
});

async function journalOf(path: string, format: 'arrow' | 'parquet'): Promise<string> {
  const killed = await files(path, { format });
  await killed.write(rowsOf(1, 2).rows);
  await killed.write(rowsOf(3).rows);
  const name = join(path, hidden(path)[0]!);
  copyFileSync(name, `${name}.kept`);
  await killed.close();
  for (const left of visible(path)) writeFileSync(join(path, left), '');
  copyFileSync(`${name}.kept`, name);
  for (const left of visible(path)) (await import('node:fs')).rmSync(join(path, left));
  (await import('node:fs')).rmSync(`${name}.kept`);
  return name;
}

test.each(formats)(
  '%s: what a killed process left hidden appears with the next, to the last whole batch',
  async (format) => {
    for (const missing of [0, 1, 100, 1000]) {
      const path = folder();
      const journal = await journalOf(path, format);
      const { length } = readFileSync(journal);
      truncateSync(journal, length - missing);
      writeFileSync(join(path, `.verdicts-20260203T110000Z.${format}.4711.partial`), 'half of something');
      const next = await files(path, { format });
      await next.write(rowsOf(9).rows);
      await next.tend();
      await next.close();
      const [first, second] = [`verdicts-20260203T120000Z-1.${format}`, `verdicts-20260203T120000Z.${format}`];
      expect(visible(path)).toEqual([first, second]);
      expect(await idsOf(join(path, first), format)).toEqual([9]);
      expect(await idsOf(join(path, second), format)).toEqual(missing === 0 ? [1, 2, 3] : [1, 2]);
      expect(hidden(path)).toEqual([]);
    }
  },
);

test('a journal without a whole batch, or with none at all, leaves no file', async () => {
  for (const bytes of [0, 4, 20, 200]) {
    const path = folder();
    truncateSync(await journalOf(path, 'arrow'), bytes);
    const next = await files(path);
    await next.close();
    expect(readdirSync(path)).toEqual([]);
  }
});

test('a journal whose footer was being written has it written again', async () => {
  const path = folder();
  const journal = await journalOf(path, 'arrow');
  const whole = folder();
  copyFileSync(journal, join(whole, '.verdicts-20260203T120000Z.arrow.partial'));
  const first = await files(whole);
  await first.close();
  const bytes = readFileSync(join(whole, 'verdicts-20260203T120000Z.arrow'));
  for (const missing of [0, 1, 5, 50]) {
    const path = folder();
    writeFileSync(join(path, '.verdicts-20260203T120000Z.arrow.partial'), bytes.subarray(0, bytes.length - missing));
    await (await files(path)).close();
    expect(readFileSync(join(path, 'verdicts-20260203T120000Z.arrow')).equals(bytes)).toBe(true);
  }
});

test('what is no journal is not read past its end', async () => {
  for (const text of ['ARROW1\0\0', `ARROW1\0\0\xff\xff\xff\xff\xff\xff\xff\x7f`, 'x'.repeat(5000)]) {
    const path = folder();
    writeFileSync(join(path, '.verdicts-20260203T120000Z.arrow.partial'), Buffer.from(text, 'latin1'));
    await (await files(path)).close();
    expect(readdirSync(path)).toEqual([]);
  }
});

test.each(formats)(
  '%s: on a disk that is full rows wait, and are there once each when there is room',
  async (format) => {
    let isFull = false;
    const path = folder();
    const hourly = await files(path, {
      format,
      openFile: async (name, flags) => {
        const file = await openJournal(name, flags);
        return {
          read: (...args) => file.read(...args),
          stat: () => file.stat(),
          truncate: (length) => file.truncate(length),
          datasync: () => file.datasync(),
          close: () => file.close(),
          write: async (bytes, offset, length, position) => {
            if (!isFull) return file.write(bytes, offset, length, position);
            await file.write(bytes, offset, Math.min(100, length), position);
            throw Object.assign(new Error('full'), { code: 'ENOSPC' });
          },
        };
      },
    });
    await hourly.write(rowsOf(1).rows);
    isFull = true;
    await expect(hourly.write(rowsOf(2).rows)).rejects.toThrow('full');
    await expect(hourly.write(rowsOf(2).rows)).rejects.toThrow('full');
    isFull = false;
    await hourly.write(rowsOf(2).rows);
    // The footer finds no room: the file stays hidden, and is tried again after half a minute.
    isFull = true;
    vi.setSystemTime(NOON + 3_600_000);
    await hourly.tend();
    await until(() => hourly.wakeAt() === NOON + 3_600_000 + 30_000);
    expect(visible(path)).toEqual([]);
    isFull = false;
    vi.setSystemTime(NOON + 3_700_000);
    await expect(hourly.tend()).rejects.toThrow('full');
    await until(() => visible(path).length === 1);
    await hourly.close();
    expect(await idsOf(join(path, visible(path)[0]!), format)).toEqual([1, 2]);
  },
);

test('two sinks with one folder are refused, one after the other are not', async () => {
  const path = folder();
  const sink = await openSink({ type: 'arrow', folder: path }, live);
  await expect(openSink({ type: 'parquet', folder: path }, live)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await sink.close();
  await (await openSink({ type: 'parquet', folder: path }, live)).close();
});

test('rows that wait for each other share a record batch', async () => {
  vi.useRealTimers();
  const path = folder();
  const sink = await openSink({ type: 'arrow', folder: path, batchSeconds: 0.05 }, live);
  for (const n of upTo(50)) sink.offer(rowsOf(n));
  await until(() => sink.counters.delivered === 50);
  await sink.close();
  const sizes: number[] = [];
  await readTable(join(path, visible(path)[0]!), 'arrow', (batch: Table) => void sizes.push(batch.length));
  expect(sizes).toEqual([50]);
  expect(balance(sink.counters)).toBe(0);
});
