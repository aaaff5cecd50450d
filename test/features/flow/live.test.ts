/** A live source may be silent: then the wall clock ends flows, exactly as the next packet would have. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Table } from '../../../core/table.ts';
import { CaptureReader } from '../../../features/capture/reader.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { type ExtractOptions, Extractor } from '../../../features/extractor.ts';
import { type Row, rowsOf } from '../../support/rows.ts';
import { rowsOfScript, script } from './flow-capture.ts';

/** An extractor that has had the packets of the script, and the rows that it gives. */
function listening(text: string, options: ExtractOptions = {}): { extractor: Extractor; rows: Row[] } {
  const rows: Row[] = [];
  const extractor = new Extractor('test.pcap', nodeDigests, (batch) => rows.push(...rowsOf(batch)), options);
  const reader = new CaptureReader('test.pcap', extractor);
  reader.write(script(text));
  return { extractor, rows };
}

const UDP = '1 high > low UDP 0 3\n2 low > high UDP 0 5';
const CLOSED = '1 client > server SYN 1\n2 server > client RST 1';

describe.each([
  ['idle for its timeout', UDP, 122],
  ['closed', CLOSED, 7],
])('a flow that was %s', (_, text, seconds) => {
  const later = rowsOfScript(`${text}\n500 10.0.0.7:5000 > 10.0.0.8:6000 UDP`)[0];

  test('gives the same row by the wall clock as by a later packet, at once', () => {
    const { extractor, rows } = listening(text);
    extractor.advance((seconds - 0.001) * 1e6);
    expect(rows).toEqual([]);
    extractor.advance((seconds + 0.001) * 1e6);
    expect(rows).toEqual([later]);
    extractor.finish();
    expect(rows).toHaveLength(1);
  });

  test('gives it however often the clock ticks, and however long it was stopped', () => {
    const ticking = listening(text);
    for (let tick = 2; tick <= 600; tick += 0.5) ticking.extractor.advance(tick * 1e6);
    const stopped = listening(text);
    stopped.extractor.advance(1e12);
    expect([ticking.rows, stopped.rows]).toEqual([[later], [later]]);
  });
});

test('a flow that is only long is not cut while it is silent: the next packet does that', () => {
  const { extractor, rows } = listening(UDP, { activeTimeout: 10 });
  extractor.advance(50e6);
  expect(rows).toEqual([]);
});

test('interval rows come by the wall clock too', () => {
  const emit = { end: false, prefixes: [], intervalUs: 5e6 };
  const { extractor, rows } = listening(UDP, { emit });
  extractor.advance(6.5e6);
  extractor.advance(60e6);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ row_kind: 'interval', fwd_packets: 1, bwd_packets: 1, end_reason: null });
});

describe('rows of flows that go on', () => {
  const emit = { end: true, prefixes: [2], intervalUs: 5e6 };
  const text = '1 high > low UDP 0 3\n2 low > high UDP 0 5\n7 high > low UDP 0 3';

  test('wait for their turn, or leave with the packet that they were waiting for', () => {
    const kinds = ({ rows, extractor }: ReturnType<typeof listening>) => {
      extractor.flush();
      return rows.map((row) => row['row_kind']);
    };
    expect(kinds(listening(text, { emit }))).toEqual(['prefix']);
    expect(kinds(listening(text, { emit: { ...emit, areUrgent: true } }))).toEqual(['prefix', 'interval']);
  });

  test('nor do ends wait for a flow that is silent and may have to be cut, where rows are urgent', () => {
    // Whether `high` is cut at 10 s, before the other flow's end at 11, only its next packet says.
    const silent = '0 high > low UDP\n4 high > low UDP\n6 10.0.0.7:5000 > 10.0.0.8:6000 UDP\n8 high > low UDP';
    const ends = (areUrgent: boolean) => {
      const options = {
        activeTimeout: 10,
        idleTimeout: 5,
        emit: { end: true, prefixes: [], intervalUs: null, areUrgent },
      };
      const { extractor, rows } = listening(silent, options);
      extractor.advance(12.9e6);
      const early = rows.length;
      extractor.finish();
      return [early, rows.length];
    };
    expect([ends(false), ends(true)]).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });

  test('are the same rows', () => {
    const sorted = (options: ExtractOptions) => {
      const { extractor, rows } = listening(text, options);
      extractor.finish();
      return rows
        .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}` : value)))
        .sort();
    };
    expect(sorted({ emit: { ...emit, areUrgent: true } })).toEqual(sorted({ emit }));
  });

  test.each(['train-01', 'test-02'])('are the same rows of %s, whatever they say of protocols', (name) => {
    const capture = gunzipSync(readFileSync(new URL(`../../../datasets/samples/${name}.pcap.gz`, import.meta.url)));
    const sorted = (areUrgent: boolean) => {
      const rows: string[] = [];
      const take = (batch: Table) =>
        void rows.push(
          ...rowsOf(batch).map((row) =>
            JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
          ),
        );
      const looks = { end: true, prefixes: [5, 20], intervalUs: 10e6, areUrgent };
      const extractor = new Extractor('test.pcap', nodeDigests, take, { emit: looks });
      const reader = new CaptureReader('test.pcap', extractor);
      reader.write(capture);
      reader.finish();
      extractor.finish();
      return rows.sort();
    };
    const urgent = sorted(true);
    expect(urgent).toEqual(sorted(false));
    expect(urgent.length).toBeGreaterThan(100);
  });
});

test('a wall clock that goes back, or behind the packets, changes nothing', () => {
  const { extractor, rows } = listening(UDP);
  extractor.advance(60e6);
  extractor.advance(0);
  extractor.advance(121e6);
  expect(rows).toEqual([]);
  expect(extractor.counters.outOfOrderPackets).toBe(0);
  expect(extractor.finish().rows).toBe(1);
  expect(rows[0]).toMatchObject({ end_reason: 'eof', duration_us: 1e6 });
});

test.each(['train-01', 'train-02', 'test-02'])('rows of %s that are handed on early keep their order', (name) => {
  const capture = gunzipSync(readFileSync(new URL(`../../../datasets/samples/${name}.pcap.gz`, import.meta.url)));
  const handedOn = (pieceBytes: number) => {
    const ids: unknown[] = [];
    const take = (batch: Table) => void ids.push(...rowsOf(batch).map((row) => `${row['flow_id']}/${row['part']}`));
    const extractor = new Extractor('test.pcap', nodeDigests, take);
    const reader = new CaptureReader('test.pcap', extractor);
    for (let at = 0; at < capture.length; at += pieceBytes) {
      reader.write(capture.subarray(at, at + pieceBytes));
      extractor.flush();
    }
    const early = ids.length;
    reader.finish();
    extractor.finish();
    return { early, ids };
  };
  const whole = handedOn(capture.length);
  for (const pieceBytes of [3000, 50_000]) {
    const { early, ids } = handedOn(pieceBytes);
    expect(early).toBeGreaterThan(20);
    expect(ids).toEqual(whole.ids);
  }
});

test('who asks often gets few rows at a time: flows that end one after the other do not come a second of them at once', () => {
  const opening = Array.from(
    { length: 300 },
    (_, i) => `${i / 100} 10.1.${i >> 8}.${i & 255}:5000 > 10.2.0.1:6000 UDP`,
  );
  const later = Array.from({ length: 400 }, (_, i) => `${3 + i / 100} high > low UDP`);
  const capture = script([...opening, ...later].join('\n'));
  const sizes: number[] = [];
  const take = (batch: Table) => void sizes.push(batch.length);
  const extractor = new Extractor('test.pcap', nodeDigests, take, { idleTimeout: 2 });
  const reader = new CaptureReader('test.pcap', extractor);
  const record = (capture.length - 24) / (opening.length + later.length);
  for (let at = 0; at < capture.length; at += record) {
    reader.write(capture.subarray(at, at + record));
    extractor.flush();
  }
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(opening.length);
  expect(Math.max(...sizes)).toBeLessThan(5);
});

test.each([
  [1_000, [256, 256, 256, 232]],
  // 40 times, until the first is a second late.
  [12_000, [...new Array<number>(40).fill(256), 1_760]],
])(
  'of %i flows that fell silent at once some end at a time: rows of others do not wait behind them all',
  (crowdSize, expected) => {
    const crowd = Array.from({ length: crowdSize }, (_, i) => `1 10.1.${i >> 8}.${i & 255}:5000 > 10.2.0.1:6000 UDP`);
    const others = Array.from({ length: 140 }, (_, i) => `${1 + i / 40} high > low UDP`);
    const capture = script([...crowd, ...others].join('\n'));
    const record = (capture.length - 24) / (crowd.length + others.length);
    const sizes: number[] = [];
    const emit = { end: true, prefixes: [], intervalUs: null, areUrgent: true };
    const options = { idleTimeout: 2, emit };
    const extractor = new Extractor('test.pcap', nodeDigests, (batch) => void sizes.push(batch.length), options);
    const reader = new CaptureReader('test.pcap', extractor);
    for (let at = 0; at < capture.length; at += record) {
      reader.write(capture.subarray(at, at + record));
      extractor.flush();
    }
    expect(sizes).toEqual(expected);
  },
);
