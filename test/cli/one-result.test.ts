/**
 * One result everywhere: the verdicts of a capture do not depend on what form it is scored in, on how it arrives, or on how
 * many threads read it; and ONNX Runtime alone, without a line of ours, gives the same scores from the exported table.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tableFromIPC } from 'apache-arrow';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';
import { keptProgram } from './kept.ts';
import { jsonRows, sample, samples, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
afterAll(() => folder.remove());

const model = fileURLToPath(new URL('../../models/zoo/mining/', import.meta.url));
const elsewhere = fileURLToPath(new URL('../oracle/onnx_scores.py', import.meta.url));
const python = process.env['FLOWLAMP_PYTHON'] ?? 'python3';
const hasPython = spawnSync(python, ['-c', 'import numpy, onnxruntime, pyarrow']).status === 0;

/** Half of what ships: the others are more of the same. */
const SHIPPED = readdirSync(samples)
  .filter((name) => /^(demo|test-\d+|train-0[1-5])\.pcap(\.gz)?$/.test(name))
  .map(sample);
const REAL = [
  'mining/nesfit/zec-eu1.nanopool.org.pcapng',
  'mining/nesfit/pool.eth.pp.ua.pcapng',
  'mining/coiniumserv/litecoin-testnet-mini.pcapng',
  'quic-apps/google-docs/google-docs-424399.pcap.gz',
  'mobile-apps/ma3/android9/cp_cache02.pcap',
  'alexa-voice/set_an_timer_for_30s_5_30s.pcap',
].map((name) => sharedPath(`labelled/${name}`));

/** Each flow gives several rows, at its end and before. */
const EMIT = ['--emit', 'end', '--emit', 'prefix:20'];
const VERDICTS = ['flow_id', 'part', 'row_kind', 'predicted', 'score', 'verdict', 'risk', 'evidence', 'model'];

type Row = Record<string, unknown>;
const only = (names: readonly string[], row: Row) => Object.fromEntries(names.map((name) => [name, row[name]]));

/** Standard output of a run that went well. */
async function output(args: readonly string[], input?: Uint8Array): Promise<string> {
  const { code, stdout, stderr } = await flowlamp([...args, '--quiet'], input === undefined ? {} : { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('of captures that ship', () => oneResult('shipped', SHIPPED));
describe.skipIf(!hasSharedData)('of real captures (skipped without ../shared/data)', () => oneResult('real', REAL));

function oneResult(name: string, captures: readonly string[]): void {
  const file = (ending: string) => folder.at(`${name}.${ending}`);
  /** The table of the captures in a format, made once. */
  const table = async (format: string) => {
    if (!existsSync(file(format))) await output(['extract', ...captures, ...EMIT, '--jobs', '1', '-o', file(format)]);
    return file(format);
  };
  /** The captures scored as they are: all columns, and all that a verdict consists of. */
  let direct = '';
  /** The same: of each capture the lines, and all rows. */
  let linesOf: (capture: string) => string;
  let rows: readonly Row[];

  beforeAll(async () => {
    direct = await output(['score', ...captures, ...EMIT, '-f', 'jsonl', '--jobs', '1']);
    rows = jsonRows(direct);
    expect(rows.length).toBeGreaterThan(captures.length);
    const lines = direct.split('\n').slice(0, -1);
    linesOf = (capture) =>
      lines
        .filter((_, i) => rows[i]!['capture'] === capture)
        .map((line) => `${line}\n`)
        .join('');
  }, 300_000);

  test.each(['2', '4'])(
    'scored with --jobs %s',
    async (jobs) => {
      // Threads take turns at five captures as they do at all of them, which come in another order below.
      const some = captures.slice(0, 5);
      const found = await output(['score', ...some, ...EMIT, '-f', 'jsonl', '--jobs', jobs]);
      expect(found === some.map(linesOf).join('')).toBe(true);
    },
    300_000,
  );

  test('a single one split', async () => {
    const capture = captures[0]!;
    const [one, split] = [
      await output(['score', capture, ...EMIT, '-f', 'jsonl', '--jobs', '1']),
      await output(['score', capture, ...EMIT, '-f', 'jsonl', '--jobs', '2']),
    ];
    expect(split === one).toBe(true);
    expect(one === linesOf(capture)).toBe(true);
  }, 300_000);

  test.each(['arrow', 'arrows', 'parquet', 'csv', 'jsonl'])(
    'through their table as %s',
    async (format) => {
      expect((await output(['score', await table(format), '-f', 'jsonl'])) === direct).toBe(true);
    },
    300_000,
  );

  test('through standard input, as captures and as an Arrow stream', async () => {
    const stream = await output(['score', '-', '-f', 'jsonl'], readFileSync(await table('arrows')));
    expect(stream === direct).toBe(true);
    for (const capture of captures.slice(0, 4)) {
      const piped = jsonRows(await output(['score', '-', ...EMIT, '-f', 'jsonl'], readFileSync(capture)));
      expect(piped.map((row) => `${JSON.stringify({ ...row, capture })}\n`).join('') === linesOf(capture)).toBe(true);
    }
  }, 300_000);

  test('in another order of the captures, in that order', async () => {
    const turned = [...captures].reverse();
    const found = await output(['score', ...turned, ...EMIT, '-f', 'jsonl', '--jobs', '3']);
    expect(found === turned.map(linesOf).join('')).toBe(true);
  }, 300_000);

  test('written as a table of another format', async () => {
    const expected = rows.map((row) => only(VERDICTS, row));
    await output(['score', await table('arrow'), '-o', file('verdicts.arrow'), '--columns', VERDICTS.join(',')]);
    const read = tableFromIPC(readFileSync(file('verdicts.arrow')))
      .toArray()
      .map((row) => {
        const { flow_id, evidence, ...rest } = row!.toJSON() as Record<string, never> & { evidence: Iterable<unknown> };
        return JSON.parse(JSON.stringify({ flow_id: Number(flow_id), ...rest, evidence: [...evidence] })) as Row;
      });
    expect(read.map((row) => only(VERDICTS, row))).toEqual(expected);
  }, 300_000);

  describe('the scores of ONNX Runtime alone', () => {
    /**
     * Of rows on which the model alone has spoken: other evidence moves the score (docs/evidence.md). The order in which
     * trees are added up may change the last bit of a float, so six digits count.
     */
    const expectSame = (found: readonly Row[]) => {
      expect(found.map((row) => row['flow_id'])).toEqual(rows.map((row) => row['flow_id']));
      const modelOnly = rows.map((row) => (row['evidence'] as Row[]).every(({ source }) => source === 'behaviour'));
      const [ours, theirs] = [rows, found].map((all) => all.filter((_, i) => modelOnly[i]));
      expect(ours!.length).toBeGreaterThan(rows.length / 2);
      expect(theirs!.map((row) => row['predicted'])).toEqual(ours!.map((row) => row['predicted']));
      const apart = theirs!.map((row, i) => Math.abs(Number(row['score']) - Number(ours![i]!['score'])));
      expect(Math.max(...apart)).toBeLessThan(1e-6);
    };

    test('in Node, from the Arrow table', async () => {
      const exported = tableFromIPC(readFileSync(await table('arrow')));
      const card = JSON.parse(readFileSync(join(model, 'card.json'), 'utf8')) as {
        inputs: { name: string }[];
        labels: string[];
      };
      const values = new Float32Array(exported.numRows * card.inputs.length);
      card.inputs.forEach(({ name: column }, i) => {
        const vector = exported.getChild(column)!;
        for (let row = 0; row < exported.numRows; row++) {
          const value = vector.get(row) as number | bigint | boolean | null;
          values[row * card.inputs.length + i] = value === null ? Number.NaN : Number(value);
        }
      });
      const session = await InferenceSession.create(join(model, 'model.onnx'));
      const tensor = new Tensor('float32', values, [exported.numRows, card.inputs.length]);
      const { probabilities } = await session.run({ [session.inputNames[0]!]: tensor });
      const given = probabilities!.data as Float32Array;
      const found = Array.from({ length: exported.numRows }, (_, row) => {
        const of = [...given.subarray(row * card.labels.length, (row + 1) * card.labels.length)];
        const score = Math.max(...of);
        const flow_id = Number(exported.getChild('flow_id')!.get(row));
        return { flow_id, predicted: card.labels[of.indexOf(score)], score };
      });
      expectSame(found);
    });

    test.skipIf(!hasPython)(
      'in Python (skipped without numpy, onnxruntime and pyarrow)',
      async () => {
        const printed = execFileSync(python, [elsewhere, await table('arrow'), model], {
          encoding: 'utf8',
          maxBuffer: 1 << 28,
        });
        const { flow_id, predicted, score } = JSON.parse(printed) as Record<
          'flow_id' | 'predicted' | 'score',
          unknown[]
        >;
        const found = flow_id.map((id, i) => ({ flow_id: id, predicted: predicted[i], score: score[i] }));
        expectSame(found);
      },
      300_000,
    );
  });
}
