/** POST /v1/score: every form of body says what the command line says, and what is wrong is refused in our words. */
import { gzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ArrowWriter } from '../../../features/arrow/arrow-writer.ts';
import { extract } from '../../../features/flows.ts';
import { sample } from '../../cli/run.ts';
import { type Bench, demo, demoRows, startBench } from './server.ts';

const PCAP = 'application/vnd.tcpdump.pcap';
const ARROW = 'application/vnd.apache.arrow.stream';
const ARROW_FILE = 'application/vnd.apache.arrow.file';
const LINES = 'application/x-ndjson';

let bench: Bench;
let rows: Record<string, unknown>[];
let expected: Record<string, unknown>[];
beforeAll(async () => {
  bench = await startBench();
  rows = await demoRows();
  const unscored = await scoredRows();
  expected = unscored.map((row) => ({ ...row, capture: 'the body' }));
});
afterAll(() => bench.close());

/** What scoring the capture gives without HTTP; test/serve/model.test.ts holds that to the command line. */
async function scoredRows(): Promise<Record<string, unknown>[]> {
  const { loadModel } = await import('../../../serve/model.ts');
  const { toJson } = await import('../../../features/rows-of.ts');
  await using model = await loadModel('mining');
  const scored: Record<string, unknown>[] = [];
  for await (const flow of model.score(demo)) scored.push(JSON.parse(JSON.stringify(toJson(flow))));
  return scored;
}

const post = (type: string, body: string | Uint8Array, headers = {}) => bench.post('/v1/score', type, body, headers);
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function arrowOf(format: 'arrow' | 'arrows'): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let writer: ArrowWriter | null = null;
  for await (const table of extract(demo, { name: 'the body' })) {
    writer ??= new ArrowWriter(format, table.specs, (bytes) => void pieces.push(bytes.slice()));
    writer.write(table);
  }
  writer!.finish();
  return Buffer.concat(pieces);
}

describe('a body is answered in kind', () => {
  test('a capture as JSON lines, compressed or not', async () => {
    expect(expected.length).toBeGreaterThan(10);
    for (const body of [demo, gzipSync(demo)]) {
      const answer = await post(PCAP, body);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(LINES);
      expect(lines(await answer.text())).toEqual(expected);
    }
  });

  test('a list of rows as a list, an object with rows as one, JSON lines as lines', async () => {
    expect(await (await post('application/json', JSON.stringify(rows))).json()).toEqual(expected);
    expect(await (await post('application/json; charset=utf-8', JSON.stringify({ rows }))).json()).toEqual({
      rows: expected,
    });
    const text = rows.map((row) => JSON.stringify(row)).join('\r\n');
    expect(lines(await (await post(LINES, text)).text())).toEqual(expected);
  });

  test.each([
    [ARROW, 'arrows'],
    [ARROW_FILE, 'arrow'],
  ] as const)('%s as an Arrow stream', async (type, format) => {
    const answer = await post(type, await arrowOf(format));
    expect(answer.headers.get('content-type')).toBe(ARROW);
    const table = tableFromIPC(new Uint8Array(await answer.arrayBuffer()));
    expect(table.numRows).toBe(expected.length);
    expect([...table.getChild('verdict')!]).toEqual(expected.map(({ verdict }) => verdict));
    expect([...table.getChild('score')!]).toEqual(expected.map(({ score }) => score));
  });

  test('or in the form that Accept names', async () => {
    const asJson = await post(PCAP, demo, { accept: 'application/json' });
    expect(await asJson.json()).toEqual(expected);
    const asArrow = await post(PCAP, demo, { accept: `text/html, ${ARROW};q=0.5` });
    expect(tableFromIPC(new Uint8Array(await asArrow.arrayBuffer())).numRows).toBe(expected.length);
    expect((await post(PCAP, demo, { accept: 'text/html' })).status).toBe(406);
  });

  test('no rows are answered with none', async () => {
    expect(await (await post('application/json', '[]')).text()).toBe('[]');
    expect(await (await post('application/json', '{"rows":[]}')).text()).toBe('{"rows":[]}');
    expect(await (await post(LINES, '')).text()).toBe('');
    const header = demo.subarray(0, 24);
    expect(await (await post(PCAP, header)).text()).toBe('');
    const answer = await post(PCAP, header, { accept: ARROW });
    expect(tableFromIPC(new Uint8Array(await answer.arrayBuffer())).getChild('verdict')).not.toBeNull();
  });

  test('a capture that breaks off is read as far as it goes, and the answer says so', async () => {
    const answer = await post(PCAP, demo.subarray(0, demo.length - 5));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('flowlamp-damage')).toMatch(/cut off/);
    expect((await post(PCAP, demo)).headers.get('flowlamp-damage')).toBeNull();
  });

  test('a long answer comes as it is made, whole', async () => {
    const many = Array.from({ length: 550 }, (_, i) => rows[i % rows.length]!);
    const answer = await post(LINES, many.map((row) => JSON.stringify(row)).join('\n'));
    expect(answer.status === 200 ? '' : await answer.text()).toBe('');
    expect(answer.headers.get('content-length')).toBeNull();
    const text = await answer.text();
    expect(text.length).toBeGreaterThan(4 * 1024 * 1024);
    expect(lines(text)).toHaveLength(many.length);
    expect(bench.service.leases).toBe(0);
  });
});

describe('what is wrong is refused', () => {
  const wrong: [type: string, body: string | Uint8Array, status: number, code: string][] = [
    [PCAP, 'no capture at all', 400, 'NOT_A_CAPTURE'],
    [PCAP, '', 400, 'FILE_EMPTY'],
    [PCAP, '{"fwd_packets":1}\n', 400, 'NOT_A_CAPTURE'],
    ['application/json', '{"src_ip":"10.0.0.1"}', 400, 'OPTION_INVALID'],
    ['application/json', '5', 400, 'OPTION_INVALID'],
    ['application/json', 'null', 400, 'OPTION_INVALID'],
    ['application/json', '[1]', 400, 'NOT_A_TABLE'],
    ['application/json', '[null]', 400, 'NOT_A_TABLE'],
    ['application/json', '[{"a":NaN}]', 400, 'NOT_A_TABLE'],
    ['application/json', '[{', 400, 'NOT_A_TABLE'],
    ['application/json', '', 400, 'NOT_A_TABLE'],
    ['application/json', '[{"src_ip":"10.0.0.1"}]', 400, 'SCHEMA_MISMATCH'],
    ['application/json', '[{"fwd_packets":-1}]', 400, 'NOT_A_TABLE'],
    ['application/json', '[{"fwd_packets":1e999}]', 400, 'NOT_A_TABLE'],
    ['application/json', `${'['.repeat(1e5)}`, 400, 'NOT_A_TABLE'],
    ['application/json', `[{"a":${'['.repeat(100)}${']'.repeat(100)}}]`, 400, 'NOT_A_TABLE'],
    ['application/json', `[${'{},'.repeat(2e6)}{}]`, 400, 'NOT_A_TABLE'],
    ['application/json', '[{"__proto__":{"polluted":1},"constructor":{"prototype":{}}}]', 400, 'SCHEMA_MISMATCH'],
    [LINES, '{"a":1}\nnonsense', 400, 'NOT_A_TABLE'],
    [ARROW, 'no Arrow', 400, 'NOT_A_TABLE'],
    [ARROW_FILE, 'no Arrow', 400, 'NOT_A_TABLE'],
    ['text/plain', 'x', 415, 'FORMAT_UNKNOWN'],
    ['multipart/form-data; boundary=x', 'x', 415, 'FORMAT_UNKNOWN'],
    ['///', 'x', 415, 'OPTION_INVALID'],
  ];
  const named = wrong.map(([type, body, status, code]) => ({
    type,
    body,
    status,
    code,
    shown: String(body).slice(0, 40),
  }));
  test.each(named)('$type $shown is answered with $status and $code', async ({ type, body, status, code }) => {
    const answer = await post(type, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = await answer.json();
    expect(problem).toMatchObject({ status, code });
    expect(JSON.stringify(problem)).not.toMatch(/\n|\.ts|node_modules|\/work|\/home/);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(bench.service.leases).toBe(0);
  });

  test('SCHEMA_MISMATCH names the columns', async () => {
    const [{ fwd_packets: _, ...row }] = rows as [Record<string, unknown>];
    const { detail } = (await (await post('application/json', JSON.stringify([row]))).json()) as { detail: string };
    expect(detail).toMatch(/^the body does not fit the model mining@[\d.]+: /);
  });

  test('more columns than a table may have', async () => {
    const row = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`c${i}`, 1]));
    expect((await post('application/json', JSON.stringify([row]))).status).toBe(413);
  });

  test('a Content-Encoding', async () => {
    const answer = await post('application/json', gzipSync('[]'), { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(415);
    expect(answer.headers.get('accept-encoding')).toBe('identity');
  });

  test('a path is no input, wherever it stands', async () => {
    for (const path of ['/etc/passwd', '../../package.json', `file://${sample('demo.pcap')}`, '-']) {
      expect((await post('application/json', JSON.stringify(path))).status).toBe(400);
      expect((await post(PCAP, path)).status).toBe(400);
      const named = await post('application/json', JSON.stringify([{ ...rows[0], capture: path }]));
      expect(((await named.json()) as Record<string, unknown>[])[0]!['capture']).toBe(path);
      expect((await bench.get(`/v1/score/${encodeURIComponent(path)}`)).status).toBe(404);
    }
  });
});

describe('bombs', () => {
  let small: Bench;
  beforeAll(async () => {
    small = await startBench({ limits: { unpackedBytes: 2_000_000 } });
  });
  afterAll(() => small.close());
  const drop = (body: Uint8Array) => small.post('/v1/score', PCAP, body);

  test('a capture that unpacks to more than is allowed', async () => {
    const packets = demo.subarray(24);
    const times = Math.ceil(20_000_000 / packets.length);
    const bomb = gzipSync(Buffer.concat([demo.subarray(0, 24), ...new Array<Uint8Array>(times).fill(packets)]));
    const answer = await drop(bomb);
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('gzip within gzip, and zstd, are not unpacked', async () => {
    expect((await drop(gzipSync(gzipSync(demo)))).status).toBe(415);
    expect((await drop(Buffer.from('28b52ffd80ffffffff', 'hex'))).status).toBe(415);
    expect((await drop(gzipSync(Buffer.from('28b52ffd80ffffffff', 'hex')))).status).toBe(415);
  });
});
