/** `flowlamp/train`: what a program learns from is what the command line learns from. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../index.ts';
import { type Learner, saveModel, train } from '../../train/index.ts';
import { flowlamp, manifest, sample, temporaryFolder } from '../cli/run.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const INPUTS = ['fwd_payload_size_mean', 'bwd_payload_size_mean', 'flow_iat_mean_us'];
const CAPTURES = ['train-01.pcap.gz', 'train-02.pcap.gz', 'train-05.pcap.gz'];

/** The manifest that ships, of a few captures. */
function smallManifest(): string {
  const whole = JSON.parse(readFileSync(manifest, 'utf8'));
  const captures = whole.captures.filter(({ file }: { file: string }) => CAPTURES.includes(file));
  const path = folder.at('manifest.json');
  const placed = captures.map((capture: { file: string }) => ({ ...capture, file: sample(capture.file) }));
  writeFileSync(path, JSON.stringify({ ...whole, captures: placed }));
  return path;
}

describe('train', () => {
  test('gives of a manifest the model that `flowlamp train` gives', async () => {
    const path = smallManifest();
    const request = { name: 'm', inputs: INPUTS, folds: 2, learnerOptions: { rounds: 5 } };
    const trained = await train([{ manifest: path }], request);
    saveModel(folder.at('api'), trained);
    const flags = ['--inputs', INPUTS.join(), '--folds', '2', '--rounds', '5', '--name', 'm', '--quick', '--no-audit'];
    const { code } = await flowlamp(['train', path, '-o', folder.at('cli'), ...flags]);
    expect(code).toBe(0);
    const [ours, theirs] = ['api', 'cli'].map((name) => readFileSync(folder.at(`${name}/model.onnx`)));
    expect(ours!.equals(theirs!)).toBe(true);
    const [card, other] = ['api', 'cli'].map((name) =>
      JSON.parse(readFileSync(folder.at(`${name}/card.json`), 'utf8')),
    );
    for (const member of ['labels', 'inputs', 'thresholds', 'scope', 'positive', 'versions'])
      expect(card[member], member).toEqual(other[member]);
    expect(trained.metrics!.macroF1).toBeGreaterThan(0.4);
  });

  test('takes labels from the program, and a learner of its own', async () => {
    const seen: (readonly string[])[] = [];
    const constant: Learner = {
      name: 'constant',
      roundName: 'round',
      defaults: { rounds: 1, patience: 0, seed: 1 },
      unchosenRounds: 1,
      fit: ({ classNames, matrix }) => {
        seen.push(matrix.names);
        const predict = (_: Float32Array, count: number) => new Float32Array(count * classNames.length).fill(0.5);
        return { rounds: 1, trainingLoss: [], validationLoss: [], predict, encode: () => new Uint8Array([1]) };
      },
    };
    const inputs = [
      { input: readFileSync(sample('demo.pcap')), label: 'good', name: 'a.pcap' },
      { input: readFileSync(sample('demo.pcap')), label: 'bad', name: 'b.pcap' },
    ];
    const { card, onnx } = await train(inputs, { name: 'c', learner: constant, inputs: INPUTS });
    expect(card.labels).toEqual(['bad', 'good']);
    expect(card.learner.name).toBe('constant');
    expect(card.training).toMatchObject({ captures: 2, groups: 2 });
    expect(onnx).toEqual(new Uint8Array([1]));
    expect(new Set(seen.map((names) => names.join()))).toEqual(new Set([INPUTS.join()]));
  });

  test.each([
    ['no labels', [{ input: sample('demo.pcap') }], {}, 'LABELS_UNUSABLE'],
    ['one class', [{ input: sample('demo.pcap'), label: 'x' }], {}, 'LABELS_UNUSABLE'],
    ['a column that does not exist', [], { inputs: ['sunspots'] }, 'COLUMN_UNKNOWN'],
    ['a column that may not be an input', [], { inputs: ['dst_port'] }, 'OPTION_INVALID'],
    ['no such file', [{ input: folder.at('none.arrow') }], {}, 'FILE_NOT_FOUND'],
  ])('refuses %s', async (_, inputs, options, code) => {
    await expect(train(inputs, { name: 'x', ...options })).rejects.toMatchObject({ code });
  });

  test('makes a model that is loaded as any other', async () => {
    await using model = await loadModel(folder.at('api'));
    expect(model.name).toBe('m@1');
  });
});
