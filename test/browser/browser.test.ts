/** `flowlamp/browser` in a bundle for browsers: it needs nothing of Node, and says what Node says of every flow. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FILES, type PageFiles } from '../../examples/browser/page.ts';
import { score, toJson } from '../../index.ts';
import { sample, temporaryFolder } from '../cli/run.ts';
import { type Bundle, bundled, root } from './bundle.ts';

const CAPTURE = 'demo.pcap';
const CHROMIUM = '/usr/bin/chromium';
const capture = readFileSync(sample(CAPTURE));
let script: Bundle;
/** What Node says, a line of JSON a flow. */
const expected: string[] = [];

beforeAll(async () => {
  script = await bundled('iife');
  for await (const flow of score(capture, { name: CAPTURE })) expected.push(JSON.stringify(toJson(flow)));
});

/** All that the bundle may find around it besides the language: every browser has these. */
function bareContext() {
  return createContext({ TextEncoder, TextDecoder, URL });
}

/** The page's own functions, with bytes that are of their realm. */
function openPage() {
  const context = bareContext();
  runInContext(script.code, context);
  const page = runInContext('page', context) as typeof import('../../examples/browser/page.ts');
  const Bytes = runInContext('Uint8Array', context) as Uint8ArrayConstructor;
  const read = (path: string) => new Bytes(readFileSync(join(root, path)));
  const files = Object.fromEntries(Object.entries(FILES).map(([name, path]) => [name, read(path)])) as PageFiles;
  return { page, Bytes, files };
}

describe('a bundle for browsers', () => {
  test('reaches no module of Node, and leaves nothing outside', () => {
    expect(script.outside).toEqual([]);
    expect(script.code).not.toMatch(/\brequire\(|onnxruntime-node|from\s*["']node:/);
  });

  test('is as large as docs/api.md says', () => {
    const [, whole, packed] = /(\d+) kB minified, (\d+) kB of gzip/.exec(
      readFileSync(join(root, 'docs/api.md'), 'utf8'),
    )!;
    const kilobytes = (bytes: number) => bytes / 1000;
    expect(Math.abs(kilobytes(script.code.length) / Number(whole) - 1)).toBeLessThan(0.1);
    expect(Math.abs(kilobytes(gzipSync(script.code, { level: 9 }).length) / Number(packed) - 1)).toBeLessThan(0.1);
  });

  test('says in a bare context, without a global of Node, what Node says', async () => {
    const { page, Bytes, files } = openPage();
    const model = await page.openMining(files);
    const rows = await page.scored(model, CAPTURE, new Bytes(capture));
    expect(expected.length).toBeGreaterThan(10);
    expect(rows.map((row) => JSON.stringify(row))).toEqual(expected);
  });

  test("refuses a model that is not the card's, lists that are none, and what is no capture", async () => {
    const { page, Bytes, files } = openPage();
    const onnx = new Bytes(files.onnx);
    onnx[1000]! ^= 1;
    await expect(page.openMining({ ...files, onnx })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    const hostNames = new Bytes([0x7b]);
    await expect(page.openMining({ ...files, hostNames })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    const model = await page.openMining(files);
    const of = (bytes: Uint8Array) => page.scored(model, 'x', new Bytes(bytes));
    await expect(of(gzipSync(capture))).rejects.toMatchObject({ code: 'NOT_A_CAPTURE' });
    await expect(of(new Uint8Array(0))).rejects.toMatchObject({ code: 'FILE_EMPTY' });
  });
});

describe.skipIf(!existsSync(CHROMIUM))(`the page of examples/browser in ${CHROMIUM}`, () => {
  const folder = temporaryFolder();
  let server: Server;
  let url = '';

  beforeAll(async () => {
    const served = new Map<string, readonly [type: string, bytes: Uint8Array | string]>([
      ['/examples/browser/index.html', ['text/html', readFileSync(join(root, 'examples/browser/index.html'))]],
      ['/examples/browser/page.js', ['text/javascript', (await bundled('esm')).code]],
      [`/examples/browser/${CAPTURE}`, ['application/octet-stream', capture]],
    ]);
    for (const path of Object.values(FILES)) {
      served.set(`/${path}`, ['application/octet-stream', readFileSync(join(root, path))]);
    }
    server = createServer(({ url: path = '' }, response) => {
      const [type, bytes] = served.get(path) ?? [];
      if (type === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': type }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/examples/browser/index.html#${CAPTURE}`;
  });
  afterAll(() => {
    server.close();
    folder.remove();
  });

  test('shows the flows, verdicts and evidence that Node gives', async () => {
    const text = /<pre id="flows">([\s\S]*?)<\/pre>/.exec(await pageAfterwards(url, folder.path))?.[1] ?? '';
    const rows = unescaped(text).split('\n');
    expect(rows).toHaveLength(expected.length);
    expect(rows.flatMap((row, i) => differences(JSON.parse(row), JSON.parse(expected[i]!)))).toEqual([]);
  });
});

type Json = Readonly<Record<string, unknown>>;
const SCORED = ['predicted', 'score', 'verdict', 'risk', 'evidence', 'model'];
/** Engines of other versions round sines and logarithms otherwise: of periods and Hurst exponents, in the last digits. */
const ROUNDING = 1e-12;

/** Columns that differ: those of the verdict in anything, numbers in more than how they are rounded. */
function differences(row: Json, wanted: Json): string[] {
  return Object.keys({ ...row, ...wanted })
    .filter((name) => JSON.stringify(row[name]) !== JSON.stringify(wanted[name]))
    .filter((name) => SCORED.includes(name) || !isNear(row[name], wanted[name]))
    .map((name) => `${name}: ${JSON.stringify(row[name])}, not ${JSON.stringify(wanted[name])}`);
}

function isNear(one: unknown, other: unknown): boolean {
  return typeof one === 'number' && typeof other === 'number' && Math.abs(one - other) <= ROUNDING * Math.abs(other);
}

/** The document when there is nothing left to do. */
function pageAfterwards(url: string, folder: string): Promise<string> {
  const quiet = ['quic', 'background-networking', 'component-update', 'sync', 'extensions', 'dev-shm-usage'];
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    ...quiet.map((what) => `--disable-${what}`),
  ];
  const wait = ['--virtual-time-budget=60000', '--dump-dom'];
  const child = spawn(CHROMIUM, [...flags, `--user-data-dir=${folder}`, ...wait, url], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), 100_000);
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(pieces).toString());
    });
  });
}

function unescaped(html: string): string {
  return html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&nbsp;', '\u00a0').replaceAll('&amp;', '&');
}
