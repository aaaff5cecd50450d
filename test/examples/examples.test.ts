/** The examples are programs: each is run as it is, and what it prints and leaves is what it should. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadModel, score } from '../../index.ts';
import { flowlamp, jsonRows, manifest, sample, temporaryFolder } from '../cli/run.ts';

const demo = sample('demo.pcap');
const folder = temporaryFolder();
afterAll(() => folder.remove());
const flows = folder.at('flows.arrow');
beforeAll(async () => {
  const captures = [1, 2, 3, 4, 5].map((n) => sample(`train-0${n}.pcap.gz`));
  const { code, stderr } = await flowlamp(['extract', ...captures, '--labels', manifest, '-o', flows, '--quiet']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

const argv = [...process.argv];
let printed: string[] = [];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void printed.push(words.join(' ')));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.argv.splice(0, process.argv.length, ...argv);
});

/** A program is run by importing it. */
function withArguments(...args: readonly string[]): void {
  process.argv.splice(2, process.argv.length, ...args);
}

test('score-a-capture.ts names the flows that the command line calls mining', async () => {
  withArguments(demo);
  await import('../../examples/score-a-capture.ts');
  const expected: string[] = [];
  for await (const { dst_ip, dst_port, verdict, score: sure, evidence } of score(demo)) {
    if (verdict === 'mining') expected.push([dst_ip, dst_port, sure.toFixed(3), evidence[0]!.finding].join(' '));
  }
  expect(expected.length).toBeGreaterThan(2);
  expect(printed).toEqual(expected);
});

test('custom-sink.ts counts the alerts that `serve` tells of', async () => {
  withArguments(demo);
  await import('../../examples/custom-sink.ts');
  const told = await flowlamp([
    'serve',
    '--replay',
    demo,
    '--speed',
    '0',
    '--quiet',
    '--no-http',
    '--sink',
    'jsonl:-?kinds=alert',
  ]);
  const counts = new Map<unknown, number>();
  for (const { src_ip } of jsonRows(told.stdout)) counts.set(src_ip, (counts.get(src_ip) ?? 0) + 1);
  expect(counts.size).toBeGreaterThan(1);
  expect([...printed].sort()).toEqual([...counts].map(([client, count]) => `${client} ${count}`).sort());
});

describe('custom-feature.ts', () => {
  const model = folder.at('with-growth');

  test('prints for every flow what the feature and the model that learnt it say', async () => {
    withArguments(flows, demo, model);
    const { growthShare } = await import('../../examples/custom-feature.ts');
    const opened = await loadModel(model);
    const rows: string[] = [];
    for await (const flow of opened.score(demo, { features: [growthShare] })) {
      const { [growthShare.name]: share, predicted, score: sure } = flow;
      // What the row says, from the definition alone.
      expect(share).toBe(growthOf(flow['payload_sizes'] as number[]));
      rows.push([Number(share ?? 0).toFixed(3), predicted, sure.toFixed(3)].join(' '));
    }
    await opened.close();
    expect(printed).toEqual(rows);
    expect(new Set(rows.map((row) => row.split(' ')[0])).size).toBeGreaterThan(3);
  });

  test('leaves a model whose card names the column, and which refuses flows without it', async () => {
    const card = JSON.parse(readFileSync(`${model}/card.json`, 'utf8'));
    expect(card.inputs.at(-1)).toEqual({ name: 'answer_growth_share', type: 'float64', revision: 1 });
    expect(card.metrics.inputHistograms).toHaveProperty('answer_growth_share');
    const refusal = { code: 'SCHEMA_MISMATCH', message: expect.stringContaining('no column answer_growth_share') };
    await expect(score(demo, { model }).next()).rejects.toMatchObject(refusal);
  });
});

test('custom-learner.ts leaves a model that `flowlamp score -m` takes and that is better than a guess', async () => {
  const model = folder.at('centroids');
  withArguments(flows, model);
  await import('../../examples/custom-learner.ts');
  expect(Number(/^macro-F1 of held-out captures: (0\.\d{3})$/.exec(printed[0] ?? '')?.[1])).toBeGreaterThan(0.6);
  expect(existsSync(`${model}/model.onnx`)).toBe(true);
  const { code, stdout } = await flowlamp(['score', demo, '-m', model, '-f', 'jsonl']);
  expect(code).toBe(0);
  const rows = jsonRows(stdout);
  expect(rows.map(({ model: name }) => name)).toEqual(rows.map(() => 'centroids@1'));
  expect(new Set(rows.map(({ predicted }) => predicted))).toEqual(new Set(['mining', 'other']));
});

/** Answers larger than what they answer, of all turns. */
function growthOf(sizes: readonly number[]): number | null {
  let [turns, grown] = [0, 0];
  for (let i = 1; i < sizes.length; i++) {
    if (Math.sign(sizes[i]!) === Math.sign(sizes[i - 1]!)) continue;
    turns++;
    if (Math.abs(sizes[i]!) > Math.abs(sizes[i - 1]!)) grown++;
  }
  return turns === 0 ? null : grown / turns;
}
