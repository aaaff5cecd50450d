/** Threads run compiled code: these tests run what `npm run build` made, as users do. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeForest } from '../../../models/onnx/tree-ensemble.ts';
import { createSession } from '../../../models/session.ts';
import { openThreadSession } from '../../../serve/engine/session-client.ts';
import { randomForest, randomRows } from '../../oracle/trees.ts';

const DIST = new URL('../../../dist/', import.meta.url);
const THREAD = new URL('serve/engine/session-thread.js', DIST);
/** The same, as it stands beside the program. */
const BUNDLED = new URL('cli/session-thread.js', DIST);

const onnx = encodeForest(randomForest({ seed: 1, trees: 40, leaves: 31, features: 7, classes: 3 }), {
  producer: 'test',
});
const rows = randomRows(1, 500, 7);
const folder = mkdtempSync(join(tmpdir(), 'flowlamp-thread-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program for a thread. */
function threadOf(text: string): URL {
  const path = join(folder, `${Math.random()}.mjs`);
  writeFileSync(path, `import { parentPort } from 'node:worker_threads';\n${text}`);
  return pathToFileURL(path);
}

describe.each([
  ['of the library', THREAD],
  ['of the program', BUNDLED],
])('ONNX Runtime in a thread %s', (_, file) => {
  test('gives what it gives here, whatever the caller does with its memory before the next call', async () => {
    const [here, there] = [await createSession(onnx), await openThreadSession(onnx, {}, file)];
    expect([there.featureCount, there.classCount]).toEqual([7, 3]);
    const expected = await here.predict(rows, 500);
    for (const count of [500, 1, 0, 77]) {
      expect(await there.predict(rows, count)).toEqual(expected.slice(0, count * 3));
    }
    // Sizes in turn, so that memory comes back for rows that are more, and fewer.
    const together = await Promise.all([3, 400, 1, 250, 9].map((count) => there.predict(rows, count)));
    expect(together.map(({ length }) => length / 3)).toEqual([3, 400, 1, 250, 9]);
    for (const part of together) expect(part).toEqual(expected.slice(0, part.length));
    expect(rows.length).toBe(3500);
    await expect(there.predict(rows, 501)).rejects.toThrow(RangeError);
    await Promise.all([here.release(), there.release()]);
  });

  test('refuses a model with the words that it refuses it with here', async () => {
    const broken = Uint8Array.from(onnx.subarray(0, 300));
    const message = async (opened: Promise<unknown>) => ((await opened.catch((error) => error)) as Error).message;
    expect(await message(openThreadSession(broken, {}, file))).toBe(await message(createSession(broken)));
    const wrong = { output: 'no_such' };
    expect(await message(openThreadSession(onnx, wrong, file))).toContain('no output no_such');
  });
});

test('the event loop turns while a model is run that takes long', async () => {
  const large = encodeForest(randomForest({ seed: 2, trees: 1500, leaves: 200, features: 30, classes: 2 }), {
    producer: 'test',
  });
  const session = await openThreadSession(large, {}, THREAD);
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await session.predict(randomRows(2, 3000, 30), 3000);
  isDone = true;
  // In this thread it is one turn or two, however long it takes.
  expect(turns).toBeGreaterThan(20);
  await session.release();
});

describe('a thread that ends', () => {
  const OPEN = "parentPort.postMessage({ kind: 'open', featureCount: 7, classCount: 3 });\n";

  test.each([
    ['by an error', "parentPort.on('message', () => { throw new Error('worn out'); });", 'worn out'],
    ['by leaving', "parentPort.on('message', () => process.exit(7));", 'exit code 7'],
  ])('%s fails what it was asked, and all that comes after, with one line', async (_, text, reason) => {
    const session = await openThreadSession(onnx, {}, threadOf(OPEN + text));
    const errors = await Promise.all([1, 2, 3, 4].map((count) => session.predict(rows, count).catch((error) => error)));
    errors.push(await session.predict(rows, 1).catch((error) => error));
    for (const error of errors) {
      expect(error.code).toBe('MODEL_INVALID');
      expect(error.message).toContain(`the thread that runs the model ended (${reason}`);
      expect(error.message).not.toContain('\n');
    }
    await session.release();
  });

  test('before it has opened the model fails that', async () => {
    await expect(openThreadSession(onnx, {}, threadOf('process.exit(3);'))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
    });
  });
});

test('calls are bounded: what is beyond is refused, and the rest is answered or refused when it is closed', async () => {
  const silent = threadOf(
    "parentPort.postMessage({ kind: 'open', featureCount: 7, classCount: 3 });\n" +
      "parentPort.on('message', ({ kind }) => kind === 'close' && parentPort.close());",
  );
  const session = await openThreadSession(onnx, {}, silent);
  const codes = Array.from({ length: 300 }, () => session.predict(rows, 1).catch(({ code }) => code));
  expect(await codes[299]).toBe('LIMIT_EXCEEDED');
  await session.release();
  const all = await Promise.all(codes);
  // Two were with the thread, which ended without a word.
  expect(all.slice(0, 2)).toEqual(['MODEL_INVALID', 'MODEL_INVALID']);
  expect(new Set(all.slice(2, 258))).toEqual(new Set(['UNSUPPORTED']));
  expect(new Set(all.slice(258))).toEqual(new Set(['LIMIT_EXCEEDED']));
  await expect(session.predict(rows, 1)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

test('a scorer that nobody closes does not keep the process', () => {
  const script = `import { Scorer } from ${JSON.stringify(new URL('index.js', DIST).href)};
    const scorer = await Scorer.open('mining', 'onnxruntime');
    const rows = new Float32Array(scorer.card.inputs.length * 2);
    console.log(scorer.engine, (await scorer.predict(rows, 2)).length);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 60_000,
  });
  expect([status, stdout.toString(), stderr.toString()]).toEqual([0, 'onnxruntime 4\n', '']);
});

test('sources that have not been compiled run the model in this thread', async () => {
  const session = await openThreadSession(onnx, {}, new URL('./no-such-thread.js', import.meta.url));
  expect((await session.predict(rows, 2)).length).toBe(6);
  await session.release();
});
