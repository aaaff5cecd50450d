/** `score --hosts` on a capture of an infected network: findings are the same from captures, tables and threads. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Frame, pcap } from '../support/captures.ts';
import { Flag, type Segment, tcp } from '../support/frames.ts';
import { keptProgram } from './kept.ts';
import { expectNoRemains, jsonRows, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const infected = folder.at('infected.pcap');

const MORNING = Date.UTC(2026, 1, 3, 9) / 1_000;

/** A frame so many seconds after nine in the morning. */
function frame(at: number, segment: Segment): Frame {
  return { at: MORNING + at, bytes: tcp(segment) };
}

/** A connection that the server refuses. */
function refused(at: number, from: string, to: string): Frame[] {
  const answer = { from: to, to: from, flags: Flag.RST | Flag.ACK, ack: 2 };
  return [frame(at, { from, to, flags: Flag.SYN, seq: 1 }), frame(at + 0.01, answer)];
}

/** A session of which the server pushes 253 bytes at these times. */
function session(at: number, from: string, to: string, pushes: readonly number[]): Frame[] {
  const frames = [
    frame(at, { from, to, flags: Flag.SYN, seq: 1 }),
    frame(at + 0.01, { from: to, to: from, flags: Flag.SYN | Flag.ACK, seq: 1, ack: 2 }),
    frame(at + 0.02, { from, to, seq: 2, ack: 2, payload: new Uint8Array(260) }),
    frame(at + 0.04, { from: to, to: from, seq: 2, ack: 262, payload: new Uint8Array(303) }),
  ];
  const jobs = pushes.map((second, i) =>
    frame(second, { from: to, to: from, seq: 305 + 253 * i, ack: 262, payload: new Uint8Array(253) }),
  );
  return [...frames, ...jobs];
}

const JOBS = [31, 64, 97.5, 141, 207, 222, 290, 371];

beforeAll(() => {
  const frames = [
    ...Array.from({ length: 60 }, (_, i) => refused(i, `10.0.0.66:${40_000 + i}`, `203.0.113.${i}:22`)),
    ...Array.from({ length: 60 }, (_, i) => refused(i, `10.0.0.67:${40_000 + i}`, `203.0.113.${i}:6379`)),
    ...Array.from({ length: 30 }, (_, i) => refused(i * 5, `10.0.0.68:${40_000 + i}`, '192.0.2.8:3333')),
    session(0, '10.0.0.1:50001', '192.0.2.9:3333', JOBS),
    session(
      7,
      '10.0.0.2:50002',
      '192.0.2.9:3333',
      JOBS.map((second) => second + 0.03),
    ),
  ];
  writeFileSync(infected, pcap(frames.flat().sort((a, b) => a.at - b.at)));
});
afterAll(() => {
  expectNoRemains(folder.path);
  folder.remove();
});

async function hostsOf(name: string, ...args: string[]): Promise<string> {
  expect((await flowlamp(['score', ...args, '--hosts', folder.at(name), '--quiet', '-f', 'csv'])).code).toBe(0);
  return readFileSync(folder.at(name), 'utf8');
}

test('scanners, clients that cannot log in, and clients that hear the same at once are told', async () => {
  const rows = jsonRows(await hostsOf('direct.jsonl', infected));
  const clients = rows.filter(({ host_kind }) => host_kind === 'client');
  const sayings = clients.map(({ client, scans, evidence }) => [
    client,
    scans,
    (evidence as { source: string; finding: string }[])
      .filter(({ source }) => source === 'host')
      .map(({ finding }) => finding.split(' ', 2).join(' ')),
  ]);
  expect(new Map(sayings.map(([client, ...found]) => [client, found]))).toEqual(
    new Map([
      ['10.0.0.66', [['ssh'], ['Scanning: 60']]],
      ['10.0.0.67', [['redis'], ['Scanning: Redis']]],
      ['10.0.0.68', [[], ['Reconnect storm:']]],
      ['10.0.0.1', [[], ['Pushes of', 'Talks to']]],
      ['10.0.0.2', [[], ['Pushes of', 'Talks to']]],
    ]),
  );
});

test('they are the same from a flow table of any kind, and with any --jobs', async () => {
  const direct = await hostsOf('again.jsonl', infected);
  for (const name of ['flows.arrow', 'flows.csv', 'flows.jsonl', 'flows.parquet']) {
    expect((await flowlamp(['extract', infected, '-o', folder.at(name), '--quiet'])).code).toBe(0);
    expect(await hostsOf('table.jsonl', folder.at(name))).toBe(direct);
  }
  const twice = [infected, infected];
  expect(await hostsOf('two.jsonl', ...twice, '--jobs', '2')).toBe(await hostsOf('one.jsonl', ...twice, '--jobs', '1'));
});

test('rows of flows that go on add nothing to what is found', async () => {
  const finding = (text: string) =>
    jsonRows(text).map(({ client, server, scans, evidence }) => ({ client, server, scans, evidence }));
  expect(finding(await hostsOf('more.jsonl', infected, '--emit', 'end', '--emit', 'prefix:5'))).toEqual(
    finding(await hostsOf('ends.jsonl', infected)),
  );
});
