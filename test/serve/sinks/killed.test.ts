/** Sinks in a process that is killed with SIGKILL while it writes, and in the next. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readTable } from '../../../features/files/table-reader.ts';
import type { SinkCounters } from '../../../serve/live/sink.ts';
import type { SinkConfig } from '../../../serve/sinks/config.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { folder, upTo } from './items.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = temporaryFolder();
const child = program.at('child.mjs');

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('killed-child.ts', import.meta.url))],
    outfile: child,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.11',
    external: ['onnxruntime-node'],
    banner: { js: "import{createRequire as nodeRequire}from'node:module';const require=nodeRequire(import.meta.url);" },
    logLevel: 'error',
  });
});
afterAll(() => program.remove());

/** Offers rows of the ids from `first` to below `last`, and is killed so long after the first were, if ever. */
function run(config: SinkConfig, first: number, last: number, killAfterMs: number | null): Promise<SinkCounters> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, JSON.stringify(config), String(first), String(last)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    let timer: NodeJS.Timeout | null = null;
    process_.stdout.on('data', (piece) => {
      text += piece;
      if (killAfterMs !== null) timer ??= setTimeout(() => process_.kill('SIGKILL'), killAfterMs);
    });
    process_.on('error', reject);
    process_.on('close', () => {
      if (timer !== null) clearTimeout(timer);
      const lines = text.split('\n').slice(0, -1);
      if (lines.length === 0) reject(new Error('the process said nothing'));
      else resolve(JSON.parse(lines.at(-1)!) as SinkCounters);
    });
  });
}

const KILLS = [0, 3, 10, 35, 120];
const ROWS = 100_000;

test.each(KILLS)('lines: after %i ms, what was delivered is there, and each line but one is whole', async (ms) => {
  const path = join(folder(), 'rows.jsonl');
  const config: SinkConfig = { type: 'jsonl', path, rotateBytes: 0 };
  const { delivered } = await run(config, 0, ROWS, ms);
  await run(config, ROWS, ROWS + 10, null);
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  const broken = lines.flatMap((line, i) => {
    try {
      JSON.parse(line);
      return [];
    } catch {
      return [i];
    }
  });
  expect(broken.length).toBeLessThanOrEqual(1);
  const ids = lines.filter((_, i) => !broken.includes(i)).map((line) => JSON.parse(line).flow_id as number);
  expect(ids.slice(-10)).toEqual(upTo(10).map((n) => ROWS + n));
  expect(ids.slice(0, -10)).toEqual(upTo(ids.length - 10));
  expect(ids.length - 10).toBeGreaterThanOrEqual(delivered);
});

test.each(['arrow', 'parquet'] as const)(
  '%s: whenever it is killed, what was delivered is in the files after',
  async (format) => {
    for (const ms of KILLS.slice(1)) {
      const path = folder();
      const config: SinkConfig = { type: format, folder: path, batchSeconds: 0 };
      const { delivered } = await run(config, 0, ROWS, ms);
      expect(readdirSync(path).filter((name) => !name.startsWith('.'))).toEqual([]);
      await run(config, ROWS, ROWS + 10, null);
      const files = readdirSync(path);
      expect(files.filter((name) => name.startsWith('.'))).toEqual([]);
      const ids: number[] = [];
      for (const name of files) {
        await readTable(join(path, name), format, (batch) => {
          const { values } = batch.columns.get('flow_id') as { values: Float64Array };
          ids.push(...values.subarray(0, batch.length));
        });
      }
      ids.sort((a, b) => a - b);
      expect(ids.slice(-10)).toEqual(upTo(10).map((n) => ROWS + n));
      expect(ids.slice(0, -10)).toEqual(upTo(ids.length - 10));
      expect(ids.length - 10).toBeGreaterThanOrEqual(delivered);
    }
  },
);

test.each(KILLS.slice(1))('spilled items: killed after %i ms, the next run delivers what was on disk', async (ms) => {
  const path = folder();
  const socket = join(path, 'eve.sock');
  const spillFolder = join(path, 'spill');
  const config: SinkConfig = { type: 'eve', socket, policy: 'spill', spillFolder, queueItems: 10 };
  // Nobody listens.
  const killed = await run(config, 0, ROWS, ms);
  expect(existsSync(spillFolder)).toBe(true);
  let text = '';
  const server = createServer((connection) => {
    connection.on('data', (piece) => {
      text += piece;
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  // With room for what it is offered, however slow the disk is.
  const counters = await run({ ...config, queueItems: 100 }, ROWS, ROWS + 10, null);
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  const ids = new Set(lines.map((line) => JSON.parse(line).flow_id as number));
  const old = [...ids].filter((id) => id < ROWS);
  expect(old.length).toBeGreaterThanOrEqual(killed.spilled);
  if (ms > 100) expect(old.length).toBeGreaterThan(0);
  // In order and without a gap, but for what was dropped because the disk was slower.
  expect(old).toEqual([...old].sort((a, b) => a - b));
  if (killed.dropped === 0 && old.length > 0) expect(old.at(-1)! - old[0]!).toBe(old.length - 1);
  expect(upTo(10).every((n) => ids.has(ROWS + n))).toBe(true);
  expect(counters.accepted).toBe(counters.delivered + counters.dropped);
  expect(counters.dropped).toBeLessThanOrEqual(1);
});
