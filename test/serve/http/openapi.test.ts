/** The OpenAPI document against the server: every route is in it, and every answer is as it says. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FeedbackFile } from '../../../serve/feedback/store.ts';
import { openApiDocument } from '../../../serve/http/openapi.ts';
import { ROUTES } from '../../../serve/http/server.ts';
import { Metrics } from '../../../serve/metrics/metrics.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { snapshot } from '../metrics/snapshot.ts';
import { judgedRows } from './memory-service.ts';
import { type Bench, demo, demoRows, startBench } from './server.ts';

interface Operation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: Readonly<Record<string, unknown>>;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const folder = temporaryFolder();
const ajv = new Ajv2020({ strict: false });
let bench: Bench;
let document: Document;
let rows: Record<string, unknown>[];
/** Answers that were seen, as `get /v1/model 200 application/json`. */
const seen = new Set<string>();

beforeAll(async () => {
  const feedback = await FeedbackFile.open(folder.at('feedback.jsonl'));
  const metrics = await Metrics.open(() => snapshot());
  bench = await startBench({}, { feedback, metrics, version: '1.2.3', ring: { firstSequence: 1 } });
  bench.service.recent.push(judgedRows(200));
  document = (await (await bench.get('/openapi.json')).json()) as Document;
  rows = await demoRows();
});
afterAll(async () => {
  await bench.close();
  folder.remove();
});

const operations = ROUTES.map(({ method, path }): [method: string, path: string] => [method.toLowerCase(), path]);

describe('the document', () => {
  test('is OpenAPI 3.1, of this version', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'flowlamp', version: '1.2.3' } });
    expect(document).toEqual(openApiDocument(ROUTES, '1.2.3'));
    const names = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    expect(new Set(names).size).toBe(names.length);
  });

  test('has every route that the server has, and no other', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    for (const one of documented) {
      const [method, url] = one.split(' ') as [string, string];
      expect(bench.server.app.hasRoute({ method, url }), one).toBe(true);
    }
    const methods = bench.server.app.printRoutes().match(/\b(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE)\b/g);
    expect(methods).toHaveLength(documented.length);
    expect(documented.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test('holds schemas that are schemas', () => {
    for (const [method, path] of operations) {
      const { responses, requestBody, parameters } = document.paths[path]![method]!;
      const contents = [requestBody?.content ?? {}, ...Object.values(responses).map(({ content }) => content)];
      for (const { schema } of contents.flatMap((content) => Object.values(content))) {
        if (schema !== undefined) expect(() => compile(schema)).not.toThrow();
      }
      for (const { schema } of parameters) expect(() => ajv.compile(schema)).not.toThrow();
    }
  });

  test('says where a token is asked for', () => {
    const open = operations.filter(([method, path]) => document.paths[path]![method]!.security === undefined);
    expect(open.map(([, path]) => path)).toEqual(['/healthz', '/readyz']);
  });
});

function compile(schema: object) {
  return ajv.compile({ ...schema, components: (document as unknown as { components: object }).components });
}

/** Checks an answer against the document. */
async function hold(method: string, path: string, answer: Response): Promise<void> {
  const { status } = answer;
  const type = answer.headers.get('content-type')!.split(';')[0]!;
  const documented = document.paths[path]![method]!.responses[status];
  const called = `${method} ${path} ${status} ${type}`;
  expect(documented, called).toBeDefined();
  const content = documented!.content[type];
  expect(content, called).toBeDefined();
  seen.add(called);
  if (!/json$/.test(type) || content!.schema === undefined) {
    await answer.arrayBuffer();
    return;
  }
  const validate = compile(content!.schema);
  const body = await answer.json();
  expect(validate(body) ? [] : validate.errors, called).toEqual([]);
}

const PCAP = 'application/vnd.tcpdump.pcap';
const JSON_TYPE = 'application/json';

describe('every operation answers as it is documented', () => {
  test.each(operations)('%s %s', async (method, path) => {
    const operation = document.paths[path]![method]!;
    const ask = (query = '', init: RequestInit = {}) => fetch(`${bench.url}${path}${query}`, { method, ...init });
    const hear = async (query: string, init?: RequestInit) => hold(method, path, await ask(query, init));
    const types = Object.keys(operation.requestBody?.content ?? {});

    // As it is meant.
    if (types.length === 0) await hear('');
    for (const type of types) {
      const body = bodyFor(path, type);
      await hear('', { headers: { 'content-type': type }, body: body as string });
    }
    // With every parameter, in and out of its bounds.
    for (const { name, in: place, schema } of operation.parameters) {
      if (place !== 'query') continue;
      await hear(`?${name}=${encodeURIComponent(String(valueFor(schema)))}`);
      const wrong = schema['type'] === 'string' && schema['enum'] === undefined ? '%00' : 'wrong';
      const answer = await ask(`?${name}=${wrong}`);
      expect(answer.status, name).toBe(400);
      await hold(method, path, answer);
    }
    await hear('?no-such-parameter=1');
    // As it is not meant.
    if (types.length > 0) {
      await hear('', { headers: { 'content-type': 'text/plain' }, body: 'x' });
      await hear('', { headers: { 'content-type': JSON_TYPE }, body: '{' });
      await hear('', { headers: { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' }, body: '{' });
    }
    await hear('', { headers: { origin: 'https://evil.example' } });
    if (path === '/v1/verdicts') await hold(method, path, await firstEvent());
  });

  test('of problems those that can be brought about', async () => {
    await hold('post', '/v1/score', await bench.post('/v1/score', JSON_TYPE, '[]', { accept: 'text/html' }));
    const say = (word: object) => bench.post('/v1/feedback', JSON_TYPE, JSON.stringify(word));
    await hold('post', '/v1/feedback', await say({ flow_id: 1, right: true }));
    await hold('post', '/v1/feedback', await say({ flow_id: 1_000, label: 'MINING' }));
    await hold('post', '/v1/feedback', await bench.post('/v1/feedback', JSON_TYPE, 'x'.repeat(20_000)));
    bench.service.health = { source: 'failed', isModelLoaded: true, sinks: [{ name: 'a', isAlive: false }] };
    await hold('get', '/readyz', await bench.get('/readyz'));
    bench.service.openModel = () => Promise.reject(Object.assign(new Error('x'), { code: 'MODEL_INVALID' }));
    await hold('post', '/v1/model/reload', await bench.post('/v1/model/reload', JSON_TYPE, ''));
  });

  test('every documented form of a success was seen', () => {
    const forms = operations.flatMap(([method, path]) =>
      Object.keys(document.paths[path]![method]!.responses['200']!.content).map(
        (type) => `${method} ${path} 200 ${type}`,
      ),
    );
    expect(forms.filter((form) => !seen.has(form))).toEqual([]);
  });
});

function bodyFor(path: string, type: string): string | Uint8Array {
  if (path === '/v1/feedback') return JSON.stringify({ flow_id: 1_000, right: true });
  if (type === PCAP) return demo;
  if (type === JSON_TYPE) return JSON.stringify(rows);
  if (type === 'application/x-ndjson') return rows.map((row) => JSON.stringify(row)).join('\n');
  return arrow[type as keyof typeof arrow]!;
}

const arrow: Record<string, Uint8Array> = {};
beforeAll(async () => {
  const { ArrowWriter } = await import('../../../features/arrow/arrow-writer.ts');
  const { extract } = await import('../../../features/flows.ts');
  for (const [type, format] of [
    ['application/vnd.apache.arrow.stream', 'arrows'],
    ['application/vnd.apache.arrow.file', 'arrow'],
  ] as const) {
    const pieces: Uint8Array[] = [];
    for await (const table of extract(demo)) {
      const writer = new ArrowWriter(format, table.specs, (bytes) => void pieces.push(bytes.slice()));
      writer.write(table);
      writer.finish();
    }
    arrow[type] = Buffer.concat(pieces);
  }
});

function valueFor(schema: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(schema['enum'])) return schema['enum'].at(-1);
  return schema['type'] === 'string' ? 'mining' : (schema['minimum'] ?? 1);
}

/** The head of a stream of events, as an answer that has an end. */
async function firstEvent(): Promise<Response> {
  const stop = new AbortController();
  const headers = { accept: 'text/event-stream', 'last-event-id': '1' };
  const answer = await fetch(`${bench.url}/v1/verdicts`, { headers, signal: stop.signal });
  const { value } = await answer.body!.getReader().read();
  stop.abort();
  return new Response(value!, { status: answer.status, headers: answer.headers });
}
