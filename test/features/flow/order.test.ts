import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { extractRows } from '../../support/rows.ts';
import { rowsOfScript, script } from './flow-capture.ts';

const initiators = (rows: readonly Record<string, unknown>[]) => rows.map((row) => row['src_ip']);

describe('rows come in the order in which flows end', () => {
  test('an idle flow ends at its last packet plus the timeout, a closed one at its RST', () => {
    const rows = rowsOfScript(
      `1  10.0.0.1:5000 > 10.0.0.9:80 UDP
       10 10.0.0.2:5000 > 10.0.0.9:80 RST
       12 10.0.0.3:5000 > 10.0.0.9:80 RST
       60 10.0.0.4:5000 > 10.0.0.9:80 UDP`,
      { idleTimeout: 10 },
    );
    expect(initiators(rows)).toEqual(['10.0.0.2', '10.0.0.1', '10.0.0.3', '10.0.0.4']);
  });

  test('a cut part ended at its start plus the active timeout, before what ended until its next packet', () => {
    const rows = rowsOfScript(
      `0  10.0.0.1:5000 > 10.0.0.9:80 UDP
       11 10.0.0.2:5000 > 10.0.0.9:80 RST
       25 10.0.0.1:5000 > 10.0.0.9:80 UDP`,
      { activeTimeout: 10 },
    );
    expect(rows.map((row) => [row['src_ip'], row['end_reason']])).toEqual([
      ['10.0.0.1', 'active'],
      ['10.0.0.2', 'rst'],
      ['10.0.0.1', 'eof'],
    ]);
  });

  test('what ends at the same time comes by flow id, at the end of the capture too', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `10 10.0.0.1:${5000 + i} > 10.0.0.9:80 UDP`).join('\n');
    for (const [reason, text] of [
      ['eof', lines],
      ['idle', `${lines}\n500 10.0.0.1:9 > 10.0.0.9:9 UDP`],
      ['rst', lines.replaceAll('UDP', 'RST')],
    ]) {
      const ids = rowsOfScript(text!)
        .filter((row) => row['end_reason'] === reason)
        .map((row) => Number(row['flow_id']));
      expect(ids).toHaveLength(20);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
    }
  });
});

describe('times out of order', () => {
  const TEXT = `10 high > low UDP 0 1
                12 high > low UDP 0 2
                11 low > high UDP 0 3
                13 high > low UDP 0 4`;

  test('are counted and tolerated', () => {
    const { rows, counters } = extractRows(script(TEXT));
    expect(counters).toMatchObject({ outOfOrderPackets: 1, flows: 1, packets: 4 });
    expect(rows[0]).toMatchObject({
      duration_us: 3e6,
      flow_iat_min_us: 0,
      flow_iat_max_us: 2e6,
      flow_iat_mean_us: 1e6,
    });
  });

  test('gaps of a side never add up to more than the duration', () => {
    const [row] = rowsOfScript('10 high > low UDP\n 15 high > low UDP\n 11 high > low UDP\n 16 high > low UDP');
    expect(row).toMatchObject({ duration_us: 6e6, fwd_iat_mean_us: 2e6, fwd_iat_max_us: 5e6, fwd_iat_min_us: 0 });
  });

  test('a packet older than the first makes the flow begin earlier, under the same flow id', () => {
    const [alone] = rowsOfScript('10 high > low UDP');
    const [row] = rowsOfScript('10 high > low UDP\n 9 high > low UDP\n 12 high > low UDP');
    expect(row).toMatchObject({ first_seen: '1970-01-01T00:00:09.000000000Z', duration_us: 3e6 });
    expect(row!['flow_id']).toBe(alone!['flow_id']);
  });

  test('a jump back does not hold up what ends after it', () => {
    const rows = rowsOfScript(
      `1000 high   > low    UDP
       1    client > server UDP
       1200 10.0.0.8:5000 > 10.0.0.9:80 UDP`,
    );
    expect(rows.map((row) => row['end_reason'])).toEqual(['idle', 'idle', 'eof']);
  });
});

describe('flow ids', () => {
  test('are the same in every run and below 2^53', () => {
    const text = '10.000001 high > low UDP';
    expect(rowsOfScript(text)[0]!['flow_id']).toBe(rowsOfScript(text)[0]!['flow_id']);
    // Written down so that a change of the hash, which breaks joins with tables made before, is noticed.
    expect(rowsOfScript(text)[0]!['flow_id']).toBe(3_051_029_451_191_902);
  });

  test('do not depend on who is seen first, or on the link', () => {
    const there = rowsOfScript('10.000001 high > low UDP')[0]!['flow_id'];
    expect(rowsOfScript('10.000001 low > high UDP')[0]!['flow_id']).toBe(there);
  });

  test('differ with time, ports and addresses', () => {
    const prng = new Prng('flow ids');
    const ids = new Set<unknown>();
    const lines = Array.from(
      { length: 3000 },
      (_, i) => `${i} 10.0.${prng.below(9)}.1:${1024 + i} > 10.0.0.2:${prng.below(1000)} UDP`,
    );
    for (const row of rowsOfScript(lines.join('\n'))) {
      ids.add(row['flow_id']);
      expect(Number.isSafeInteger(row['flow_id'])).toBe(true);
    }
    expect(ids.size).toBe(3000);
  });
});
