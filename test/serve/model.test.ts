/** The API: whatever an input is handed over as, the verdicts are those of the command line. */
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packTable } from '../../core/copy-table.ts';
import {
  type CaptureSummary,
  extract,
  type FlowInput,
  flows,
  loadModel,
  type Model,
  score,
  scoreTables,
  TableWriter,
  toJson,
} from '../../index.ts';
import { flowlamp, jsonRows, sample, temporaryFolder } from '../cli/run.ts';

const demo = sample('demo.pcap');
const capture = readFileSync(demo);
const folder = temporaryFolder();
afterAll(() => folder.remove());
let model: Model;
let expected: string[];
beforeAll(async () => {
  model = await loadModel();
  expected = jsonRows((await flowlamp(['score', demo, '-f', 'jsonl'])).stdout).map(line);
});
afterAll(() => model.close());

const line = ({ flow_id, verdict, predicted, score, risk }: { readonly [name: string]: unknown }) =>
  JSON.stringify([flow_id, verdict, predicted, score, risk]);

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const lines = async (input: FlowInput) => (await collect(model.score(input))).map(line);

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // Each is lent: it is overwritten when the next is asked for.
  const piece = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    piece.set(part);
    yield piece.subarray(0, part.length);
    piece.fill(0);
  }
}

async function tableFile(format: 'arrow' | 'arrows' | 'parquet' | 'csv' | 'jsonl'): Promise<Buffer> {
  const path = folder.at(`demo.${format}`);
  const tables = await collect(extract(demo));
  const writer = await TableWriter.open(path, format, tables[0]!.specs);
  for (const table of tables) writer.write(table);
  writer.finish();
  return readFileSync(path);
}

describe('a capture is scored alike', () => {
  test.each<[string, () => FlowInput]>([
    ['from its path', () => demo],
    ['from a file: URL', () => pathToFileURL(demo)],
    ['from its bytes', () => capture],
    ['from an ArrayBuffer', () => new Uint8Array(capture).buffer],
    ['from a stream', () => createReadStream(demo)],
    ['from a web stream', () => new Blob([capture]).stream() as unknown as AsyncIterable<Uint8Array>],
    ['from pieces of 1001 bytes that are lent', () => pieces(capture, 1001)],
    ['from its gzip, in pieces', () => pieces(gzipSync(capture), 4096)],
    ['from what flows() yields', () => flows(demo)],
  ])('%s', async (_, input) => {
    expect(await lines(input())).toEqual(expected);
  });

  test('from a folder of captures', async () => {
    mkdirSync(folder.at('captures'));
    for (const name of ['a.pcap', 'b.pcap']) writeFileSync(folder.at(`captures/${name}`), capture);
    expect(await lines(folder.at('captures'))).toEqual([...expected, ...expected]);
  });
});

describe('its table is scored as the capture', () => {
  test.each(['arrow', 'arrows', 'parquet', 'csv', 'jsonl'] as const)(
    'as bytes of %s, and in pieces',
    async (format) => {
      const bytes = await tableFile(format);
      expect(await lines(bytes)).toEqual(expected);
      expect(await lines(pieces(bytes, 777))).toEqual(expected);
    },
  );

  test('as a table of this package, and of apache-arrow', async () => {
    const [table] = await collect(extract(demo));
    expect(await lines(table!)).toEqual(expected);
    expect(await lines(packTable(table!))).toEqual(expected);
    expect((await model.scoreTable(table!)).map(({ verdict }) => verdict)).toEqual(
      expected.map((text) => JSON.parse(text)[1]),
    );
    expect(await lines(tableFromIPC(await tableFile('arrow')))).toEqual(expected);
  });

  test('as rows of JSON, with times as text, whether they wait in a list or come', async () => {
    const rows = (await collect(flows(demo))).map(toJson);
    const parsed = JSON.parse(JSON.stringify(rows)) as Record<string, unknown>[];
    expect(parsed[0]!['first_seen']).toMatch(/^2025-.*Z$/);
    expect(await lines(parsed)).toEqual(expected);
    expect(
      await lines(
        (async function* () {
          yield* parsed;
        })(),
      ),
    ).toEqual(expected);
    expect(await lines([])).toEqual([]);
  });
});

describe('both doors', () => {
  test('give the same, by a model that is named as by one that is loaded', async () => {
    const tables = await collect(scoreTables(demo, { model }));
    expect(tables.map(({ specs }) => specs.at(-1)!.name)).toContain('model');
    expect(tables.reduce((sum, { length }) => sum + length, 0)).toBe(expected.length);
    const scored = await collect(score(demo, { model: 'mining', runtime: 'kernel' }));
    expect(scored.map(({ verdict }) => verdict)).toEqual(expected.map((text) => JSON.parse(text)[1]));
    expect(scored[0]!.evidence[0]!.finding).toContain(' ');
  });

  test('tell what was read, and call the capture as they are told', async () => {
    const told: [string, CaptureSummary][] = [];
    const options = {
      name: 'posted',
      onCapture: (name: string, summary: CaptureSummary) => told.push([name, summary]),
    };
    const [flow] = await collect(flows(capture, options));
    expect(flow?.capture).toBe('posted');
    expect(told).toMatchObject([['posted', { counters: { rows: expected.length } }]]);
  });

  test('may be left early, and end with the signal', async () => {
    let closed = false;
    const source = (async function* () {
      try {
        yield* pieces(capture, 4096);
      } finally {
        closed = true;
      }
    })();
    for await (const _ of model.score(source)) break;
    expect(closed).toBe(true);
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(collect(model.score(demo, { signal: stop.signal }))).rejects.toThrow('enough');
    await expect(collect(flows(pieces(capture, 64), { signal: stop.signal }))).rejects.toThrow('enough');
  });
});

describe('what cannot be scored is said in one line', () => {
  test.each<[string, FlowInput, string]>([
    ['a path that is not there', 'nowhere.pcap', 'FILE_NOT_FOUND'],
    ['another URL', new URL('https://example.com/a.pcap'), 'OPTION_INVALID'],
    ['no bytes', new Uint8Array(0), 'FILE_EMPTY'],
    ['words', Buffer.from('words without commas'), 'NOT_A_CAPTURE'],
    ['a number', 5 as never, 'OPTION_INVALID'],
    ['null', null as never, 'OPTION_INVALID'],
    ['one object', { src_ip: '10.0.0.1' } as never, 'OPTION_INVALID'],
    ['rows that are none', [5] as never, 'NOT_A_TABLE'],
    ['rows with a text for a number', [{ fwd_packets: '5' }], 'NOT_A_TABLE'],
    ['rows without the columns of the model', [{ src_ip: '10.0.0.1' }], 'SCHEMA_MISMATCH'],
    ['a stream of text', createReadStream(demo, 'latin1') as never, 'NOT_A_TABLE'],
  ])('%s', async (_, input, code) => {
    const failed = collect(model.score(input));
    await expect(failed).rejects.toMatchObject({ name: 'FlowlampError', code });
    await expect(failed).rejects.not.toThrow(/\n/);
  });

  test('a stream that is longer than is allowed, without holding it', async () => {
    let given = 0;
    const endless = (async function* () {
      yield capture;
      for (;;) {
        given += 1;
        yield new Uint8Array(4096);
      }
    })();
    await expect(collect(flows(endless, { maxBytes: capture.length + 40_960 }))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(given).toBe(11);
  });

  test('a model that is not there, or is closed', async () => {
    await expect(loadModel('no-such')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(collect(score(demo, { model: 'no-such' }))).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});

describe('a process ends by itself', () => {
  const dist = pathToFileURL(new URL('../../dist/index.js', import.meta.url).pathname).href;
  test.each([
    [
      'that closes its model',
      'const m = await loadModel(); for await (const f of m.score(demo)) n++; await m.close();',
    ],
    ['that names a model', 'for await (const f of score(demo)) n++;'],
    ['that leaves early', 'for await (const f of score(demo)) { n = 16; break; }'],
    ['that never closes its model', 'const m = await loadModel(); for await (const f of m.score(demo)) n++;'],
  ])('%s', (_, code) => {
    const script = `import { loadModel, score } from ${JSON.stringify(dist)};
      const demo = ${JSON.stringify(demo)}; let n = 0; ${code} console.log(n);`;
    const { stdout, status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 50_000,
    });
    expect({ stdout, status, signal }).toEqual({ stdout: '16\n', status: 0, signal: null });
  });
});
