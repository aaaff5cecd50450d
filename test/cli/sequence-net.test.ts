/** A model that reads lists, from captures to verdicts: whatever way its rows come, the verdicts are the same. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelCard } from '../../models/card.ts';
import { inputWidth } from '../../models/inputs.ts';
import { describeModel } from '../../models/onnx/describe.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, jsonRows, manifest, type Outcome, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const demo = sample('demo.pcap');
const run = (...args: string[]) => flowlamp(args, { cwd: folder.path });
const train = (...args: string[]) =>
  run('train', 'train.arrow', '--learner', 'cnn', '--epochs', '3', '--quick', ...args);

let trained: Outcome;
let card: ModelCard;

beforeAll(async () => {
  const captures = [1, 2].map((number) => sample(`train-0${number}.pcap.gz`));
  await run('extract', ...captures, '--labels', manifest, '-o', 'train.arrow');
  trained = await train('-o', 'model', '--folds', '2', '--no-audit');
  card = JSON.parse(readFileSync(folder.at('model/card.json'), 'utf8')) as ModelCard;
});
afterAll(() => folder.remove());

test('the card says which lists the model reads, and how much of each', () => {
  expect(trained).toMatchObject({ code: 0, stdout: '' });
  const lists = card.inputs.flatMap(({ name, list }) => (list === undefined ? [] : [[name, list.length, list.form]]));
  expect(lists).toEqual([
    ['payload_sizes', 32, 'items'],
    ['payload_times_us', 32, 'steps'],
    ['tls_record_lengths', 32, 'items'],
    ['tls_record_times_us', 32, 'steps'],
    ['tls_record_types', 32, 'items'],
  ]);
  const [input] = describeModel(readFileSync(folder.at('model/model.onnx'))).inputs;
  expect(input?.shape[1]).toBe(inputWidth(card.inputs));
  expect(card.learner.name).toBe('cnn');
});

test('captures, Arrow, Parquet, CSV and JSON Lines of them get the same verdicts', async () => {
  const verdicts = async (input: string) => {
    const { code, stdout, stderr } = await run('score', input, '-m', 'model', '-f', 'jsonl', '--quiet');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return jsonRows(stdout).map(({ flow_id, predicted, score, risk }) => ({ flow_id, predicted, score, risk }));
  };
  const direct = await verdicts(demo);
  expect(direct).toHaveLength(16);
  expect(new Set(direct.map(({ score }) => score)).size).toBeGreaterThan(10);
  for (const ending of ['arrow', 'parquet', 'csv', 'jsonl']) {
    await run('extract', demo, '-o', `demo.${ending}`);
    expect(await verdicts(`demo.${ending}`), ending).toEqual(direct);
  }
});

test('a table without the lists is refused by their names', async () => {
  const columns = card.inputs.map(({ name }) => name).filter((name) => !name.startsWith('tls_record_'));
  await run('extract', demo, '--columns', columns.join(','), '-o', 'part.arrow');
  const outcome = await run('score', 'part.arrow', '-m', 'model');
  expectFailure(outcome, 'SCHEMA_MISMATCH');
  expect(outcome.stderr).toContain(
    'no column tls_record_lengths, no column tls_record_times_us, no column tls_record_types;',
  );
});

test('chosen inputs may be some of the lists; other learners read none', async () => {
  const inputs = 'duration_us,payload_sizes,payload_times_us';
  expect(await train('-o', 'small', '--folds', '2', '--no-audit', '--inputs', inputs)).toMatchObject({ code: 0 });
  const small = JSON.parse(readFileSync(folder.at('small/card.json'), 'utf8')) as ModelCard;
  expect(small.inputs.map(({ name }) => name).join()).toBe(inputs);
  const refused = await run('train', 'train.arrow', '-o', 'trees', '--inputs', inputs);
  expectFailure(refused, 'OPTION_INVALID');
  expect(refused.stderr).toContain('column payload_sizes may not be a model input');
});
