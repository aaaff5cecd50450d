/** The thread of packets breaks: it is started again, rows go on, and status, readiness and log say so. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { sample } from '../../cli/run.ts';
import { cutBefore, rowsOf, runHere, scratch, soon } from './support.ts';

const demo = readFileSync(sample('demo.pcap'));

/** Threads that this process starts from here on. */
function startedThreads(): Worker[] {
  const threads: Worker[] = [];
  const add = (worker: Worker) => void threads.push(worker);
  process.on('worker', add);
  onTestFinished(() => void process.off('worker', add));
  return threads;
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('it is started again with its capturing program, counts go on, and /readyz is 503 meanwhile', async () => {
  const folder = scratch();
  const [first, rest] = cutBefore(demo, 900) as [Uint8Array, Uint8Array];
  writeFileSync(folder.at('1.pcap'), first);
  writeFileSync(folder.at('2.pcap'), Buffer.concat([demo.subarray(0, 24), rest]));
  const program = folder.at('tcpdump');
  const listening = 'echo "tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes" >&2';
  writeFileSync(
    program,
    `#!/bin/sh\ncd ${folder.path}\necho $$ >>pids\n${listening}\nif [ -e lived ]; then cat 2.pcap; else touch lived; cat 1.pcap; fi\nwhile :; do sleep 0.05; done\n`,
  );
  chmodSync(program, 0o755);
  const out = folder.at('out.jsonl');
  const threads = startedThreads();
  const { sidecar, stop, log } = await runHere({
    source: { kind: 'interface', interface: 'eth0', program },
    flows: { emit: ['end', 'prefix:5'] },
    sinks: [{ type: 'jsonl', path: out, kinds: ['rows', 'record'] }],
    http: { port: 0 },
    statusSeconds: 60,
  });
  const ready = async () => {
    const response = await fetch(`${sidecar.url}/readyz`);
    const { status, source } = (await response.json()) as { status: string; source: string };
    return [response.status, status, source];
  };
  const metrics = async () => (await fetch(`${sidecar.url}/metrics`)).text();
  await soon(metrics).toMatch(/^flowlamp_packets_total 900$/m);
  expect(await ready()).toEqual([200, 'ready', 'running']);
  const rowsBefore = rowsOf(out).length;
  expect(rowsBefore).toBeGreaterThan(0);

  await threads[0]!.terminate();
  await soon(ready).toEqual([503, 'not ready', 'failed']);
  await soon(metrics).toMatch(/^flowlamp_packets_total 2245$/m);
  expect(await ready()).toEqual([200, 'ready', 'running']);
  expect(await metrics()).toMatch(/^flowlamp_source_restarts_total 1$/m);
  expect(log.text()).toMatch(/error: the thread of packets broke; flows are lost .*"againInMs":1000/);
  const pids = readFileSync(folder.at('pids'), 'utf8').trim().split('\n').map(Number);
  expect(pids).toHaveLength(2);
  // A capturing program that nobody reads must not live on.
  await soon(() => isAlive(pids[0]!)).toBe(false);
  await stop();
  expect(rowsOf(out).length).toBeGreaterThan(rowsBefore);
  const status = rowsOf(out).findLast(({ record }) => record === 'status');
  expect(status).toMatchObject({ packets: 2_245, sourceRestarts: 1, liveFlows: 0 });
});

test('where the source has an end, a thread that breaks ends the run', async () => {
  const threads = startedThreads();
  const folder = scratch();
  const { ended, log } = await runHere({
    source: { kind: 'replay', inputs: [sample('demo.pcap')], speed: 300 },
    flows: { emit: ['end', 'prefix:1'] },
    sinks: [{ type: 'jsonl', path: folder.at('out.jsonl') }],
  });
  await soon(() => rowsOf(folder.at('out.jsonl')).length).toBeGreaterThan(0);
  await threads[0]!.terminate();
  await expect(ended).rejects.toThrow('the thread that reads packets ended by itself');
  expect(log.text()).toMatch(/info: stopped .*"source":"failed"/);
});

test('a program that cannot capture at all ends the run, with its reason', async () => {
  const folder = scratch();
  const program = folder.at('tcpdump');
  writeFileSync(program, '#!/bin/sh\necho "tcpdump: eth7: No such device exists" >&2\nexit 1\n');
  chmodSync(program, 0o755);
  const { ended, log } = await runHere({
    source: { kind: 'interface', interface: 'eth7', program },
    sinks: [{ type: 'jsonl', path: folder.at('out.jsonl') }],
  });
  await expect(ended).rejects.toThrow(/does not capture on eth7: eth7: No such device exists.*correct --interface/);
  expect(log.text()).not.toMatch(/it is started again|flows are lost/);
});
