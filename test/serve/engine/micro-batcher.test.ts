import { describe, expect, test } from 'vitest';
import { type BatchOptions, MicroBatcher, type Submission } from '../../../serve/engine/micro-batcher.ts';

/** A clock that stands until it is told to go on. */
class Clock {
  #now = 0;
  readonly #bells: { at: number; ring: () => void }[] = [];

  readonly timer = (delayMs: number, ring: () => void) => {
    const bell = { at: this.#now + delayMs, ring };
    this.#bells.push(bell);
    return () => void this.#bells.splice(this.#bells.indexOf(bell), 1);
  };

  get bells(): number {
    return this.#bells.length;
  }

  goOn(ms: number): void {
    this.#now += ms;
    for (const bell of this.#bells.filter(({ at }) => at <= this.#now)) {
      this.#bells.splice(this.#bells.indexOf(bell), 1);
      bell.ring();
    }
  }
}

/** A model of one input x whose probability is 10 x; it answers when it is told to, or at once. */
class Model {
  readonly featureCount = 1;
  readonly batches: number[][] = [];
  readonly #held: (() => void)[] = [];
  readonly #isHeld: boolean;
  failing = false;

  constructor(isHeld = false) {
    this.#isHeld = isHeld;
  }

  async predict(rows: Float32Array, count: number): Promise<Float32Array> {
    const batch = Array.from(rows.subarray(0, count));
    this.batches.push(batch);
    if (this.#isHeld) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (this.failing) throw new Error('out of order');
    return Float32Array.from(batch, (x) => 10 * x);
  }

  /** Answers the oldest batch. */
  answer(): void {
    this.#held.shift()!();
  }
}

/** Lets everything happen that waits for nothing. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

function setUp(options: BatchOptions = {}, model = new Model()) {
  const clock = new Clock();
  return { clock, model, batcher: new MicroBatcher(model, { timer: clock.timer, ...options }) };
}

/** Rows of these values, and what they were answered. */
function rowsOf(...values: number[]): Submission & { answers: (number | undefined)[] } {
  const answers = new Array<number | undefined>(values.length).fill(undefined);
  return {
    rows: values.length,
    answers,
    read: (from, count, matrix, at) => matrix.set(values.slice(from, from + count), at),
    take: (from, count, probabilities, at) => {
      for (let i = 0; i < count; i++) answers[from + i] = probabilities[at + i];
    },
  };
}

describe('a batch goes', () => {
  test('when it is full, without waiting', async () => {
    const { batcher, model, clock } = setUp({ maxRows: 3 });
    const callers = [rowsOf(1), rowsOf(2), rowsOf(3)];
    await Promise.all(callers.map((rows) => batcher.submit(rows)));
    expect(model.batches).toEqual([[1, 2, 3]]);
    expect(callers.map(({ answers }) => answers)).toEqual([[10], [20], [30]]);
    expect(clock.bells).toBe(0);
  });

  test('5 ms after its first row came, however late the others did', async () => {
    const { batcher, model, clock } = setUp();
    const [early, late] = [rowsOf(1), rowsOf(2, 3)];
    const both = [batcher.submit(early)];
    clock.goOn(4);
    both.push(batcher.submit(late));
    await settle();
    expect(model.batches).toEqual([]);
    clock.goOn(1);
    await Promise.all(both);
    expect(model.batches).toEqual([[1, 2, 3]]);
    expect([early.answers, late.answers]).toEqual([[10], [20, 30]]);
  });

  test('with 256 rows unless told otherwise; a table that is larger goes in several', async () => {
    const { batcher, model, clock } = setUp();
    const values = Array.from({ length: 600 }, (_, i) => i);
    const table = rowsOf(...values);
    const done = batcher.submit(table);
    await settle();
    expect(model.batches.map(({ length }) => length)).toEqual([256, 256]);
    clock.goOn(5);
    await done;
    expect(model.batches.map(({ length }) => length)).toEqual([256, 256, 88]);
    expect(table.answers).toEqual(values.map((x) => 10 * x));
  });

  test('at once on flush, and on close, after which none is taken', async () => {
    const { batcher, model } = setUp();
    const first = batcher.submit(rowsOf(1));
    await batcher.flush();
    await first;
    const second = batcher.submit(rowsOf(2));
    await batcher.close();
    await second;
    expect(model.batches).toEqual([[1], [2]]);
    await expect(batcher.submit(rowsOf(3))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(batcher.offer(rowsOf(3))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

test('rows are read when they are taken: what was lent may change afterwards', async () => {
  const { batcher } = setUp();
  const values = [1, 2];
  const lent = rowsOf(0, 0);
  const done = batcher.submit({ ...lent, read: (_from, _count, matrix, at) => matrix.set(values, at) });
  values.fill(9);
  await batcher.flush();
  await done;
  expect(lent.answers).toEqual([10, 20]);
});

test('no rows are answered at once, and wake nobody', async () => {
  const { batcher, model, clock } = setUp();
  await batcher.submit(rowsOf());
  expect([model.batches.length, clock.bells]).toEqual([0, 0]);
});

describe('where rows come faster than answers', () => {
  const bounds = { maxRows: 2, maxWaiting: 4, maxCallers: 2 };

  test('rows beyond the bound wait to be read, first come, first served', async () => {
    const { batcher, model } = setUp(bounds, new Model(true));
    const callers = [rowsOf(1, 2, 3), rowsOf(4, 5), rowsOf(6)];
    const done = callers.map((rows) => batcher.submit(rows));
    await settle();
    expect(batcher.waiting).toBe(4);
    expect(model.batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
    model.answer();
    await settle();
    expect(batcher.waiting).toBe(4);
    expect(model.batches[2]).toEqual([5, 6]);
    model.answer();
    model.answer();
    await Promise.all(done);
    expect(callers.map(({ answers }) => answers)).toEqual([[10, 20, 30], [40, 50], [60]]);
    expect(batcher.waiting).toBe(0);
  });

  test('an offer is declined whole, and taken once there is room', async () => {
    const { batcher, model } = setUp(bounds, new Model(true));
    const taken = batcher.offer(rowsOf(1, 2, 3));
    expect(taken).not.toBeNull();
    const declined = rowsOf(4, 5);
    expect(batcher.offer(declined)).toBeNull();
    model.answer();
    await settle();
    const again = batcher.offer(declined);
    expect(again).not.toBeNull();
    const flushed = batcher.flush();
    model.answer();
    model.answer();
    await Promise.all([taken, again, flushed]);
    expect(declined.answers).toEqual([40, 50]);
  });

  test('callers are bounded, too: one more is refused and the others go on', async () => {
    const { batcher, model } = setUp(bounds, new Model(true));
    const done = [rowsOf(1, 2, 3, 4), rowsOf(5), rowsOf(6)].map((rows) => batcher.submit(rows));
    await expect(batcher.submit(rowsOf(7))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    model.answer();
    model.answer();
    await settle();
    model.answer();
    await Promise.all(done);
  });

  test('a thousand callers of three rows each get their own answers', async () => {
    const { batcher } = setUp({ maxRows: 7, maxWaiting: 21, maxDelayMs: 0 });
    const callers = Array.from({ length: 1000 }, (_, i) => rowsOf(3 * i, 3 * i + 1, 3 * i + 2));
    const done = callers.map((rows) => batcher.submit(rows));
    await batcher.flush();
    await Promise.all(done);
    expect(callers.flatMap(({ answers }) => answers)).toEqual(Array.from({ length: 3000 }, (_, i) => 10 * i));
  });
});

describe('what goes wrong', () => {
  test('in the model reaches the callers of that batch, and the next batch is scored', async () => {
    const { batcher, model } = setUp({ maxRows: 2 });
    model.failing = true;
    const both = [batcher.submit(rowsOf(1)), batcher.submit(rowsOf(2))];
    for (const done of both) await expect(done).rejects.toThrow('out of order');
    model.failing = false;
    await batcher.submit(rowsOf(3, 4));
    expect(batcher.waiting).toBe(0);
  });

  test('in one caller’s reading or taking is that caller’s alone', async () => {
    const { batcher, model } = setUp();
    const fails = () => {
      throw new Error('mine');
    };
    const wrong = [{ ...rowsOf(1), read: fails }, rowsOf(2), { ...rowsOf(3), take: fails }, rowsOf(4)];
    const done = wrong.map((rows) => batcher.submit(rows).catch((error: Error) => error.message));
    await batcher.flush();
    expect(await Promise.all(done)).toEqual(['mine', undefined, 'mine', undefined]);
    expect(model.batches).toEqual([[2, 3, 4]]);
  });

  test.each([
    { maxRows: 0 },
    { maxRows: 1.5 },
    { maxRows: 300, maxWaiting: 299 },
    { maxCallers: 0 },
    { maxDelayMs: -1 },
    { maxDelayMs: Number.NaN },
  ])('options that make no sense are refused: %j', (options) => {
    expect(() => setUp(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
