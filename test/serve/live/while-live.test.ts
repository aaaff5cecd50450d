/** Verdicts while flows live, what ends them while the source is silent, and what HTTP says meanwhile. */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CaptureReader } from '../../../features/capture/reader.ts';
import { verifyEvidence } from '../../../serve/keep/evidence-files.ts';
import { LOG_NAME, sha256Of } from '../../../serve/keep/evidence-log.ts';
import { flowlamp, jsonRows, sample } from '../../cli/run.ts';
import { pcap } from '../../support/captures.ts';
import { udp } from '../../support/frames.ts';
import { cutBefore, fifo, rowSet, rowsOf, runHere, runThrough, scored, scratch, soon } from './support.ts';

const demo = readFileSync(sample('demo.pcap'));

/** A FIFO that stays open for writing until the test is over. */
function feed(): { readonly path: string; write(bytes: Uint8Array): void; end(): void } {
  const path = fifo(scratch().at('packets'));
  // For reading and writing: opening does not wait for a reader then.
  let fd: number | null = openSync(path, 'r+');
  const end = () => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  onTestFinished(end);
  const write = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd!, bytes, at, Math.min(4_096, bytes.length - at));
  };
  return { path, write, end };
}

interface Body {
  readonly status: string;
  readonly verdicts: readonly Record<string, unknown>[];
}

async function get(url: string, path: string): Promise<{ status: number; body: Body; text: string }> {
  const response = await fetch(`${url}${path}`);
  const text = await response.text();
  return {
    status: response.status,
    text,
    body: text.startsWith('{') ? JSON.parse(text) : { status: '', verdicts: [] },
  };
}

test('a verdict and an alert come while the flow is open; a silent source lets idle flows end by the wall clock', async () => {
  const { path, write, end } = feed();
  const out = scratch().at('out.jsonl');
  const { sidecar, ended } = await runHere({
    source: { kind: 'pcap', path },
    flows: { emit: ['end', 'prefix:5'], idleTimeout: 3 },
    sinks: [{ type: 'jsonl', path: out, kinds: ['rows', 'alert'] }],
    http: { port: 0 },
  });
  const url = sidecar.url!;
  // Packets of the first seconds of a miner, moved together so that it does not pause longer than the idle timeout.
  const miner = hastened(demo, '10.19.7.165');
  const [opening] = cutBefore(miner, 12) as [Uint8Array];
  write(opening);
  await soon(() => rowsOf(out).filter((row) => row['row_kind'] === 'prefix' && row['alert'] === undefined).length).toBe(
    1,
  );
  const { body } = await get(url, '/v1/verdicts');
  expect(body.verdicts.map((row) => row['row_kind'])).toContain('prefix');
  expect((await get(url, '/readyz')).body).toMatchObject({ status: 'ready', source: 'running' });
  // The thread of packets tells of its counts once a second.
  await soon(async () => (await get(url, '/metrics')).text).toMatch(/^flowlamp_flows_live 1$/m);
  // Nothing more comes, and the pipe stays open.
  await soon(() => rowsOf(out).filter((row) => row['row_kind'] === 'end').length).toBe(1);
  expect(rowsOf(out).find((row) => row['row_kind'] === 'end')).toMatchObject({ end_reason: 'idle' });
  end();
  await ended;
});

/** The packets between a host and its peers, a tenth of a second apart. */
function hastened(capture: Uint8Array, host: string): Uint8Array {
  const address = host.split('.').map(Number);
  const frames: { at: number; bytes: Uint8Array }[] = [];
  const is = (view: DataView, at: number) => address.every((byte, i) => view.getUint8(at + i) === byte);
  const reader = new CaptureReader('demo', {
    frame: (view, at, end) => {
      if (end - at < 34 || view.getUint16(at + 12) !== 0x0800) return;
      if (!is(view, at + 26) && !is(view, at + 30)) return;
      const bytes = new Uint8Array(view.buffer, view.byteOffset + at, end - at).slice();
      frames.push({ at: 1_700_000_000 + frames.length / 10, bytes });
    },
  });
  reader.write(capture);
  reader.finish();
  return pcap(frames);
}

test('what HTTP says agrees with the rows; the model is read again, and feedback is kept for train', async () => {
  const { path, write, end } = feed();
  const folder = scratch();
  const [out, feedback] = [folder.at('out.jsonl'), folder.at('feedback.jsonl')];
  const { sidecar, ended } = await runHere({
    source: { kind: 'pcap', path },
    flows: { emit: ['end', 'prefix:5'] },
    sinks: [{ type: 'jsonl', path: out, kinds: ['rows', 'alert', 'record'] }],
    http: { port: 0 },
    feedback,
  });
  const url = sidecar.url!;
  expect((await get(url, '/readyz')).status).toBeTypeOf('number');
  write(demo);
  const batch = await scored(sample('demo.pcap'), '--emit', 'end', '--emit', 'prefix:5');
  // Flows that end with the capture alone are still open.
  await soon(() => rowsOf(out).filter((row) => row['row_kind'] === 'end').length).toBeGreaterThan(8);
  await soon(async () => (await get(url, '/metrics')).text).toMatch(/^flowlamp_packets_total 2245$/m);
  const rows = rowsOf(out).filter((row) => row['row_kind'] !== undefined && row['alert'] === undefined);
  const { text } = await get(url, '/metrics');
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'gm'))].reduce((all, [, n]) => all + Number(n), 0);
  expect(sum('flowlamp_rows_total')).toBe(rows.length);
  const { body } = await get(url, '/v1/verdicts?limit=1000');
  const shown = body.verdicts.filter((row) => row['alert'] === undefined);
  expect(shown.length).toBe(rows.length);

  const reloaded = await fetch(`${url}/v1/model/reload`, { method: 'POST' });
  expect([reloaded.status, await reloaded.text()]).toEqual([200, expect.stringContaining('mining')]);

  for (const [i, row] of rows.filter(({ row_kind }) => row_kind === 'end').entries()) {
    const word = { flow_id: row['flow_id'], row_kind: 'end', label: i % 2 === 0 ? 'mining' : 'other' };
    const said = await fetch(`${url}/v1/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(word),
    });
    expect(said.status, await said.text()).toBe(200);
  }
  end();
  await ended;
  expect(rowSet(readFileSync(out, 'utf8'))).toEqual(rowSet(batch));
  const labelled = jsonRows(readFileSync(feedback, 'utf8'));
  expect(labelled.map(({ label }) => label)).toContain('mining');
  const extracted = await flowlamp(['score', feedback, '-f', 'jsonl', '--quiet']);
  expect([extracted.code, jsonRows(extracted.stdout).length]).toEqual([0, labelled.length]);
  // A few flows make no model worth having, but one that is whole and judges flows.
  const model = folder.at('model');
  const few = ['--group-by', 'flow_id', '--folds', '2', '--min-payload-packets', '1', '--rounds', '5'];
  const trained = await flowlamp(['train', feedback, '-o', model, ...few, '--quick', '--no-audit', '--quiet']);
  expect(trained.code, trained.stderr).toBe(0);
  const judged = await flowlamp(['score', feedback, '-m', model, '-f', 'jsonl', '--quiet']);
  expect(judged.code, judged.stderr).toBe(0);
  const given = jsonRows(judged.stdout).map(({ flow_id, label, model: name }) => [flow_id, label, name]);
  expect(given).toEqual(labelled.map(({ flow_id, label }) => [flow_id, label, 'model@1']));
});

test('packets of alerting flows are kept, as they were; records of all kinds come; state is written and read', async () => {
  const folder = scratch();
  const [out, evidence, state] = [folder.at('out.jsonl'), folder.at('evidence'), folder.at('state.json')];
  const config = {
    source: { kind: 'replay', inputs: [sample('demo.pcap')], speed: 0 },
    sinks: [{ type: 'jsonl', path: out, kinds: ['alert', 'record'] }],
    evidence: { folder: evidence },
    alerts: { perDay: 1_000 },
    state,
    statusSeconds: 60,
  } as const;
  const { log } = await runThrough(config);
  const lines = rowsOf(out);
  const alerts = lines.filter(({ alert }) => alert !== undefined);
  expect(new Set(lines.map(({ record }) => record))).toEqual(new Set([undefined, 'change', 'host', 'status']));
  expect(await verifyEvidence(evidence)).toMatchObject({ isWhole: true, faults: [] });
  const status = lines.findLast(({ record }) => record === 'status')!;
  expect(status['hosts']).toMatchObject({ clients_given_up: 0, pairs_given_up: 0 });
  expect(status['evidenceHead']).toMatch(/^[0-9a-f]{64}$/);
  // Told once more when the last file was written: then it is that of the log's last line.
  const lastLine = readFileSync(join(evidence, LOG_NAME), 'utf8').trimEnd().split('\n').at(-1)!;
  expect(log.text()).toMatch(new RegExp(`info: stopped .*"evidenceHead":"${sha256Of(lastLine)}"`));
  const files = readdirSync(evidence).filter((name) => name.endsWith('.pcapng'));
  expect(files.length).toBeGreaterThanOrEqual(alerts.length);
  const whole = new Set<string>();
  const kept: string[] = [];
  const texts = (into: (text: string) => void) => ({
    frame: (view: DataView, at: number, frameEnd: number) =>
      into(Buffer.from(view.buffer, view.byteOffset + at, frameEnd - at).toString('base64')),
  });
  const all = new CaptureReader(
    'demo',
    texts((text) => whole.add(text)),
  );
  all.write(demo);
  for (const name of files) {
    const reader = new CaptureReader(
      name,
      texts((text) => kept.push(text)),
    );
    reader.write(readFileSync(join(evidence, name)));
    reader.finish();
  }
  expect(kept.length).toBeGreaterThan(50);
  expect(kept.filter((text) => !whole.has(text))).toEqual([]);
  expect(log.text()).not.toMatch(/^(error|warn):/m);

  const written = readFileSync(state, 'utf8');
  expect(Object.keys(JSON.parse(written))).toEqual(['version', 'budget', 'drift']);
  await runThrough(config);
  expect(readFileSync(state, 'utf8')).not.toBe(written);
  writeFileSync(state, '{"version":1,"budget":[1,{}],"drift":"?"}');
  await runThrough(config);
});

test('inputs that differ from the reference and a budget of alerts show in what a replay tells', async () => {
  const out = scratch().at('out.jsonl');
  const prefixes = Array.from({ length: 30 }, (_, i) => `prefix:${i + 1}`);
  await runThrough({
    source: { kind: 'replay', inputs: [sample('demo.pcap')], speed: 0 },
    // Many looks at each flow: a comparison takes a thousand rows.
    flows: { emit: ['end', 'interval:1', ...prefixes] },
    sinks: [{ type: 'jsonl', path: out, kinds: ['alert', 'record'], policy: 'block' }],
    alerts: { perDay: 1 },
    driftSeconds: 366 * 86_400,
    statusSeconds: 60,
  });
  const lines = rowsOf(out);
  const [drift, ...more] = lines.filter(({ record }) => record === 'drift');
  expect(more).toEqual([]);
  expect(drift!['rows']).toBeGreaterThan(1_000);
  expect(drift!['time']).toMatch(/^2025-03-22T/);
  expect(drift!['inputs_drifted']).toBeGreaterThan(0);
  expect(drift!['most']).toHaveLength(5);
  expect(drift!['sentence']).toMatch(/^Of \d+ inputs of mining@/);

  // Two flows prove by their messages that they mine, which is more than the budget: those are told, and nothing else is.
  const alerts = lines.filter(({ alert }) => alert !== undefined);
  expect(alerts).toHaveLength(2);
  for (const { evidence } of alerts) expect(evidence).toContainEqual(expect.objectContaining({ source: 'protocol' }));
  expect(lines.find(({ event }) => event === 'budget_overrun')).toMatchObject({ alerts_per_day: 1, proven_per_day: 2 });
  const desk = lines.findLast(({ record }) => record === 'status')!['desk'] as Record<string, number>;
  expect(desk).toMatchObject({ alerts: 2 });
  expect(desk['below_budget']).toBeGreaterThan(0);
});

test('a capturing program that is killed is started again, told and counted, and flows go on', async () => {
  const folder = scratch();
  const [first, rest] = cutBefore(demo, 900) as [Uint8Array, Uint8Array];
  writeFileSync(folder.at('1.pcap'), first);
  writeFileSync(folder.at('2.pcap'), Buffer.concat([demo.subarray(0, 24), rest]));
  const program = folder.at('tcpdump');
  const listening = 'echo "tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes" >&2';
  // Its second life brings what is left.
  writeFileSync(
    program,
    `#!/bin/sh\ncd ${folder.path}\necho $$ >>pids\n${listening}\nif [ -e lived ]; then cat 2.pcap; else touch lived; cat 1.pcap; fi\nwhile :; do sleep 0.05; done\n`,
  );
  chmodSync(program, 0o755);
  const out = folder.at('out.jsonl');
  const { sidecar, stop, log } = await runHere({
    source: { kind: 'interface', interface: 'eth0', program },
    flows: { emit: ['end'] },
    sinks: [{ type: 'jsonl', path: out }],
    http: { port: 0 },
  });
  const metrics = async () => (await get(sidecar.url!, '/metrics')).text;
  await soon(metrics).toMatch(/^flowlamp_packets_total 900$/m);
  process.kill(Number(readFileSync(folder.at('pids'), 'utf8').trim()), 'SIGKILL');
  await soon(metrics).toMatch(/^flowlamp_packets_total 2245$/m);
  expect(await metrics()).toMatch(/^flowlamp_source_restarts_total 1$/m);
  expect(log.text()).toMatch(/warn: .*was ended by signal 9; it is started again/);
  await stop();
  expect(rowSet(readFileSync(out, 'utf8'))).toEqual(rowSet(await scored(sample('demo.pcap'))));
});

test('a clock that steps back within packets: every flow has its row, as in the batch', async () => {
  const folder = scratch();
  const path = folder.at('clock.pcap');
  const frames = Array.from({ length: 400 }, (_, i) => ({
    at: 1_700_000_000 + (i < 200 ? i : i - 100_000),
    bytes: udp(`10.0.0.${1 + (i % 7)}:${2_000 + (i % 11)}`, '10.9.9.9:53', Uint8Array.of(i & 255, 1, 2)),
  }));
  writeFileSync(path, pcap(frames));
  const out = folder.at('out.jsonl');
  appendFileSync(out, '');
  await runThrough({
    source: { kind: 'replay', inputs: [path], speed: 0 },
    flows: { emit: ['end', 'prefix:5'] },
    sinks: [{ type: 'jsonl', path: out }],
  });
  expect(rowSet(readFileSync(out, 'utf8'))).toEqual(rowSet(await scored(path, '--emit', 'end', '--emit', 'prefix:5')));
});
