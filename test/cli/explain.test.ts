/** `flowlamp explain` as users run it. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SHIPPED_INPUTS, SHIPPED_MODEL } from '../support/shipped-model.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, jsonRows, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const demo = sample('demo.pcap');
const run = (...args: string[]) => flowlamp(args, { cwd: folder.path });
const explain = (...args: string[]) => run('explain', ...args);

interface Report {
  readonly flow: Record<string, unknown>;
  readonly rows: readonly Record<string, unknown>[];
  readonly verdict: string;
  readonly score: number;
  readonly risk: number;
  readonly evidence: readonly unknown[];
  readonly model: string;
  readonly in_scope: boolean;
  readonly probabilities: Record<string, number>;
  readonly effects: {
    readonly method: string;
    readonly label: string;
    readonly base: number;
    readonly log_odds: number;
    readonly inputs: readonly { name: string; contribution: number; typical: Record<string, unknown> }[];
  };
  readonly timeline: { readonly messages: readonly Record<string, unknown>[] };
}

async function report(...args: string[]): Promise<Report> {
  const { code, stdout } = await explain(...args, '-f', 'json', '--quiet');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

let scored: Record<string, unknown>[];

beforeAll(async () => {
  scored = jsonRows((await run('score', demo, '-f', 'jsonl', '--quiet')).stdout);
});
afterAll(() => folder.remove());

test('the verdict and its evidence are those of score, whichever flow it is', async () => {
  for (const row of scored.slice(0, 3)) {
    const found = await report(demo, '--flow', String(row['flow_id']));
    for (const name of ['flow_id', 'community_id', 'src_ip', 'first_seen', 'sni'] as const) {
      expect(found.flow[name], name).toEqual(row[name]);
    }
    for (const name of ['predicted', 'score', 'verdict', 'risk', 'evidence', 'model'] as const) {
      expect((found as unknown as Record<string, unknown>)[name], name).toEqual(row[name]);
    }
  }
});

test('base and contributions of all inputs are the log-odds of the score, and each input has what is typical', async () => {
  const { effects, probabilities } = await report(demo, '--flow', '10.19.7.208:52138');
  const sum = effects.inputs.reduce((total, { contribution }) => total + contribution, effects.base);
  expect(effects).toMatchObject({ method: 'shapley', label: 'mining', against: 'other', note: null });
  expect(sum).toBeCloseTo(effects.log_odds, 9);
  expect(sum).toBeCloseTo(Math.log(probabilities['mining']! / probabilities['other']!), 4);
  expect(effects.inputs).toHaveLength(SHIPPED_INPUTS);
  expect(effects.inputs.every(({ typical }) => Object.keys(typical).join() === 'mining,other')).toBe(true);
});

test('captures, all kinds of tables and standard input are explained alike', async () => {
  const id = String(scored[3]!['flow_id']);
  const direct = await report(demo, '--flow', id);
  for (const ending of ['arrow', 'parquet', 'csv', 'jsonl']) {
    await run('extract', demo, '-o', `demo.${ending}`);
    expect(await report(`demo.${ending}`, '--flow', id), ending).toEqual(direct);
  }
  const piped = await flowlamp(['explain', '-', '--flow', id, '-f', 'json', '--quiet'], { input: readFileSync(demo) });
  expect({ ...JSON.parse(piped.stdout), flow: 0, rows: 0 }).toEqual({ ...direct, flow: 0, rows: 0 });
  expect(await report(demo, '--flow', id, '--jobs', '2')).toEqual(direct);
});

test('without --flow the riskiest flow is explained, and said to be', async () => {
  const { code, stdout, stderr } = await explain(demo);
  const [riskiest] = [...scored].sort(
    (a, b) => Number(b['risk']) - Number(a['risk']) || Number(b['score']) - Number(a['score']),
  );
  expect(code).toBe(0);
  expect(stderr).toMatch(/^no --flow was given: of 16 rows this is the riskiest\nothers: \d+ \(/);
  expect(stdout).toMatch(`flow ${riskiest!['flow_id']}, part 0 (end) of `);
  expect(stdout).not.toMatch('\x1b');
});

test('the text tells verdict, evidence, inputs, groups and messages', async () => {
  const { stdout } = await explain(demo, '--flow', '10.19.7.165:59203', '--top', '3', '--quiet');
  expect(stdout).toContain(`\nverdict: mining, risk 10 of 10, by ${SHIPPED_MODEL}\n`);
  expect(stdout).toMatch(/^ {2}\+\d\.\d\d {2}behaviour: Packet sizes and times look like mining/m);
  expect(stdout).toMatch(/^ {2}input +this flow +typical of mining +typical of other +log-odds$/m);
  expect([...stdout.matchAll(/^ {2}\w+ .* [+-]\d\.\d\d {2}[+-]+$/gm)]).toHaveLength(3);
  expect(stdout).toMatch(new RegExp(`^ {2}and ${SHIPPED_INPUTS - 3} more inputs together [+-]\\d\\.\\d\\d$`, 'm'));
  expect(stdout).toMatch(/^ {2}by group: \w+ [+-]\d/m);
  expect(stdout).toMatch(/^ +0\.020 s +243 B +-+> +TLS handshake 238$/m);
  expect(stdout).toMatch(/^ +\. \. \. 11 s of silence \. \. \.$/m);
  expect(stdout).toMatch(/^ +58\.915 s +378 B \[A\] +<-+ +TLS data 373$/m);
  expect(stdout).toMatch(/^ {2}\[A\] 378 B from the responder 4 times, /m);
});

test('rows of one flow are told, and a part is chosen by its number', async () => {
  const cut = [demo, '--flow', '10.19.7.165:59203', '--active-timeout', '60'];
  const { stderr } = await explain(...cut);
  expect(stderr).toMatch(/^the flow has \d rows: part 0 \(end\) \w+ 0\.\d\d, part 1 .*--part chooses another$/m);
  expect((await report(...cut, '--part', '1')).flow).toMatchObject({ part: 1, row_kind: 'end' });
  const early = await explain(demo, '--flow', '10.19.7.165:59203', '--emit', 'prefix:10', '--emit', 'end');
  expect(early.stderr).toMatch(
    /^the flow has 2 rows: part 0 \(prefix\) .*part 0 \(end\) .*--emit decides which there are$/m,
  );
  expect((await report(demo, '--flow', '10.19.7.165:59203', '--emit', 'prefix:10')).flow).toMatchObject({
    row_kind: 'prefix',
  });
});

test('a flow that the model does not speak of is said to be one', async () => {
  const silent = scored.find(({ evidence }) => JSON.stringify(evidence).includes('the model needs'));
  const base = ['--flow', String(silent?.['flow_id'] ?? scored[0]!['flow_id'])];
  const prefix = silent === undefined ? ['--emit', 'prefix:1'] : [];
  const { stdout } = await explain(demo, ...base, ...prefix, '--quiet');
  expect(stdout).toMatch(/^verdict: unknown, risk 0 of 10/m);
  expect(stdout).toMatch(/the model does not speak of such a flow: this is what its score would be made of/);
});

test('the drawing is well-formed XML with a bar for each input and a mark for each message', async () => {
  const { code, stdout } = await explain(
    demo,
    '--flow',
    '10.19.7.165:59203',
    '--top',
    '5',
    '--svg',
    'flow.svg',
    '--quiet',
  );
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^flow /)]);
  const drawing = await parsed(readFileSync(folder.at('flow.svg'), 'utf8'));
  const tips = Array.from(drawing.querySelectorAll('rect > title, circle > title'), (title) => title.textContent ?? '');
  expect(tips.filter((tip) => /^\w+ = .*; typical of mining: .*; typical of other: /.test(tip))).toHaveLength(5);
  expect(tips.filter((tip) => /^\d+\.\d{6} s: [\d,]+ B from the (initiator|responder)/.test(tip))).toHaveLength(15);
  const alone = await explain(demo, '--flow', '10.19.7.165:59203', '--top', '5', '-f', 'svg', '--quiet');
  expect(alone.stdout).toBe(readFileSync(folder.at('flow.svg'), 'utf8'));
});

interface Jsdom {
  readonly JSDOM: new (
    text: string,
    options: { contentType: string },
  ) => { readonly window: { readonly document: Drawing } };
}

/** What of a document is asked here; the package has no types. */
interface Drawing {
  querySelectorAll(selector: string): ArrayLike<{ readonly textContent: string | null }>;
  readonly documentElement: { readonly textContent: string | null };
}

/** @throws where the text is no XML */
async function parsed(text: string) {
  const { JSDOM } = (await import('jsdom' as string)) as Jsdom;
  return new JSDOM(text, { contentType: 'image/svg+xml' }).window.document;
}

test('names from captures steer neither a terminal nor a browser', async () => {
  const row = scored[1]!;
  const evil = {
    ...row,
    sni: `\x1b]0;owned\x07<script>alert("1")</script>\u202e\ud800&\u0085\ufffe`,
    capture: 'a\nb\x1b[2J<b>',
  };
  writeFileSync(folder.at('evil.jsonl'), `${JSON.stringify(evil)}\n`);
  const text = await explain('evil.jsonl', '--svg', 'evil.svg');
  expect(text.code).toBe(0);
  const unsafe = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;
  expect(text.stdout + text.stderr).not.toMatch(unsafe);
  expect(text.stdout).toContain('\\x1b]0;owned\\x07');
  const json = await explain('evil.jsonl', '-f', 'json', '--quiet');
  expect(json.stdout).not.toMatch(unsafe);
  expect((JSON.parse(json.stdout) as Report).flow['capture']).toBe(evil.capture);
  const svg = readFileSync(folder.at('evil.svg'), 'utf8');
  expect(svg).not.toMatch(unsafe);
  const drawing = await parsed(svg);
  expect(drawing.querySelectorAll('script, b')).toHaveLength(0);
  expect(drawing.documentElement.textContent).toContain('<script>alert("1")</script>');
});

test('the format follows the ending of the output, and strange endings are refused', async () => {
  await explain(demo, '--quiet', '-o', 'why.json');
  expect(JSON.parse(readFileSync(folder.at('why.json'), 'utf8'))).toMatchObject({ format_version: 1 });
  await explain(demo, '--quiet', '-o', 'why.svg');
  expect(readFileSync(folder.at('why.svg'), 'utf8')).toMatch(/^<svg /);
  await explain(demo, '--quiet', '-o', 'why.txt');
  expect(readFileSync(folder.at('why.txt'), 'utf8')).toMatch(/^flow /);
  expectFailure(await explain(demo, '-o', 'why.pcap'), 'FORMAT_UNKNOWN');
  expectFailure(await explain(demo, '--svg', '-'), 'OPTION_INVALID');
  expectFailure(await explain(demo, '-o', 'same.svg', '--svg', 'same.svg'), 'OPTION_INVALID');
  cpSync(demo, folder.at('own.pcap'));
  expectFailure(await explain('own.pcap', '-f', 'text', '-o', 'own.pcap'), 'OUTPUT_UNWRITABLE');
  expectFailure(await explain('own.pcap', '--svg', 'own.pcap'), 'OUTPUT_UNWRITABLE');
  expectNoRemains(folder.path);
});

test('what cannot be explained is refused in one line', async () => {
  const near = String(scored[2]!['flow_id']).slice(0, -1);
  const missing = await explain(demo, '--flow', near);
  expectFailure(missing, 'NOTHING_FOUND');
  expect(missing.stderr).toMatch(`perhaps ${scored[2]!['flow_id']} (`);
  expectFailure(await explain(demo, '--part', '9'), 'NOTHING_FOUND');
  expectFailure(await explain(demo, '--for', 'nobody'), 'OPTION_INVALID');
  expectFailure(await explain(demo, '-m', 'nobody'), 'MODEL_NOT_FOUND');
  await run('extract', demo, '--columns', 'flow_id,src_ip', '-o', 'thin.csv');
  expectFailure(await explain('thin.csv'), 'SCHEMA_MISMATCH');
  // A capture with a header and no packets: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
  writeFileSync(folder.at('empty.pcap'), Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'));
  const empty = await explain('empty.pcap');
  expectFailure(empty, 'NOTHING_FOUND');
  expect(empty.stderr).toMatch('there is no flow in empty.pcap');
  writeFileSync(folder.at('zero.pcap'), '');
  expectFailure(await explain('zero.pcap'), 'FILE_EMPTY');
});

test('a table without identities is explained if it can be told which row is meant', async () => {
  const inputs = (JSON.parse(readFileSync('models/zoo/mining/card.json', 'utf8')) as { inputs: { name: string }[] })
    .inputs;
  await run('extract', demo, '--columns', inputs.map(({ name }) => name).join(','), '-o', 'bare.arrow');
  const { code, stdout } = await explain('bare.arrow', '--quiet');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^messages: the table has no columns payload_sizes and payload_times_us$/m);
  expectFailure(await explain('bare.arrow', '--flow', '7'), 'COLUMN_MISSING');
});

test('a model whose card is of an older version is explained without what is typical', async () => {
  const zoo = JSON.parse(readFileSync('models/zoo/mining/card.json', 'utf8'));
  delete zoo.metrics.classQuantiles;
  cpSync('models/zoo/mining', folder.at('old'), { recursive: true });
  writeFileSync(folder.at('old/card.json'), JSON.stringify(zoo));
  const { code, stdout } = await explain(demo, '-m', 'old', '--quiet', '--svg', 'old.svg');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}the model's card does not say what is typical of each class$/m);
  expect(stdout).toMatch(/^ {2}input +this flow +log-odds$/m);
  expect(readFileSync(folder.at('old.svg'), 'utf8')).toContain('typical of mining: not known');
});

test('a wrong --flow, --part or --top is a wrong command line', async () => {
  for (const wrong of [['--flow', 'foo'], ['--part', '-1'], ['--top', '0'], ['-f', 'csv'], ['--flow']]) {
    const { code, stdout } = await explain(demo, ...wrong);
    expect([code, stdout], wrong.join(' ')).toEqual([2, '']);
  }
});
