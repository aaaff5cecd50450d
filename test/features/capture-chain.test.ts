/** Flows that go on from one capture to the next are the flows of the capture that all of them would have been. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { inOrderOfTime } from '../../features/capture/in-order.ts';
import { CaptureChain } from '../../features/capture-chain.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import { type ExtractOptions, Extractor } from '../../features/extractor.ts';
import type { ExtractCounters } from '../../features/flow-extractor.ts';
import { extract, flows } from '../../features/flows.ts';
import { type Flow, rowsOf } from '../../features/rows-of.ts';
import { firstPackets, sample } from '../cli/run.ts';
import { splitCapture } from '../support/split-capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-chain-'));
afterAll(() => rmSync(folder, { recursive: true }));

const demo = readFileSync(sample('demo.pcap'));
const lab = firstPackets('test-02.pcap.gz', 4000);

/** Short timeouts and every kind of row: flows are cut, looked at and ended across files. */
const OPTIONS: ExtractOptions = {
  idleTimeout: 5,
  activeTimeout: 20,
  emit: { end: true, prefixes: [5], intervalUs: 7_000_000 },
};

function written(name: string, pieces: readonly Uint8Array[]): string[] {
  return pieces.map((piece, i) => {
    const path = join(folder, `${name}-${String(i).padStart(2, '0')}.pcap`);
    writeFileSync(path, piece);
    return path;
  });
}

async function chained(paths: readonly string[], options: ExtractOptions = OPTIONS) {
  const rows: Flow[] = [];
  const extractor = new Extractor(paths[0]!, nodeDigests, (batch) => void rows.push(...rowsOf(batch)), options);
  const chain = new CaptureChain(extractor);
  const summaries: CaptureSummary[] = [];
  for (const [i, path] of paths.entries()) {
    const pieces = chain.pieces(path, i === paths.length - 1);
    for (;;) {
      const next = await pieces.next();
      if (next.done !== true) continue;
      summaries.push(next.value);
      break;
    }
  }
  return { rows, summaries };
}

/** As texts, which are compared sooner than objects of so many members. */
const withoutCapture = (rows: readonly Flow[]) =>
  rows.map(({ capture: _, ...row }) =>
    JSON.stringify(row, (_name, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)),
  );

test.each([
  ['demo', demo, 7],
  ['lab', lab, 3],
  ['lab', lab, 40],
] as const)(
  '%s cut into files: the rows, in their order, are those of the whole capture',
  async (name, capture, files) => {
    const [whole] = written(`${name}-whole`, [capture]);
    const { rows } = await chained([whole!]);
    const parts = await chained(written(name, splitCapture(capture, files)));
    expect(withoutCapture(parts.rows)).toEqual(withoutCapture(rows));
    expect(rows.some(({ part }) => part! > 0)).toBe(true);
  },
);

test('a row names the capture with the first packet of its flow, as do all parts of that flow', async () => {
  const paths = written('named', splitCapture(lab, 10));
  const { rows, summaries } = await chained(paths);
  const begins = summaries.map(({ counters }) => BigInt(counters.firstUs!) * 1000n);
  const beginOf = new Map<number, bigint>();
  for (const { part, flow_id, first_seen } of rows) if (part === 0) beginOf.set(flow_id!, first_seen!);
  for (const { capture, flow_id } of rows) {
    const began = beginOf.get(flow_id!)!;
    const last = begins.findLastIndex((begin) => begin <= began);
    // A packet of the same microsecond may be the last of the file before.
    expect(paths.slice(Math.max(0, began - begins[last]! < 1000n ? last - 1 : last), last + 1)).toContain(capture);
  }
  expect(new Set(rows.map(({ capture }) => capture)).size).toBeGreaterThan(5);
  const isLater = ({ capture, part, first_seen }: Flow) =>
    part! > 0 && first_seen! >= (begins[paths.indexOf(capture!) + 1] ?? first_seen! + 1n);
  expect(rows.some(isLater)).toBe(true);
});

test('what is counted of the files adds up to what is counted of the whole', async () => {
  const [whole] = written('sum-whole', [lab]);
  const { summaries } = await chained([whole!]);
  const parts = await chained(written('sum', splitCapture(lab, 5)));
  const sum = (name: keyof ExtractCounters) =>
    parts.summaries.reduce((all, { counters }) => all + (counters[name] as number), 0);
  const { counters } = summaries[0]!;
  for (const name of [
    'frames',
    'packets',
    'wireBytes',
    'flows',
    'rows',
    'outOfOrderPackets',
    'evictedFlows',
  ] as const) {
    expect([name, sum(name)]).toEqual([name, counters[name]]);
  }
  expect(parts.summaries.at(-1)!.counters.lastUs).toBe(counters.lastUs);
  expect(parts.summaries.every(({ overlapUs }) => overlapUs === 0)).toBe(true);
});

test('captures of the same time are told: packets are not read in the order of time', async () => {
  const paths = written('same', [demo, demo]);
  const { summaries } = await chained(paths);
  const { firstUs, lastUs } = summaries[0]!.counters;
  expect(summaries.map(({ overlapUs }) => overlapUs)).toEqual([0, lastUs! - firstUs!]);
});

test('a ring that has gone round is put in the order of its first packets; captures without one come last', async () => {
  const [a, b, c, d] = splitCapture(lab, 4);
  const nothing = lab.subarray(0, 24);
  const paths = written('round', [c!, nothing, d!, a!, b!]);
  const ordered = [paths[3], paths[4], paths[0], paths[2], paths[1]];
  expect(await inOrderOfTime(paths)).toEqual(ordered);
});

test.each([
  ['FILE_EMPTY', new Uint8Array(0)],
  ['NOT_A_CAPTURE', Buffer.from('src_ip,dst_ip\n')],
])('what is no capture has no place in the order: %s', async (code, bytes) => {
  const paths = written('none', [demo, bytes]);
  await expect(inOrderOfTime(paths)).rejects.toMatchObject({ code });
});

test('from a program: flows of a folder go on from capture to capture where that is asked for', async () => {
  const [a, b, c] = splitCapture(lab, 3);
  const ring = mkdtempSync(join(folder, 'ring-'));
  for (const [name, piece] of [
    ['0', c!],
    ['1', a!],
    ['2', b!],
  ] as const)
    writeFileSync(join(ring, `${name}.pcap`), piece);
  const [whole] = written('api-whole', [lab]);
  const rowsFrom = async (input: string, options: object) => {
    const rows: Flow[] = [];
    for await (const row of flows(input, { ...OPTIONS, ...options })) rows.push(row);
    return rows;
  };
  const captures: string[] = [];
  const onCapture = (name: string) => void captures.push(name.slice(ring.length + 1));
  const rows = await rowsFrom(whole!, {});
  expect(withoutCapture(await rowsFrom(ring, { continue: true, onCapture }))).toEqual(withoutCapture(rows));
  expect(captures).toEqual(['1.pcap', '2.pcap', '0.pcap']);
  expect((await rowsFrom(ring, {})).length).toBeGreaterThan(rows.length);
});

test.skipIf(!existsSync('/proc/self/fd')).each([true, false])(
  'who stops early leaves no file open: continue %s',
  async (goesOn) => {
    const paths = written('early', splitCapture(firstPackets('test-02.pcap.gz', Infinity), goesOn ? 2 : 1));
    const openOnes = () =>
      readdirSync('/proc/self/fd').filter((fd) => paths.includes(linkOf(join('/proc/self/fd', fd))));
    // So many rows that some are handed on before the end.
    const emit = { end: true, prefixes: Array.from({ length: 2000 }, (_, i) => i + 1), intervalUs: null };
    const input = goesOn ? join(folder, 'early-*.pcap') : paths[0]!;
    const tables = extract(input, { emit, columns: ['flow_id'], continue: goesOn });
    await tables.next();
    expect(openOnes()).toHaveLength(1);
    await tables.return(undefined);
    expect(openOnes()).toEqual([]);
  },
);

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // was closed meanwhile
  }
}
