/** What analysts say: on the disk before they are told so, one line for each row, and rows that training takes as they are. */
import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addTrainCommand } from '../../../cli/commands/train.ts';
import { extract } from '../../../features/flows.ts';
import { jsonLines } from '../../../features/text/text-writer.ts';
import { MODEL_INPUTS } from '../../../features/vector/schema.ts';
import { loadModelFolder } from '../../../models/folder.ts';
import { FeedbackFile, type FeedbackLimits } from '../../../serve/feedback/store.ts';
import { labelOf } from '../../../serve/feedback/word.ts';
import { loadModel } from '../../../serve/model.ts';
import { LabelledRows } from '../../../train/labelled-rows.ts';
import { sample, temporaryFolder } from '../../cli/run.ts';

let folder: ReturnType<typeof temporaryFolder>;
let path = '';
beforeEach(() => {
  folder = temporaryFolder();
  path = folder.at('feedback.jsonl');
});
afterEach(() => folder.remove());

const noon = () => new Date('2026-03-01T12:00:00Z');
const open = (limits: Partial<FeedbackLimits> = {}) => FeedbackFile.open(path, limits, noon);
const labels = ['mining', 'other'];
const row = (flowId: number, more: Record<string, unknown> = {}) => ({
  sequence: 5,
  capture: 'eth0',
  flow_id: flowId,
  part: 0,
  row_kind: 'end',
  verdict: 'mining',
  ...more,
});
const judged = { verdict: 'mining', labels };
const lines = () =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a word', () => {
  test.each([
    [{ right: true }, 'mining', 'mining'],
    [{ right: false }, 'mining', 'other'],
    [{ right: false }, 'other', 'mining'],
    [{ label: 'backup' }, 'mining', 'backup'],
    [{ label: 'other' }, 'unknown', 'other'],
  ])('%j on %s is %s', (word, verdict, label) => {
    expect(labelOf(word, { verdict, labels })).toBe(label);
  });

  test.each([
    [{ right: true }, 'unknown', labels],
    [{ right: false }, 'unknown', labels],
    [{ right: false }, 'a', ['a', 'b', 'c']],
    [{ right: true }, null, labels],
    [{ label: '' }, 'mining', labels],
    [{ label: ' mining' }, 'mining', labels],
    [{ label: 'Unknown' }, 'mining', labels],
  ])('%j on %s of %j says not what the flow is', (word, verdict, known) => {
    expect(() => labelOf(word, { verdict, labels: known })).toThrow(/LABELS_UNUSABLE|say what the flow is/);
  });
});

describe('the file', () => {
  test('has a line for each row, with what was said', async () => {
    const store = await open();
    expect(await store.add(row(1), { right: false, note: 'a backup', analyst: 'ann' }, judged)).toEqual({
      label: 'other',
      isReplaced: false,
    });
    await store.add(row(2, { part: 1 }), { label: 'vpn' }, judged);
    expect(lines()).toEqual([
      expect.objectContaining({
        flow_id: 1,
        label: 'other',
        verdict: 'mining',
        feedback_time: '2026-03-01T12:00:00.000Z',
        feedback_right: false,
        feedback_note: 'a backup',
        feedback_analyst: 'ann',
        feedback_sequence: 5,
        fwd_packets: null,
      }),
      expect.objectContaining({ flow_id: 2, part: 1, label: 'vpn', feedback_right: false, feedback_note: null }),
    ]);
    expect(store.facts).toEqual({ rows: 2, bytes: statSync(path).size, rowsPerLabel: { other: 1, vpn: 1 } });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Object.keys(lines()[0]!)).toEqual(Object.keys(lines()[1]!));
  });

  test('keeps the last word on a row, whatever its place', async () => {
    const store = await open();
    for (const flowId of [1, 2, 3]) await store.add(row(flowId), { right: true }, judged);
    expect((await store.add(row(2), { right: false }, judged)).isReplaced).toBe(true);
    await store.add(row(4), { right: true }, judged);
    await store.add(row(1), { label: 'vpn' }, judged);
    const expected = [
      [3, 'mining'],
      [2, 'other'],
      [4, 'mining'],
      [1, 'vpn'],
    ];
    expect(lines().map(({ flow_id, label }) => [flow_id, label])).toEqual(expected);
    expect(store.facts.bytes).toBe(statSync(path).size);
    const again = await open();
    expect(again.facts).toEqual(store.facts);
    await again.add(row(5), { right: true }, judged);
    expect(lines()).toHaveLength(5);
    expect(readdirSync(folder.path)).toEqual(['feedback.jsonl']);
  });

  test('takes many at once, in the order in which they came', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 40 }, (_, i) => store.add(row(i % 10), { label: `l${i}` }, judged)));
    expect(lines().map(({ label }) => label)).toEqual(Array.from({ length: 10 }, (_, i) => `l${30 + i}`));
  });

  test('of which the end was lost goes on: half a line was never acknowledged', async () => {
    await (await open()).add(row(1), { right: true }, judged);
    const whole = readFileSync(path);
    appendFileSync(path, whole.subarray(0, 500));
    const store = await open();
    expect(store.facts.rows).toBe(1);
    expect(readFileSync(path)).toEqual(whole);
    writeFileSync(path, whole.subarray(0, whole.length - 1));
    expect((await open()).facts.rows).toBe(1);
    expect(readFileSync(path)).toEqual(whole);
  });

  test('of an older version gets the columns of this one', async () => {
    writeFileSync(path, `${JSON.stringify({ ...row(1), label: 'mining', gone: 5 })}\n`);
    const store = await open();
    await store.add(row(2), { right: true }, judged);
    const [old, fresh] = lines();
    expect(Object.keys(old!)).toEqual(Object.keys(fresh!));
  });

  test('of somebody else is left alone', async () => {
    for (const text of ['hello\n', '{"a":1}\n', '[]\n', '{"flow_id":1,"label":5}\n']) {
      writeFileSync(path, text);
      await expect(open()).rejects.toThrow(/lines that are no feedback/);
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  test('is bounded in rows, bytes and labels', async () => {
    const store = await open({ rows: 2, labels: 2, bytes: 40_000 });
    await store.add(row(1), { label: 'a' }, judged);
    await store.add(row(2), { label: 'b' }, judged);
    await expect(store.add(row(3), { label: 'a' }, judged)).rejects.toThrow(/it has 2 rows/);
    await expect(store.add(row(2), { label: 'c' }, judged)).rejects.toThrow(/it has 2 labels/);
    await expect(store.add(row(2, { sni: 'x'.repeat(50_000) }), { label: 'b' }, judged)).rejects.toThrow(/bytes/);
    await store.add(row(2), { label: 'a' }, judged);
    expect(lines().map(({ label }) => label)).toEqual(['a', 'a']);
  });

  test('takes no label that differs in spelling alone', async () => {
    const store = await open();
    await expect(store.add(row(1), { label: 'Mining' }, judged)).rejects.toThrow(/differs from "mining"/);
    await store.add(row(1), { label: 'VPN' }, judged);
    await expect(store.add(row(2), { label: 'vpn' }, judged)).rejects.toThrow(/differs from "VPN"/);
  });

  test('that cannot be written says so, and what stood there stays', async () => {
    await expect(FeedbackFile.open(folder.at('none/feedback.jsonl'))).rejects.toThrow(/cannot be kept/);
    mkdirSync(folder.at('dir'));
    await expect(FeedbackFile.open(folder.at('dir'))).rejects.toThrow(/cannot be kept/);
    if (process.getuid?.() === 0) return;
    const store = await open();
    await store.add(row(1), { right: true }, judged);
    chmodSync(path, 0o400);
    await expect(store.add(row(2), { right: true }, judged)).rejects.toThrow(/EACCES/);
    expect(store.facts.rows).toBe(1);
  });

  test('is read as it was when reading began', async () => {
    const store = await open();
    for (const flowId of [1, 2, 3]) await store.add(row(flowId), { right: true }, judged);
    const expected = readFileSync(path, 'utf8');
    const reading = store.read()[Symbol.asyncIterator]();
    const first = reading.next();
    await store.add(row(1), { right: false }, judged);
    let text = Buffer.from((await first).value as Uint8Array).toString();
    for (let next = await reading.next(); next.done !== true; next = await reading.next()) text += next.value;
    expect(text).toBe(expected);
  });
});

describe('training takes it as it is', () => {
  async function said(): Promise<number> {
    const store = await open();
    await using model = await loadModel('mining');
    let rows = 0;
    for await (const table of model.scoreTables(sample('demo.pcap'))) {
      for (const line of jsonLines(table.specs, table).trimEnd().split('\n')) {
        const scored = JSON.parse(line) as Record<string, unknown>;
        await store.add(scored, { label: scored['verdict'] === 'mining' ? 'mining' : 'other' }, judged);
        rows++;
      }
    }
    return rows;
  }

  test('with the values that the model saw, and times', async () => {
    const rows = await said();
    const collect = async (input: string, label: string | null) => {
      const collected = new LabelledRows(MODEL_INPUTS, 'label', 'src_ip', { minPayloadPackets: 5 }, null);
      const times: bigint[] = [];
      for await (const table of extract(input, label === null ? {} : { label })) {
        collected.add('rows', table.specs, table);
        const column = table.columns.get('first_seen')!;
        if (column.type === 'timestamp_ns') times.push(...column.values.subarray(0, table.length));
      }
      return { ...collected.finish(), times };
    };
    const fromFile = await collect(path, null);
    const fromCapture = await collect(sample('demo.pcap'), 'x');
    expect(fromFile.times).toHaveLength(rows);
    expect(fromFile.times).toEqual(fromCapture.times);
    expect(fromFile.data.matrix).toEqual(fromCapture.data.matrix);
    expect(fromFile.data.classNames).toEqual(['mining', 'other']);
  });

  test('`flowlamp train` makes a model of it', async () => {
    await said();
    const program = new Command();
    addTrainCommand(program);
    const to = folder.at('model');
    await program.parseAsync(
      ['train', path, '-o', to, '--group-by', 'src_ip', '--quick', '--no-audit', '--quiet', '--rounds', '5'],
      { from: 'user' },
    );
    expect(loadModelFolder(to).card).toMatchObject({
      target: 'label',
      labels: ['mining', 'other'],
      positive: 'mining',
    });
  });
});
