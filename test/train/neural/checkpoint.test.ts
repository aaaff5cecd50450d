import { describe, expect, test } from 'vitest';
import { type CheckpointStore, decodeState, encodeState, inJournal } from '../../../train/neural/checkpoint.ts';
import { fitCnn } from '../../../train/neural/cnn.ts';
import { fitMlp } from '../../../train/neural/mlp.ts';
import { rings } from '../data.ts';
import { dialogues } from './sequences.ts';

/** Keeps every state; `load` gives the one after the given epoch. */
class Memory implements CheckpointStore {
  readonly states: Uint8Array[] = [];
  resumeAfter: number | null = null;

  load(): Uint8Array | null {
    return this.resumeAfter === null ? null : (this.states[this.resumeAfter - 1] ?? null);
  }

  offer(encode: () => Uint8Array): void {
    this.states.push(encode());
  }
}

/** Some hundred steps: Adam's product of its decay has drifted from the power by then. */
const MLP = { rounds: 12, learningRate: 0.02, hidden: [8], patience: 3, batchRows: 2 };
const CNN = { rounds: 5, learningRate: 0.01, hidden: [8], filters: [4], taps: [3] };

describe('training that was broken off', () => {
  test.each([1, 4, 12])('after epoch %i goes on to the same perceptron', async (epoch) => {
    const [train, held] = [rings(1, 150, 3), rings(2, 80, 3)];
    const checkpoint = new Memory();
    const whole = await fitMlp(train, held, MLP, { checkpoint });
    checkpoint.resumeAfter = Math.min(epoch, checkpoint.states.length);
    const seen: number[] = [];
    const onProgress = ({ round }: { round: number }) => seen.push(round);
    const resumed = await fitMlp(train, held, MLP, { checkpoint, onProgress });
    expect(seen[0] ?? whole.trainingLoss.length + 1).toBe(checkpoint.resumeAfter + 1);
    expect(resumed.net).toEqual(whole.net);
    expect([resumed.rounds, resumed.trainingLoss, resumed.validationLoss]).toEqual([
      whole.rounds,
      whole.trainingLoss,
      whole.validationLoss,
    ]);
    // Whether states are kept changes nothing.
    expect((await fitMlp(train, held, MLP)).net).toEqual(whole.net);
  });

  test('goes on to the same sequence net, with nothing held out', async () => {
    const train = dialogues(1, 100);
    const checkpoint = new Memory();
    const whole = await fitCnn(train, null, CNN, { checkpoint });
    checkpoint.resumeAfter = 3;
    expect((await fitCnn(train, null, CNN, { checkpoint })).net).toEqual(whole.net);
  });

  test('may be given more epochs when it is taken up again', async () => {
    const train = rings(1, 100, 2);
    const checkpoint = new Memory();
    await fitMlp(train, null, { ...MLP, rounds: 3 }, { checkpoint });
    checkpoint.resumeAfter = 3;
    const resumed = await fitMlp(train, null, { ...MLP, rounds: 6 }, { checkpoint });
    expect(resumed.net).toEqual((await fitMlp(train, null, { ...MLP, rounds: 6 })).net);
  });

  test.each([
    ['other rows', rings(9, 100, 2), MLP],
    ['another learning rate', rings(1, 100, 2), { ...MLP, learningRate: 0.01 }],
    ['another seed', rings(1, 100, 2), { ...MLP, seed: 2 }],
  ])('is not taken up for %s', async (_, data, options) => {
    const checkpoint = new Memory();
    await fitMlp(rings(1, 100, 2), null, { ...MLP, rounds: 2 }, { checkpoint });
    checkpoint.resumeAfter = 2;
    const rounds: number[] = [];
    const { net } = await fitMlp(
      data,
      null,
      { ...options, rounds: 3 },
      { checkpoint, onProgress: ({ round }) => rounds.push(round) },
    );
    expect(rounds).toEqual([1, 2, 3]);
    expect(net).toEqual((await fitMlp(data, null, { ...options, rounds: 3 })).net);
  });
});

describe('states', () => {
  const layers = [{ inputs: 2, outputs: 1, weights: Float32Array.of(1.5, -2), biases: Float32Array.of(0.25) }];
  const state = {
    fingerprint: 'f',
    trainingLoss: [0.5, 0.1 + 0.2],
    validationLoss: [],
    best: { round: 0, loss: Number.POSITIVE_INFINITY, layers },
    layers,
    adam: { steps: 7, moments: [Float32Array.of(1, 2), Float32Array.of(3)] },
  };

  test('read back as they were written', () => {
    expect(decodeState(encodeState(state))).toEqual(state);
  });

  test('that are cut off, longer, older or no states at all are passed over', () => {
    const bytes = encodeState(state);
    for (let length = 0; length < bytes.length; length++) expect(decodeState(bytes.subarray(0, length))).toBeNull();
    expect(decodeState(Buffer.concat([bytes, new Uint8Array(4)]))).toBeNull();
    const older = Buffer.from(Buffer.from(bytes).toString('latin1').replace('net state 1', 'net state 0'), 'latin1');
    expect(decodeState(older)).toBeNull();
    expect(decodeState(Buffer.from('null\n'))).toBeNull();
  });
});

describe('states in a journal', () => {
  /** Offers a state every `step` ms for `count` epochs; returns the epochs that were noted. */
  function noted(step: number, count: number): number[] {
    const entries: Uint8Array[] = [];
    let now = 0;
    const store = inJournal({ entries, note: (entry) => entries.push(entry) }, () => now);
    for (let epoch = 1; epoch <= count; epoch++) {
      now += step;
      store.offer(() => Uint8Array.from(Buffer.from(String(epoch))), epoch === count);
    }
    return entries.map((entry) => Number(Buffer.from(entry).toString()));
  }

  test('are as far apart as may be lost: few seconds, or a tenth of the time so far', () => {
    expect(noted(1_000, 22)).toEqual([5, 10, 15, 20, 22]);
    const hours = noted(1_000, 36_000);
    expect(hours.length).toBeLessThan(100);
    for (const [i, epoch] of hours.slice(0, -1).entries())
      expect(epoch - (hours[i - 1] ?? 0)).toBeLessThan(5 + 0.12 * epoch);
  });

  test('the last is always among them, so that a training that was done need not be done again', async () => {
    const train = rings(1, 100, 2);
    const entries: Uint8Array[] = [];
    const journal = { entries, note: (entry: Uint8Array) => entries.push(entry) };
    const whole = await fitMlp(train, rings(2, 60, 2), MLP, { checkpoint: inJournal(journal) });
    expect(entries).toHaveLength(1);
    const seen: number[] = [];
    const hooks = { checkpoint: inJournal(journal), onProgress: ({ round }: { round: number }) => seen.push(round) };
    expect((await fitMlp(train, rings(2, 60, 2), MLP, hooks)).net).toEqual(whole.net);
    expect(seen).toEqual([]);
  });
});
