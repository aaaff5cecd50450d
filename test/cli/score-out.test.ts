/** What `score` writes: records of other programs, hosts, and the rows asked for, in every format. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ecsFaults } from '../serve/records/ecs-fields.ts';
import { eveFaults } from '../serve/records/eve-rules.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, jsonRows, sample, samples, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const demo = sample('demo.pcap');
const flows = folder.at('demo.arrow');
let rows: Record<string, unknown>[];

beforeAll(async () => {
  const [scored] = await Promise.all([
    flowlamp(['score', demo, '-f', 'jsonl']),
    flowlamp(['extract', demo, '-o', flows]),
  ]);
  rows = jsonRows(scored.stdout);
});
afterAll(() => {
  expectNoRemains(folder.path);
  folder.remove();
});

test('EVE has a flow record for every row and an alert for every risk, all as Suricata could write them', async () => {
  const { code, stdout } = await flowlamp(['score', demo, '-f', 'eve']);
  expect(code).toBe(0);
  const records = jsonRows(stdout);
  expect(records.flatMap(eveFaults)).toEqual([]);
  const of = (type: string) => records.filter((record) => record['event_type'] === type);
  expect(of('flow').map(({ flow_id }) => flow_id)).toEqual(rows.map(({ flow_id }) => flow_id));
  expect(of('alert').map(({ flow_id }) => flow_id)).toEqual(
    rows.filter(({ verdict }) => verdict === 'mining').map(({ flow_id }) => flow_id),
  );
  expect(of('alert').length).toBeGreaterThan(0);
});

test('ECS has a document for every row, with fields of ECS only', async () => {
  const { code, stdout } = await flowlamp(['score', demo, '-f', 'ecs']);
  expect(code).toBe(0);
  const documents = jsonRows(stdout) as { flowlamp: { flow_id: number }; event: { kind: string } }[];
  expect(documents.flatMap(ecsFaults)).toEqual([]);
  expect(documents.map((document) => document.flowlamp.flow_id)).toEqual(rows.map(({ flow_id }) => flow_id));
  expect(documents.map(({ event }) => event.kind === 'alert')).toEqual(rows.map(({ verdict }) => verdict === 'mining'));
});

test('a flow table gives the records that its capture gives', async () => {
  for (const format of ['eve', 'ecs']) {
    const [direct, ofTable, piped] = await Promise.all([
      flowlamp(['score', demo, '-f', format, '--quiet']),
      flowlamp(['score', flows, '-f', format, '--quiet']),
      flowlamp(['score', '-', '-f', format, '--quiet'], { input: readFileSync(flows) }),
    ]);
    expect(ofTable).toEqual(direct);
    expect(piped).toEqual(direct);
  }
});

test('records of a table without times are refused, and nothing is written', async () => {
  await flowlamp(['score', demo, '-o', folder.at('bare.csv'), '--quiet']);
  const [head, ...lines] = readFileSync(folder.at('bare.csv'), 'utf8').split('\n');
  writeFileSync(folder.at('timeless.csv'), [head!.replace('last_seen', 'was_seen'), ...lines].join('\n'));
  for (const format of ['eve', 'ecs']) {
    const outcome = await flowlamp(['score', folder.at('timeless.csv'), '-f', format, '-o', folder.at('none.json')]);
    expectFailure(outcome, 'COLUMN_MISSING');
    expect(outcome.stderr).toContain('last_seen');
  }
  expect(existsSync(folder.at('none.json'))).toBe(false);
});

test.each(['eve', 'ecs'])('%s takes neither columns nor compression', async (format) => {
  expectFailure(await flowlamp(['score', demo, '-f', format, '--columns', 'sni']), 'OPTION_INVALID');
  expectFailure(await flowlamp(['score', demo, '-f', format, '--compress', 'zstd']), 'OPTION_INVALID');
});

const idsOf: Readonly<Record<string, (text: string) => unknown[]>> = {
  jsonl: (text) => jsonRows(text).map(({ flow_id }) => flow_id),
  csv: (text) => {
    const [head, ...lines] = text.trimEnd().split('\n');
    const at = head!.split(',').indexOf('flow_id');
    return lines.map((line) => Number(line.split(',')[at]));
  },
  eve: (text) =>
    jsonRows(text)
      .filter((record) => record['event_type'] === 'flow')
      .map(({ flow_id }) => flow_id),
  ecs: (text) => jsonRows(text).map(({ flowlamp: own }) => (own as { flow_id: number }).flow_id),
};

test.each(Object.keys(idsOf))(
  '--only, --min-score, --min-risk, --filter and --top mean the same in %s',
  async (format) => {
    const args = ['score', demo, '-f', format, '--filter', 'dst_port != 443'];
    const run = async (...more: string[]) => idsOf[format]!((await flowlamp([...args, ...more])).stdout);
    const wanted = rows.filter((row) => row['dst_port'] !== 443);
    const ids = (some: typeof rows) => some.map(({ flow_id }) => flow_id);
    const number = (row: (typeof rows)[number], name: string) => row[name] as number;
    expect(await run()).toEqual(ids(wanted));
    expect(await run('--only', 'unknown')).toEqual(ids(wanted.filter(({ verdict }) => verdict === 'unknown')));
    expect(await run('--min-score', '0.9')).toEqual(ids(wanted.filter((row) => number(row, 'score') >= 0.9)));
    expect(await run('--min-risk', '3')).toEqual(ids(wanted.filter((row) => number(row, 'risk') >= 3)));
    const riskiest = [...wanted].sort(
      (a, b) => number(b, 'risk') - number(a, 'risk') || number(b, 'score') - number(a, 'score'),
    );
    const top = await run('--top', '3');
    expect(top).toEqual(ids(riskiest.slice(0, 3)));
  },
);

test('what was left out, and by which option, is said on standard error', async () => {
  const some = await flowlamp([
    'score',
    demo,
    '-f',
    'jsonl',
    '--only',
    'other',
    '--filter',
    'dst_port != 443',
    '--top',
    '2',
  ]);
  const others = rows.filter(({ verdict }) => verdict === 'other');
  const left = others.filter((row) => row['dst_port'] !== 443);
  expect(jsonRows(some.stdout)).toHaveLength(2);
  expect(some.stderr).toContain(
    `wrote 2 of 16 rows; left out: ${16 - others.length} by --only, ${others.length - left.length} by --filter, ${left.length - 2} by --top\n`,
  );
  expect((await flowlamp(['score', demo, '-f', 'jsonl'])).stderr).not.toContain('left out');
  expect((await flowlamp(['score', demo, '-f', 'eve', '--top', '2', '--quiet'])).stderr).toBe('');
});

test('--top of a file that Arrow reads has its rows in one order, riskiest first', async () => {
  const args = ['--top', '5', '--columns', 'flow_id,risk'];
  await flowlamp(['score', demo, '-o', folder.at('top.arrow'), ...args]);
  const again = await flowlamp(['score', demo, '-f', 'jsonl', ...args]);
  const read = await flowlamp(['score', demo, '-f', 'jsonl', ...args, '--jobs', '2']);
  expect(read.stdout).toBe(again.stdout);
  expect(readFileSync(folder.at('top.arrow')).length).toBeGreaterThan(0);
  expect(jsonRows(again.stdout)).toHaveLength(5);
});

test('--fail-on asks for verdicts of all flows, whatever is shown and however', async () => {
  for (const format of ['eve', 'ecs', 'table', 'csv']) {
    const met = await flowlamp(['score', demo, '-f', format, '--only', 'other', '--top', '1', '--fail-on', 'mining']);
    expect(met.code).toBe(3);
    expect(met.stdout).not.toBe('');
  }
});

test('options that are none: a risk above 10, a time zone of nowhere', async () => {
  const [risk, zone] = await Promise.all([
    flowlamp(['score', demo, '--min-risk', '11']),
    flowlamp(['score', demo, '--hosts', folder.at('zone.csv'), '--time-zone', 'Mars/Olympus']),
  ]);
  expect([risk.code, zone.code]).toEqual([2, 2]);
  expect(risk.stderr).toContain('expected a whole number from 0 to 10.');
  expect(zone.stderr).toContain('expected a time zone of the IANA');
});

test('the table is coloured in a pipe only where FORCE_COLOR asks for it, and never in a file', async () => {
  const run = (env: Record<string, string>, ...more: string[]) =>
    flowlamp(['score', demo, '-f', 'table', ...more], { env });
  const [plain, forced] = await Promise.all([run({ FORCE_COLOR: '0' }), run({ FORCE_COLOR: '2', TERM: 'dumb' })]);
  expect(plain.stdout).not.toContain('\x1b');
  expect(plain.stdout).toMatch(/ ! mining +mining 0\.\d+ +\d+\n/);
  expect(forced.stdout).toContain('\x1b[1;38;5;208m! mining');
  const pieces = forced.stdout.split('\x1b');
  expect(pieces.map((piece, i) => (i === 0 ? piece : piece.replace(/^\[[\d;]*m/, ''))).join('')).toBe(plain.stdout);
  await run({ FORCE_COLOR: '2' }, '-o', folder.at('table.txt'));
  expect(readFileSync(folder.at('table.txt'), 'utf8')).toBe(plain.stdout);
});

test('hosts are the same from captures, tables and pipes, with any --jobs, whatever rows are shown', async () => {
  const trains = ['train-01', 'train-02'].map((name) => `${samples}${name}.pcap.gz`);
  const run = async (name: string, args: readonly string[], input?: Uint8Array) => {
    const outcome = await flowlamp(
      ['score', ...args, '--hosts', folder.at(name), '-f', 'csv', '--top', '1'],
      input === undefined ? {} : { input },
    );
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(/[\d,]+ rows of clients and pairs in /);
    return readFileSync(folder.at(name), 'utf8');
  };
  const direct = await run('direct.jsonl', [demo]);
  expect(await run('table.jsonl', [flows])).toBe(direct);
  expect(await run('piped.jsonl', ['-'], readFileSync(flows))).toBe(direct);
  expect(await run('jobs1.jsonl', [...trains, demo, '--jobs', '1'])).toBe(
    await run('jobs3.jsonl', [...trains, demo, '--jobs', '3']),
  );
  const hosts = jsonRows(direct);
  const clients = hosts.filter(({ host_kind }) => host_kind === 'client');
  expect(new Set(clients.map(({ client }) => client))).toEqual(new Set(rows.map(({ src_ip }) => src_ip)));
  expect(clients.reduce((sum, { flows: count }) => sum + (count as number), 0)).toBe(rows.length);
  expect(clients[0]).toMatchObject({ worst_verdict: 'mining', risk: 10 });
});

test.each(['csv', 'arrow', 'arrows', 'parquet', 'jsonl'])(
  'hosts are written as %s by the ending of their file',
  async (format) => {
    const path = folder.at(`hosts.${format}`);
    expect(
      (await flowlamp(['score', demo, '--hosts', path, '--quiet', '-o', folder.at(`verdicts-${format}.csv`)])).code,
    ).toBe(0);
    const bytes = readFileSync(path);
    if (format === 'csv') expect(bytes.toString()).toMatch(/^host_kind,client,server,first_seen,/);
    else if (format === 'parquet') expect(bytes.subarray(0, 4).toString()).toBe('PAR1');
    else if (format === 'arrow') expect(bytes.subarray(0, 6).toString()).toBe('ARROW1');
    else expect(bytes.length).toBeGreaterThan(500);
  },
);

test('hosts hold no address that --anonymize replaces', async () => {
  const key = folder.at('key');
  writeFileSync(key, '0123456789abcdef'.repeat(4), { mode: 0o600 });
  const path = folder.at('anonymous.jsonl');
  expect((await flowlamp(['score', demo, '--hosts', path, '--anonymize', key, '--quiet', '-f', 'eve'])).code).toBe(0);
  const text = readFileSync(path, 'utf8');
  for (const { src_ip, dst_ip } of rows) {
    expect(text).not.toContain(`"${src_ip}"`);
    expect(text).not.toContain(`"${dst_ip}"`);
  }
});

test('a file for hosts that cannot be one is refused before any work', async () => {
  const same = folder.at('same.csv');
  const cases: [string[], string][] = [
    [['--hosts', same, '-o', same], 'OPTION_INVALID'],
    [['--hosts', '-'], 'OPTION_INVALID'],
    [['--hosts', folder.at('hosts.pcap')], 'FORMAT_UNKNOWN'],
    [['--hosts', folder.at('no/such/folder.csv')], 'OUTPUT_UNWRITABLE'],
  ];
  for (const [args, code] of cases) expectFailure(await flowlamp(['score', demo, ...args]), code);
  expectFailure(await flowlamp(['score', flows, '--hosts', flows]), 'OUTPUT_UNWRITABLE');
  expect(existsSync(same)).toBe(false);
});

test('a run that fails leaves neither verdicts nor hosts behind', async () => {
  const [verdicts, hosts] = [folder.at('failed.eve'), folder.at('failed.csv')];
  const outcome = await flowlamp([
    'score',
    demo,
    folder.at('missing.pcap'),
    '-f',
    'eve',
    '-o',
    verdicts,
    '--hosts',
    hosts,
  ]);
  expectFailure(outcome, 'FILE_NOT_FOUND');
  writeFileSync(folder.at('notes.pcap'), 'no capture at all');
  const late = await flowlamp(['score', demo, folder.at('notes.pcap'), '-f', 'eve', '-o', verdicts, '--hosts', hosts]);
  expectFailure(late, 'NOT_A_CAPTURE');
  expect([verdicts, hosts].map(existsSync)).toEqual([false, false]);
});

test.each(['eve', 'ecs', 'table'])(
  '%s to a reader who leaves ends quietly; to a full disk, with one line',
  async (format) => {
    const left = await flowlamp(['score', demo, '-f', format, '--quiet'], {
      meddle: (child) => child.stdout?.destroy(),
    });
    expect([left.code, left.stderr]).toEqual([0, '']);
    if (existsSync('/dev/full'))
      expectFailure(await flowlamp(['score', demo, '-f', format, '-o', '/dev/full']), 'OUTPUT_UNWRITABLE');
  },
);
