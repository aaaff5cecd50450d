/** `--continue`: a ring of files gives the rows and verdicts of the capture that it would have been. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { splitCapture } from '../support/split-capture.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, firstPackets, jsonRows, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const lab = firstPackets('test-02.pcap.gz', 2000);
const ring = folder.at('ring');
const whole = folder.at('whole.pcap');
const FLOWS = ['--idle-timeout', '5', '--active-timeout', '20', '--emit', 'end', '--emit', 'prefix:5'];
/** The names in the order of time: as tcpdump counts, which no order of names is. */
const NAMES = ['ring.pcap8', 'ring.pcap9', 'ring.pcap10', 'ring.pcap0'];
const FILES = NAMES.map((name) => join(ring, name));

beforeAll(() => {
  mkdirSync(ring);
  writeFileSync(whole, lab);
  for (const [i, piece] of splitCapture(lab, NAMES.length).entries()) writeFileSync(FILES[i]!, piece);
});
afterAll(() => {
  expectNoRemains(folder.path);
  folder.remove();
});

type Row = Record<string, unknown>;
/** As texts, which are compared sooner than objects of so many members. */
const withoutCapture = (rows: readonly Row[]) => rows.map(({ capture: _, ...row }) => JSON.stringify(row));

async function rowsOf(...args: readonly string[]): Promise<Row[]> {
  const { code, stdout, stderr } = await flowlamp([...args, '-f', 'jsonl']);
  expect(code, stderr).toBe(0);
  return jsonRows(stdout);
}

test.each(['1', '2'])('extract: rows and their order are those of the whole capture, with --jobs %s', async (jobs) => {
  const rows = await rowsOf('extract', whole, ...FLOWS);
  const ringRows = await rowsOf('extract', ring, '--continue', '--jobs', jobs, ...FLOWS);
  expect(withoutCapture(ringRows)).toEqual(withoutCapture(rows));
  expect(new Set(ringRows.map(({ capture }) => capture))).toEqual(new Set(FILES));
  expect((await rowsOf('extract', ring, '--jobs', jobs, ...FLOWS)).length).toBeGreaterThan(rows.length);
});

test('Arrow files are the same to the byte however many threads read', async () => {
  const [one, two] = await Promise.all(
    ['1', '2'].map(async (jobs) => {
      const path = folder.at(`jobs-${jobs}.arrow`);
      expect((await flowlamp(['extract', ring, '--continue', '--jobs', jobs, '-o', path])).code).toBe(0);
      return readFileSync(path);
    }),
  );
  expect(one!.equals(two!)).toBe(true);
});

test('it says so where files are not read in the order given, and only there; the account counts all', async () => {
  const { stderr: moved } = await flowlamp(['extract', ring, '--continue', '-o', folder.at('moved.csv')]);
  expect(moved).toContain(`--continue: read in the order of first packets, ${FILES[0]} first\n`);
  const { stderr: asGiven } = await flowlamp(['extract', ...FILES, '--continue', '-o', folder.at('given.csv')]);
  const { stderr: atOnce } = await flowlamp(['extract', whole, '-o', folder.at('whole.csv')]);
  const counted = (text: string) => /: ([\d,]+ packets.*?);/.exec(text)![1];
  expect(asGiven).toMatch(/^4 captures: /);
  expect([counted(moved), counted(asGiven)]).toEqual([counted(atOnce), counted(atOnce)]);
  expect(readFileSync(folder.at('moved.csv'), 'utf8')).toBe(readFileSync(folder.at('given.csv'), 'utf8'));
});

test('score: verdicts are those of the whole capture, and each flow counts once', async () => {
  const args = ['score', ...FLOWS, '-f', 'jsonl'];
  const atOnce = await flowlamp([...args, whole]);
  const inFiles = await flowlamp([...args, ring, '--continue']);
  expect(withoutCapture(jsonRows(inFiles.stdout))).toEqual(withoutCapture(jsonRows(atOnce.stdout)));
  const verdicts = (text: string) => text.trim().split('\n').at(-1);
  expect(verdicts(inFiles.stderr)).toBe(verdicts(atOnce.stderr));
});

test('explain finds what score has said of a flow that goes over files', async () => {
  const rows = await rowsOf('score', ring, '--continue', '--columns', 'flow_id,fwd_packets,bwd_packets,verdict,score');
  const alone = await rowsOf('extract', ring, '--columns', 'flow_id');
  const packets = (row: Row) => Number(row['fwd_packets']) + Number(row['bwd_packets']);
  const longest = rows.reduce((best, row) => (packets(row) > packets(best) ? row : best));
  expect(alone.filter((row) => row['flow_id'] === longest['flow_id'])).toHaveLength(1);
  const args = ['explain', ring, '--continue', '--flow', String(longest['flow_id']), '-f', 'json'];
  const { code, stdout, stderr } = await flowlamp(args);
  expect(code, stderr).toBe(0);
  const explained = JSON.parse(stdout) as { readonly flow: Row; readonly score: number; readonly verdict: string };
  expect([explained.verdict, explained.score]).toEqual([longest['verdict'], longest['score']]);
});

test('labels by flow are those of the capture that a flow began in', async () => {
  const labels = folder.at('labels.json');
  const captures = NAMES.map((file) => ({ file: `ring/${file}`, label: file.slice(5) }));
  writeFileSync(labels, JSON.stringify({ version: 1, captures }));
  const rows = await rowsOf('extract', ring, '--continue', '--labels', labels, '--columns', 'capture,label');
  expect(rows.every(({ capture, label }) => String(capture).endsWith(`ring.${label}`))).toBe(true);
  expect(new Set(rows.map(({ label }) => label)).size).toBe(NAMES.length);
});

test('pipes are read as they are given: nobody has seen their first packets', async () => {
  const pieces = splitCapture(lab, 2);
  const second = folder.at('second.pcap');
  writeFileSync(second, pieces[1]!);
  const args = ['extract', '-', second, '--continue', '-f', 'jsonl', '--columns', 'flow_id,fwd_packets'];
  const { code, stdout, stderr } = await flowlamp(args, { input: pieces[0]! });
  expect(code, stderr).toBe(0);
  expect(jsonRows(stdout)).toEqual(await rowsOf('extract', whole, '--columns', 'flow_id,fwd_packets'));
});

test('a file that is cut off is warned about and read as far as it goes; with --strict it is an error', async () => {
  const [first, second] = splitCapture(lab, 2);
  const cut = folder.at('cut-1.pcap');
  writeFileSync(cut, first!.subarray(0, first!.length - 7));
  writeFileSync(folder.at('cut-2.pcap'), second!);
  const args = ['extract', cut, folder.at('cut-2.pcap'), '--continue', '--columns', 'flow_id', '-f', 'jsonl'];
  const { code, stdout, stderr } = await flowlamp(args);
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/cut-1\.pcap: cut off in the middle .*; read up to there\n/),
  ]);
  expect(jsonRows(stdout)).toEqual(await rowsOf('extract', whole, '--columns', 'flow_id'));
  expectFailure(await flowlamp([...args, '--strict', '-o', folder.at('cut.jsonl')]), 'CAPTURE_DAMAGED');
});

test('captures of the same time are warned about', async () => {
  const twice = [folder.at('twice-1.pcap'), folder.at('twice-2.pcap')];
  for (const path of twice) writeFileSync(path, lab);
  const { code, stderr } = await flowlamp(['extract', ...twice, '--continue', '-o', folder.at('twice.csv')]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/twice-2\.pcap begins [\d.]+ s before what was read before it ends: merge captures/);
});

test.each([
  ['score', []],
  ['explain', []],
])('%s: flow tables stand alone', async (command, more) => {
  const table = folder.at('flows.csv');
  expect((await flowlamp(['extract', whole, '-o', table])).code).toBe(0);
  const outcome = await flowlamp([command, FILES[0]!, table, '--continue', ...more]);
  expectFailure(outcome, 'OPTION_INVALID');
  expect(outcome.stderr).toContain(`--continue meets ${table}, which is a flow table; expected captures alone`);
});

test('a flow table in a pipe is found out when it is its turn', async () => {
  const { stdout } = await flowlamp(['extract', whole, '-f', 'csv']);
  const out = folder.at('piped.jsonl');
  const outcome = await flowlamp(['score', FILES[0]!, '-', '--continue', '-o', out], { input: Buffer.from(stdout) });
  expectFailure(outcome, 'OPTION_INVALID');
});

test('score --resume cannot go on in the middle of flows', async () => {
  const outcome = await flowlamp(['score', ring, '--continue', '--resume', '-o', folder.at('resumed.jsonl')]);
  expect(outcome).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("'--continue' cannot be used with option '--resume'"),
  });
});
