/** The whole way through the program: captures -> rows -> model -> report and verdicts. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelCard } from '../../models/card.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, jsonRows, manifest, type Outcome, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const demo = sample('demo.pcap');
const trainCaptures = Array.from({ length: 14 }, (_, i) => sample(`train-${String(i + 1).padStart(2, '0')}.pcap.gz`));
const run = (...args: string[]) => flowlamp(args, { cwd: folder.path });
/** The studies of a whole report are further trainings: dataset-generate.test.ts has them, of less. */
const TRAINING = ['--rounds', '40', '--name', 'tested', '--generated', '--quick'];
type Row = Record<string, unknown>;

let extracted: Outcome;
let trained: Outcome;
let direct: Row[];
const readCard = (model: string) => JSON.parse(readFileSync(folder.at(`${model}/card.json`), 'utf8')) as ModelCard;

beforeAll(async () => {
  extracted = await run('extract', ...trainCaptures, '--labels', manifest, '-o', 'train.arrow');
  trained = await run('train', 'train.arrow', '-o', 'model', ...TRAINING);
  direct = jsonRows((await run('score', demo, '-m', 'model')).stdout);
  // A training with its report takes some seconds of a free core.
}, 180_000);
afterAll(() => folder.remove());

test('captures and a manifest become a labelled table, and that a model folder', () => {
  expect(extracted).toMatchObject({ code: 0, stdout: '' });
  expect(trained).toMatchObject({ code: 0, stdout: '' });
  expect(trained.stderr).toMatch(/cross-validated by capture:\nclass +flows +precision/);
  const card = readCard('model');
  expect(card).toMatchObject({ name: 'tested', version: '1', labels: ['mining', 'other'], positive: 'mining' });
  expect(card.training).toMatchObject({ captures: 14, groups: 14, generated: true });
  expectNoRemains(folder.path);
});

test('a manifest trains the same model as the table made of it', async () => {
  await run('train', manifest, '-o', 'by-manifest', ...TRAINING, '--no-audit');
  expect(readFileSync(folder.at('by-manifest/model.onnx')).equals(readFileSync(folder.at('model/model.onnx')))).toBe(
    true,
  );
  expect(readCard('by-manifest').thresholds).toEqual(readCard('model').thresholds);
});

describe('evaluation', () => {
  test('reports on the test captures of a manifest, to people and to programs', async () => {
    const { code, stdout, stderr } = await run('evaluate', manifest, '-m', 'model', '-o', 'report.html');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^tested@1 on \d+ flows of 4 captures\n\nverdict +given +right/);
    expect(stderr).not.toContain('warning');
    for (const report of ['report.html', 'model/report.html']) {
      const page = readFileSync(folder.at(report), 'utf8');
      expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
      expect(page).toContain('Confusion matrix: rows are the truth');
    }
    expect(readFileSync(folder.at('report.html'), 'utf8')).toContain('flowlamp evaluate');

    const json = await run('evaluate', manifest, '-m', 'model', '--json', '--quick', '--quiet');
    const evaluation = JSON.parse(json.stdout) as { metrics: { macroF1: number }; seenInTraining: string[] };
    expect(evaluation.metrics.macroF1).toBeGreaterThan(0.7);
    expect(evaluation.seenInTraining).toEqual([]);
    expect(json.stderr).toBe('');
  });

  test('warns of captures that the model was trained on', async () => {
    const { code, stderr } = await run('evaluate', 'train.arrow', '-m', 'model', '--quick');
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: the model was trained on 14 captures of these \(.*train-01\.pcap\.gz\)/);
  });
});

describe('verdicts', () => {
  const verdictOf = ({ flow_id, predicted, verdict, risk }: Row) => ({ flow_id, predicted, verdict, risk });

  test('stand beside every column of the row', () => {
    expect(direct).toHaveLength(16);
    for (const row of direct) {
      expect(Object.keys(row).slice(-6)).toEqual(['predicted', 'score', 'verdict', 'risk', 'evidence', 'model']);
      expect(row['model']).toBe('tested@1');
      const evidence = row['evidence'] as { source: string }[];
      const finding = { source: expect.any(String), finding: expect.any(String), weight: expect.any(Number) };
      expect(evidence).toEqual(evidence.map(() => finding));
      expect(evidence.filter(({ source }) => source === 'behaviour')).toHaveLength(1);
    }
  });

  test.each(['arrow', 'arrows', 'csv', 'jsonl'])(
    'are the same for a capture and for its table as %s',
    async (format) => {
      await run('extract', demo, '-o', `demo.${format}`);
      const rows = jsonRows((await run('score', `demo.${format}`, '-m', 'model')).stdout);
      expect(rows.map(verdictOf)).toEqual(direct.map(verdictOf));
      rows.forEach((row, i) => {
        expect(row['score']).toBeCloseTo(direct[i]!['score'] as number, 6);
        expect(row['evidence']).toEqual(direct[i]!['evidence']);
      });
    },
  );

  test('are the same from the kernel as from ONNX Runtime', async () => {
    const rows = jsonRows((await run('score', demo, '-m', 'model', '--runtime', 'onnxruntime')).stdout);
    expect(rows.map(verdictOf)).toEqual(direct.map(verdictOf));
    rows.forEach((row, i) => {
      expect(Math.abs((row['score'] as number) - (direct[i]!['score'] as number))).toBeLessThan(1e-5);
    });
  });

  test('of a scored table are replaced when it is scored again', async () => {
    await run('score', demo, '-m', 'model', '-o', 'scored.csv');
    const rows = jsonRows((await run('score', 'scored.csv', '-m', 'mining')).stdout);
    expect(Object.keys(rows[0]!)).toEqual(Object.keys(direct[0]!));
    expect(rows[0]!['model']).toMatch(/^mining@/);
  });

  test('come from the model that ships where -m names none, from any folder', async () => {
    const { code, stdout, stderr } = await run('score', demo, '--columns', 'verdict,model');
    expect(code).toBe(0);
    for (const row of jsonRows(stdout)) {
      expect(row['model']).toMatch(/^mining@\d/);
      expect(['mining', 'other', 'unknown']).toContain(row['verdict']);
    }
    expect(stderr).toMatch(/16 flows judged by mining@\S+: \d+ /);
  });

  test('and only those asked for are shown, while all are counted', async () => {
    const { stdout, stderr } = await run(
      'score',
      demo,
      '-m',
      'model',
      '--only',
      'mining,unknown',
      '--min-score',
      '0.7',
    );
    const wanted = direct.filter((row) => row['verdict'] !== 'other' && (row['score'] as number) >= 0.7);
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.length).toBeLessThan(direct.length);
    expect(jsonRows(stdout).map((row) => row['flow_id'])).toEqual(wanted.map((row) => row['flow_id']));
    expect(stderr).toContain('16 flows judged by tested@1');
  });

  test('that --fail-on names end the run with 3, after the output is whole', async () => {
    const [known, met] = [
      await run('score', trainCaptures[0]!, '-m', 'model'),
      await run('score', trainCaptures[0]!, '-m', 'model', '--fail-on', 'mining', '-o', 'met.jsonl'),
    ];
    const rows = jsonRows(known.stdout);
    expect(rows.map((row) => row['verdict'])).toContain('mining');
    expect(met.code).toBe(3);
    expect(jsonRows(readFileSync(folder.at('met.jsonl'), 'utf8'))).toEqual(rows);
    const quiet = rows.filter((row) => row['verdict'] !== 'mining');
    expect(quiet.length).toBeGreaterThan(0);
    writeFileSync(folder.at('quiet.jsonl'), quiet.map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect((await run('score', 'quiet.jsonl', '-m', 'model', '--fail-on', 'mining')).code).toBe(0);
  });

  test('as a table show the riskiest first, IPv6 in brackets, and how many are left', async () => {
    const { stdout } = await run('score', demo, '-m', 'model', '-f', 'table', '--top', '9');
    const [table, summary] = stdout.trimEnd().split('\n\n');
    const [heading, ...all] = table!.split('\n');
    // Below some rows stands what another source than the model found.
    const lines = all.filter((line) => !/^ {4}\w+: /.test(line));
    expect(heading).toMatch(/^first seen \(UTC\) +initiator +responder .* risk$/);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe('... and 7 flows of no higher risk (--top shows more, -f jsonl all)');
    const risks = lines.slice(0, 9).map((line) => Number(/(\d+)$/.exec(line)![1]));
    expect(risks).toEqual([...risks].sort((a, b) => b - a));
    expect(new Set([heading, ...lines.slice(0, 9)].map((line) => line!.length))).toHaveLength(1);
    for (const address of stdout.match(/\S*2001:db8\S*/g) ?? []) expect(address).toMatch(/^\[[0-9a-f:]+\]:\d+$/);
    const counted = [...summary!.matchAll(/^[!? ] (\w+) +(\d+) +[\d.]+ % /gm)].map(([, verdict, flows]) => [
      verdict,
      Number(flows),
    ]);
    const expected = ['mining', 'other', 'unknown'].map((verdict) => [
      verdict,
      direct.filter((row) => row['verdict'] === verdict).length,
    ]);
    expect(counted).toEqual(expected.filter(([, flows]) => flows !== 0));
  });
});

describe('training refuses', () => {
  beforeAll(async () => {
    await run('extract', ...trainCaptures.slice(0, 2), '--labels', manifest, '-o', 'two.jsonl');
    await run('extract', demo, '-o', 'unlabelled.csv');
    const relabelled = jsonRows(readFileSync(folder.at('two.jsonl'), 'utf8'));
    const write = (name: string, change: (row: Row, i: number) => Row) =>
      writeFileSync(folder.at(name), relabelled.map((row, i) => `${JSON.stringify(change(row, i))}\n`).join(''));
    write('one-class.jsonl', (row) => ({ ...row, label: 'mining' }));
    write('twins.jsonl', (row, i) => ({ ...row, label: i % 2 === 0 ? 'Mining' : 'mining' }));
  });

  test.each([
    ['a single class', ['one-class.jsonl'], 'LABELS_UNUSABLE', /mining; expected flows of two classes/],
    ['flows without labels', ['unlabelled.csv'], 'LABELS_UNUSABLE', /16 without a label/],
    ['labels that differ only in case', ['twins.jsonl'], 'LABELS_UNUSABLE', /"Mining" and "mining"/],
    ['an unknown input', ['two.jsonl', '--inputs', 'fwd_packets,fwd_pakets'], 'COLUMN_UNKNOWN', /fwd_pakets/],
    [
      'an input that gives the answer away',
      ['two.jsonl', '--inputs', 'fwd_packets,dst_ip'],
      'OPTION_INVALID',
      /dst_ip/,
    ],
    ['a risk that no flow has', ['two.jsonl', '--positive', 'minning'], 'OPTION_INVALID', /minning/],
    ['a target that is no column', ['two.jsonl', '--target', 'truth'], 'COLUMN_MISSING', /truth/],
  ])('%s, and writes no model', async (_, args, code, message) => {
    const outcome = await run('train', ...args, '-o', 'refused', '--rounds', '5', '--quiet');
    expectFailure(outcome, code);
    expect(outcome.stderr).toMatch(message);
    expect(existsSync(folder.at('refused'))).toBe(false);
    expectNoRemains(folder.path);
  });

  test('a folder that holds something else', async () => {
    mkdirSync(folder.at('mine'));
    writeFileSync(folder.at('mine/thesis.txt'), 'mine');
    const outcome = await run('train', 'two.jsonl', '-o', 'mine', '--rounds', '5', '--quiet');
    expect(outcome.code).toBe(1);
    expect(outcome.stderr.trimEnd().split('\n').at(-1)).toMatch(/^flowlamp: OUTPUT_UNWRITABLE: /);
    expect(readFileSync(folder.at('mine/thesis.txt'), 'utf8')).toBe('mine');
  });

  test('nothing, but warns of a single group, whose model gives no verdict', async () => {
    await run('extract', trainCaptures[0]!, '--labels', manifest, '-o', 'single.arrow');
    const { code, stderr } = await run('train', 'single.arrow', '-o', 'single', '--rounds', '5', '--quick');
    expect(code).toBe(0);
    expect(stderr).toContain('warning: All rows are of one capture');
    const { stdout } = await run('score', demo, '-m', 'single', '--columns', 'verdict');
    expect(new Set(jsonRows(stdout).map((row) => row['verdict']))).toEqual(new Set(['unknown']));
  });
});

test('the tour runs twice in the same folder, cleanly', { timeout: 180_000 }, async () => {
  const first = await run('quickstart');
  const second = await run('quickstart');
  for (const { code, stdout, stderr } of [first, second]) {
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/\n {4}at |INTERNAL/);
    expect(stderr).toMatch(/Done in [\d.]+ s\. The files:/);
    expect(stdout).toContain('tour@1 on ');
  }
  expect(second.stdout).toBe(first.stdout);
  for (const name of [
    'train.arrow',
    'test.arrow',
    'model/model.onnx',
    'model/card.json',
    'report.html',
    'verdicts.jsonl',
  ]) {
    expect(statSync(folder.at(`flowlamp-tour/${name}`)).size, name).toBeGreaterThan(0);
  }
  expectNoRemains(folder.path);
});
