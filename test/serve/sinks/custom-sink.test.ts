/** A user's own sink in a running sidecar: it gets what other sinks get, and neither breaks the sidecar nor holds it up. */
import { readFileSync } from 'node:fs';
// As it was compiled: threads need files.
import { type CustomSink, type Item, openSidecar, type SidecarConfig } from 'flowlamp/serve';
import { afterAll, describe, expect, test } from 'vitest';
import { CustomSinkGuard } from '../../../serve/sinks/custom-sink.ts';
import { jsonRows, sample, temporaryFolder } from '../../cli/run.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const config: SidecarConfig = { source: { kind: 'replay', inputs: [sample('demo.pcap')], speed: 0 }, http: false };
const record: Item = { kind: 'record', record: 'status', time: '2026-01-01T00:00:00Z', body: {} };

describe('in a sidecar', () => {
  test('it is offered every row and alert, then drained, then closed; one that throws beside it costs nothing', async () => {
    const calls: string[] = [];
    let [rows, alerts] = [0, 0];
    const sink: CustomSink = {
      name: 'mine',
      offer: (item) => {
        if (item.kind === 'rows') rows += item.rows.length;
        if (item.kind === 'alert') alerts++;
        calls.push('offer');
      },
      drain: async () => void calls.push('drain'),
      close: async () => void calls.push('close'),
    };
    const broken: CustomSink = {
      name: 'broken',
      offer: () => {
        throw new Error('no');
      },
      drain: () => Promise.reject(new Error('no')),
      close: () => Promise.reject(new Error('no')),
    };
    const path = folder.at('all.jsonl');
    const file = { type: 'jsonl', path, kinds: ['rows', 'alert'] } as const;
    const sidecar = await openSidecar({ ...config, sinks: [file] }, { sinks: [broken, sink] });
    await sidecar.run();
    const told = jsonRows(readFileSync(path, 'utf8'));
    expect(alerts).toBeGreaterThan(1);
    expect(alerts).toBe(told.filter((line) => 'alert' in line).length);
    expect(rows).toBe(told.filter((line) => !('alert' in line)).length);
    expect(calls.filter((call) => call !== 'offer')).toEqual(['drain', 'close']);
    expect(calls.indexOf('drain')).toBe(calls.lastIndexOf('offer') + 1);
  });

  test('it cannot have the name of another', async () => {
    const sink = { name: 'jsonl-1', offer: () => undefined };
    const named = { type: 'jsonl', path: folder.at('x.jsonl'), name: 'jsonl-1' } as const;
    const refusal = { code: 'OPTION_INVALID', message: expect.stringContaining('two sinks are called jsonl-1') };
    await expect(openSidecar({ ...config, sinks: [named] }, { sinks: [sink] })).rejects.toMatchObject(refusal);
    await expect(openSidecar(config, { sinks: [sink, sink] })).rejects.toMatchObject(refusal);
  });
});

describe('its guard', () => {
  test('counts what was taken and what was lost, and says why', () => {
    let isBroken = true;
    const offer = () => {
      if (isBroken) throw new Error('the desk\nis closed');
    };
    const guard = new CustomSinkGuard({ name: 'x', offer }, { sourceIsLive: false });
    guard.offer(record);
    expect(guard.counters).toMatchObject({ accepted: 1, delivered: 0, dropped: 1, trouble: 'the desk is closed' });
    expect(guard.counters.rows).toMatchObject({ accepted: 0, dropped: 0 });
    isBroken = false;
    guard.offer(record);
    expect(guard.counters).toMatchObject({ accepted: 2, delivered: 1, dropped: 1, waiting: 0, trouble: null });
    expect(guard.room()).toBeNull();
  });

  test('waits for draining no longer than it may, and for room as long as it takes', async () => {
    let settle = () => {};
    const slow: CustomSink = {
      name: 'slow',
      offer: () => undefined,
      drain: () => new Promise(() => undefined),
      room: () => new Promise((resolve) => (settle = resolve)),
    };
    const live = new CustomSinkGuard(slow, { sourceIsLive: true });
    expect(live.isBlocking).toBe(false);
    expect(live.room()).toBeNull();
    const guard = new CustomSinkGuard(slow, { sourceIsLive: false });
    expect(guard.isBlocking).toBe(true);
    const drained = guard.drain(Number.POSITIVE_INFINITY);
    await guard.drain(20);
    await drained;
    expect(guard.counters.trouble).toBe('not done within its time');
    let hasRoom = false;
    const room = guard.room()!.then(() => {
      hasRoom = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasRoom).toBe(false);
    settle();
    await room;
    expect(hasRoom).toBe(true);
  });
});
