/** Threads need compiled files, so this compiles the trainer for itself. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FittedForest } from '../../../train/forest-model.ts';
import type { fitGbdt } from '../../../train/gbdt/boost.ts';
import type { GbdtOptions } from '../../../train/gbdt/options.ts';
import { rings } from '../data.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'flowlamp-crew-'));
let fitCompiled: typeof fitGbdt;

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: ['train/gbdt/boost.ts', 'train/gbdt/crew-thread.ts'],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
  expect(readdirSync(folder)).toContain('crew-thread.js');
  ({ fitGbdt: fitCompiled } = await import(pathToFileURL(join(folder, 'boost.js')).href));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** More rows than one chunk of probabilities holds. */
const train = rings(1, 40_000, 5);
const held = rings(2, 20_000, 5);

function fitted(threads: number): Promise<FittedForest> {
  const options: Partial<GbdtOptions> = { rounds: 6, rowFraction: 0.8, featureFraction: 0.7, threads };
  return fitCompiled(train, held, options);
}

/** Clock ticks that each thread of this process has computed for, by its id (proc(5), fields 14 and 15 of stat). */
function ticksByThread(): Map<string, number> {
  return new Map(
    readdirSync('/proc/self/task').flatMap((id) => {
      const fields = statOf(id)
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields.length < 13 ? [] : [[id, Number(fields[11]) + Number(fields[12])]];
    }),
  );
}

/** Empty for a thread that has ended since it was listed. */
function statOf(id: string): string {
  try {
    return readFileSync(`/proc/self/task/${id}/stat`, 'latin1');
  } catch {
    return '';
  }
}

test('any number of threads gives the same forest and the same losses, to the last bit', async () => {
  const one = await fitted(1);
  for (const threads of [2, 3, 7]) {
    const more = await fitted(threads);
    expect(more.forest).toEqual(one.forest);
    expect(more.trainingLoss).toEqual(one.trainingLoss);
    expect(more.validationLoss).toEqual(one.validationLoss);
  }
});

test.runIf(process.platform === 'linux')('a second thread does a good part of the work', async () => {
  const before = ticksByThread();
  let after = before;
  await fitCompiled(train, null, { rounds: 60, threads: 2 }, () => {
    after = ticksByThread();
  });
  const spent = [...after].map(([id, ticks]) => ticks - (before.get(id) ?? 0)).sort((a, b) => b - a);
  expect(spent[1]! / (spent[0]! + spent[1]!)).toBeGreaterThan(0.2);
});

/** Threads that claim one task each (the fifth control word counts those that are left) and end without doing it. */
const DESERTER = `
import { workerData } from 'node:worker_threads';
const { control, seat } = workerData;
Atomics.store(control, seat, 1);
while (Atomics.load(control, 4) < 1 || Atomics.sub(control, 4, 1) < 1);
process.exit(1);
`;

test('a thread that ends at its work holds nobody up, and the forest is the same', async () => {
  const deserted = mkdtempSync(join(tmpdir(), 'flowlamp-deserted-'));
  try {
    cpSync(folder, deserted, { recursive: true });
    writeFileSync(join(deserted, 'crew-thread.js'), DESERTER);
    const { fitGbdt: fitDeserted } = (await import(pathToFileURL(join(deserted, 'boost.js')).href)) as {
      fitGbdt: typeof fitGbdt;
    };
    let ended = 0;
    process.on('worker', (thread: Worker) => thread.on('exit', () => ended++));
    const options = { rounds: 60, threads: 2 };
    const { forest, trainingLoss } = await fitDeserted(train, held, options);
    expect(ended).toBe(1);
    const whole = await fitCompiled(train, held, { ...options, threads: 1 });
    expect(forest).toEqual(whole.forest);
    expect(trainingLoss).toEqual(whole.trainingLoss);
  } finally {
    process.removeAllListeners('worker');
    rmSync(deserted, { recursive: true });
  }
});
