import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyTable } from '../../core/copy-table.ts';
import { type Table, takeTableRows } from '../../core/table.ts';
import { extractCapture } from '../../features/extract.ts';
import { inputWidth, readInputs } from '../../models/inputs.ts';
import { Scorer } from '../../serve/engine.ts';
import { SHIPPED_MODEL } from '../support/shipped-model.ts';

const capture = fileURLToPath(new URL('../../datasets/samples/test-01.pcap.gz', import.meta.url));
const name = 'test-01';
let table: Table;
let scorer: Scorer;

beforeAll(async () => {
  const tables: Table[] = [];
  await extractCapture(capture, (batch) => void tables.push(copyTable(batch)));
  expect(tables).toHaveLength(1);
  table = tables[0]!;
  scorer = await Scorer.open('mining');
});
afterAll(() => scorer.close());

const rowsOf = (rows: readonly number[]) => takeTableRows(table, rows);

test('trees run on the kernel unless ONNX Runtime is asked for, which gives the same verdicts', async () => {
  const oracle = await Scorer.open('mining', 'onnxruntime');
  expect([scorer.engine, oracle.engine]).toEqual(['kernel', 'onnxruntime']);
  const [ours, theirs] = [await scorer.score(name, table.specs, table), await oracle.score(name, table.specs, table)];
  expect(ours).toHaveLength(table.length);
  expect(ours.map(({ verdict, predicted, risk }) => [verdict, predicted, risk])).toEqual(
    theirs.map(({ verdict, predicted, risk }) => [verdict, predicted, risk]),
  );
  ours.forEach(({ score }, row) => {
    expect(score).toBeCloseTo(theirs[row]!.score, 5);
  });
  await oracle.close();
});

test('tables of more rows than a chunk give each row what it gets alone, also when several are scored at once', async () => {
  const repeated = (step: number) => rowsOf(Array.from({ length: 9000 }, (_, i) => (i * step) % table.length));
  const alone = await scorer.score(name, table.specs, table);
  const tables = [repeated(1), repeated(7)];
  const [once, other] = await Promise.all(tables.map((one) => scorer.score(name, one.specs, one)));
  expect(once).toEqual(Array.from({ length: 9000 }, (_, i) => alone[i % table.length]));
  expect(other).toEqual(Array.from({ length: 9000 }, (_, i) => alone[(i * 7) % table.length]));
});

test('the event loop turns between chunks', async () => {
  const large = rowsOf(Array.from({ length: 20_000 }, (_, i) => i % table.length));
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await scorer.score(name, large.specs, large);
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(4);
});

test('probabilities are those of the same rows as a matrix', async () => {
  const matrix = readInputs(table, scorer.card.inputs);
  expect(matrix.length).toBe(table.length * inputWidth(scorer.card.inputs));
  expect(await scorer.probabilities(name, table.specs, table)).toEqual(await scorer.predict(matrix, table.length));
});

test('a table without rows has no verdicts', async () => {
  const none = rowsOf([]);
  expect(await scorer.score(name, none.specs, none)).toEqual([]);
  expect(await scorer.probabilities(name, none.specs, none)).toEqual(new Float32Array(0));
});

describe('live', () => {
  test('rows that come one at a time get the verdicts that they get together', async () => {
    const together = await scorer.score(name, table.specs, table);
    const live = scorer.live({ maxRows: 32, maxDelayMs: 1 });
    const each = Array.from({ length: table.length }, (_, row) => {
      const one = rowsOf([row]);
      return live.submit(name, one.specs, one);
    });
    await live.close();
    expect((await Promise.all(each)).flat()).toEqual(together);
    await expect(live.submit(name, table.specs, table)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    // The scorer itself stays open.
    expect(await scorer.score(name, table.specs, table)).toEqual(together);
  });

  test('what there is no room for is not taken, and can come again', async () => {
    const live = scorer.live({ maxRows: 8, maxWaiting: 8 });
    const few = rowsOf([0, 1, 2, 3, 4]);
    const taken = live.offer(name, few.specs, few);
    expect(live.offer(name, few.specs, few)).toBeNull();
    expect(live.waiting).toBe(5);
    await live.flush();
    expect(await taken).toHaveLength(5);
    const again = live.offer(name, few.specs, few);
    await live.close();
    expect(await again).toEqual(await scorer.score(name, few.specs, few));
  });

  test('a table that does not fit the model is refused, and the others go on', async () => {
    const live = scorer.live();
    const wrong = table.specs.filter((spec) => spec.name !== 'fwd_packets');
    const good = live.submit(name, table.specs, table);
    await expect(live.submit('flows.csv', wrong, table)).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining(`flows.csv does not fit the model ${SHIPPED_MODEL}: no column fwd_packets`),
    });
    await live.close();
    expect(await good).toHaveLength(table.length);
  });
});
