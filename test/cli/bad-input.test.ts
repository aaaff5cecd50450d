import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeDigests } from '../../features/digests-node.ts';
import { hashInputs, type ModelCard } from '../../models/card.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, jsonRows, sample, samples, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const demo = sample('demo.pcap');
const shipped = join(samples, '../../models/zoo/mining');
const HEADER_BYTES = 24;
/** Root may read and write everything: what depends on permissions cannot be shown to it. */
const isRoot = process.getuid?.() === 0;

beforeAll(() => {
  const capture = readFileSync(demo);
  writeFileSync(folder.at('empty.pcap'), '');
  writeFileSync(folder.at('text.txt'), 'These are words,\nnot packets.\n');
  writeFileSync(folder.at('notes'), 'Not a capture and not a table either.\n');
  writeFileSync(folder.at('cut.pcap'), capture.subarray(0, 50_000));
  writeFileSync(folder.at('header.pcap'), capture.subarray(0, HEADER_BYTES));
  mkdirSync(folder.at('hollow'));
});
afterAll(() => folder.remove());

describe('what is no capture', () => {
  test.each([
    ['an empty file', ['extract', 'empty.pcap'], 'FILE_EMPTY'],
    ['an empty file to score', ['score', 'empty.pcap'], 'FILE_EMPTY'],
    ['nothing on standard input', ['extract', '-'], 'FILE_EMPTY'],
    ['a text file', ['extract', 'text.txt'], 'NOT_A_CAPTURE'],
    ['a text file to inspect', ['inspect', 'text.txt'], 'NOT_A_CAPTURE'],
    ['a text file to score', ['score', 'notes'], 'NOT_A_CAPTURE'],
    ['a missing file', ['extract', 'missing.pcap'], 'FILE_NOT_FOUND'],
    ['a missing file to score', ['score', 'missing.pcap'], 'FILE_NOT_FOUND'],
    ['a glob without matches', ['extract', '*.nothing'], 'NOTHING_FOUND'],
    ['a folder without captures', ['extract', 'hollow'], 'NOTHING_FOUND'],
    ['a folder of several captures to inspect', ['inspect', '.'], 'OPTION_INVALID'],
    ['a missing manifest', ['extract', 'cut.pcap', '--labels', 'missing.json'], 'FILE_NOT_FOUND'],
    ['a manifest that is no JSON', ['extract', 'cut.pcap', '--labels', 'notes'], 'MANIFEST_INVALID'],
    ['an unlabelled capture to train on', ['train', 'cut.pcap', '-o', 'model'], 'LABELS_UNUSABLE'],
  ])('%s fails with its code, on one line', async (_, args, code) => {
    const outcome = await flowlamp(args, { cwd: folder.path });
    expectFailure(outcome, code);
    expect(outcome.stderr).not.toContain('    at ');
  });

  test.skipIf(isRoot)('what may not be read fails (skipped as root, who may read everything)', async () => {
    writeFileSync(folder.at('locked.pcap'), readFileSync(demo));
    mkdirSync(folder.at('locked'));
    chmodSync(folder.at('locked.pcap'), 0);
    chmodSync(folder.at('locked'), 0);
    expectFailure(await flowlamp(['extract', folder.at('locked.pcap')]), 'FILE_UNREADABLE');
    expectFailure(await flowlamp(['extract', folder.at('locked')]), 'FILE_UNREADABLE');
    chmodSync(folder.at('locked'), 0o700);
  });
});

describe('a capture that ends in the middle of a packet', () => {
  test('is read as far as it goes, with a warning that counts', async () => {
    const { code, stdout, stderr } = await flowlamp(['extract', folder.at('cut.pcap')]);
    expect(code).toBe(0);
    expect(jsonRows(stdout).length).toBeGreaterThan(0);
    expect(stderr.split('\n')[0]).toMatch(
      /^flowlamp: warning: .*cut\.pcap: cut off .* after 255 packets; read up to there$/,
    );
  });

  test('fails under --strict and leaves no output', async () => {
    const strict = await flowlamp(['extract', 'cut.pcap', '--strict', '-o', 'strict.csv'], { cwd: folder.path });
    expectFailure(strict, 'CAPTURE_DAMAGED');
    expect(existsSync(folder.at('strict.csv'))).toBe(false);
    expectNoRemains(folder.path);
  });

  test('keeps the output of an earlier run when --strict fails', async () => {
    writeFileSync(folder.at('before.csv'), 'what was there before');
    await flowlamp(['score', 'cut.pcap', '--strict', '-o', 'before.csv'], { cwd: folder.path });
    expect(readFileSync(folder.at('before.csv'), 'utf8')).toBe('what was there before');
  });
});

describe('a capture with a header and no packets', () => {
  test('gives valid tables without rows', async () => {
    const formats = ['arrow', 'arrows', 'csv', 'jsonl'];
    const outcomes = await Promise.all(
      formats.map((format) => flowlamp(['extract', 'header.pcap', '-o', `header.${format}`], { cwd: folder.path })),
    );
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(tableFromIPC(readFileSync(folder.at('header.arrow'))).numRows).toBe(0);
    expect(tableFromIPC(readFileSync(folder.at('header.arrows'))).numRows).toBe(0);
    expect(readFileSync(folder.at('header.csv'), 'utf8')).toMatch(/^capture,flow_id,.*,label\n$/);
    expect(readFileSync(folder.at('header.jsonl'), 'utf8')).toBe('');
    expect(outcomes[0]!.stderr).toContain('1 capture: 0 packets; 0 flows');

    const scored = await flowlamp(['score', 'header.arrow', '-f', 'csv'], { cwd: folder.path });
    expect(scored).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/,predicted,score,verdict,risk,evidence,model\n$/),
    });
  });

  test('is inspected and scored like any other', async () => {
    const [inspected, scored] = await Promise.all([
      flowlamp(['inspect', folder.at('header.pcap')]),
      flowlamp(['score', folder.at('header.pcap')]),
    ]);
    expect(inspected).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/packets: +0 \(0 B on the wire\)/),
      stderr: '',
    });
    expect(scored).toMatchObject({ code: 0, stdout: '' });
    expect(scored.stderr).toContain('0 flows judged by mining@');
  });
});

describe('a model that cannot be used', () => {
  const cases: [string, string, (path: string) => void, RegExp][] = [
    ['from a schema with another revision of a column', 'SCHEMA_MISMATCH', reviseInput, /revision 1, not 9\b/],
    ['whose model.onnx was altered', 'MODEL_INVALID', alterOnnx, /sha256/],
    ['without a card', 'MODEL_INVALID', (path) => writeFileSync(join(path, 'card.json'), ''), /card\.json/],
    [
      'with a card that is no JSON',
      'MODEL_INVALID',
      (path) => writeFileSync(join(path, 'card.json'), '{"x"'),
      /not JSON/,
    ],
    [
      'whose card lacks its labels',
      'MODEL_INVALID',
      (path) => editCard(path, () => ({ labels: [] })),
      /labels is \[\]/,
    ],
  ];
  test.each(cases)('%s is refused', async (name, code, spoil, message) => {
    const path = folder.at(`model ${name}`);
    cpSync(shipped, path, { recursive: true });
    spoil(path);
    const outcome = await flowlamp(['score', demo, '-m', path, '-o', `${path}.jsonl`]);
    expectFailure(outcome, code);
    expect(outcome.stderr).toMatch(message);
    expect(existsSync(`${path}.jsonl`)).toBe(false);
  });

  test('a folder without card.json and a name that nobody knows are refused', async () => {
    const [bare, unknown] = await Promise.all([
      flowlamp(['score', demo, '-m', folder.at('hollow')]),
      flowlamp(['score', demo, '-m', 'minning']),
    ]);
    expectFailure(bare, 'MODEL_INVALID');
    expectFailure(unknown, 'MODEL_NOT_FOUND');
    expect(unknown.stderr).toContain('one of mining');
  });

  test('a table with other columns is refused with both hashes', async () => {
    const table = folder.at('few.csv');
    await flowlamp(['extract', demo, '--columns', 'src_ip,dst_ip,fwd_packets', '-o', table]);
    const outcome = await flowlamp(['score', table]);
    const card = JSON.parse(readFileSync(join(shipped, 'card.json'), 'utf8')) as ModelCard;
    expectFailure(outcome, 'SCHEMA_MISMATCH');
    expect(outcome.stderr).toContain(`expected ${card.inputsHash.slice(0, 12)}`);
    expect(new Set(outcome.stderr.match(/\b[0-9a-f]{12}…/g))).toHaveLength(2);
    expect(outcome.stderr).toMatch(/no column \w+/);
  });

  function editCard(path: string, change: (card: ModelCard) => Partial<ModelCard>): void {
    const card = JSON.parse(readFileSync(join(path, 'card.json'), 'utf8')) as ModelCard;
    writeFileSync(join(path, 'card.json'), JSON.stringify({ ...card, ...change(card) }));
  }

  function reviseInput(path: string): void {
    editCard(path, ({ inputs: [first, ...rest] }) => {
      const inputs = [{ ...first!, revision: 9 }, ...rest];
      return { inputs, inputsHash: hashInputs(inputs, nodeDigests) };
    });
  }

  function alterOnnx(path: string): void {
    const bytes = readFileSync(join(path, 'model.onnx'));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(path, 'model.onnx'), bytes);
  }
});

describe('what cannot be written or does not exist', () => {
  test.each([
    ['an output in a missing folder', ['extract', demo, '-o', 'nowhere/flows.csv'], 'OUTPUT_UNWRITABLE'],
    ['an output that is a folder', ['extract', demo, '-o', 'hollow'], 'OUTPUT_UNWRITABLE'],
    ['a tour where a file lies', ['quickstart', '-o', 'notes'], 'OUTPUT_UNWRITABLE'],
    ['captures where a file lies', ['dataset', 'generate', '-o', 'notes'], 'OUTPUT_UNWRITABLE'],
    ['an unknown column', ['extract', demo, '--columns', 'src_ip,sourceport'], 'COLUMN_UNKNOWN'],
    ['an unknown column of verdicts', ['score', demo, '--columns', 'verdikt'], 'COLUMN_UNKNOWN'],
    ['a verdict to fail on that is never given', ['score', demo, '--fail-on', 'minning'], 'OPTION_INVALID'],
    ['a verdict to show that is never given', ['score', demo, '--only', 'Mining'], 'OPTION_INVALID'],
    ['a report that is neither .html nor .json', ['evaluate', demo, '-o', 'report.pdf'], 'FORMAT_UNKNOWN'],
  ])('%s fails with its code', async (_, args, code) => {
    expectFailure(await flowlamp(args, { cwd: folder.path }), code);
    expectNoRemains(folder.path);
  });
});

describe('a command line that is wrong', () => {
  const cases: [string, string[], RegExp][] = [
    ['no command', [], /Usage: flowlamp/],
    ['an unknown command', ['exract', demo], /unknown command 'exract'/],
    ['an unknown option', ['extract', demo, '--colums', 'x'], /unknown option '--colums'/],
    ['no input', ['extract'], /missing required argument 'input'/],
    ['an option without its value', ['extract', demo, '-o'], /argument missing/],
    ['a format that is not written', ['extract', demo, '-f', 'xml'], /Allowed choices are/],
    ['a negative timeout', ['extract', demo, '--idle-timeout=-1'], /0 or more/],
    ['--label with --labels', ['extract', demo, '--label', 'x', '--labels', 'y'], /cannot be used with/],
    ['training without -o', ['train', 'flows.arrow'], /required option/],
    ['a seed that is no number', ['train', 'x', '-o', 'y', '--seed', 'abc'], /whole number/],
    ['two captures to inspect', ['inspect', demo, demo], /too many arguments/],
  ];
  test.each(cases)('%s is a matter of usage: exit code 2, said on standard error', async (_, args, message) => {
    const { code, stdout, stderr } = await flowlamp(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('help and version go to standard output and are no failure', async () => {
    const [help, version] = await Promise.all([flowlamp(['score', '--help']), flowlamp(['--version'])]);
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--fail-on') });
    expect(version).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});
