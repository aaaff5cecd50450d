import { describe, expect, test } from 'vitest';
import { extractRows } from '../../support/rows.ts';
import { rowsOfScript, script, shapes } from './flow-capture.ts';

const HANDSHAKE = `1 client > server SYN     100
                   2 server > client SYN-ACK 900
                   3 client > server ACK     101 50`;

describe('how flows end', () => {
  test.each([
    ['at the FIN of both sides', '4 client > server FIN 151\n 5 server > client FIN 901', '3/2 fin'],
    ['not at the FIN of one side', '4 client > server FIN 151\n 5 server > client ACK 901 10', '3/2 eof'],
    ['not at two FINs of the same side', '4 client > server FIN 151\n 5 client > server FIN 151', '4/1 eof'],
    ['at a RST of the initiator', '4 client > server RST 151', '3/1 rst'],
    ['at a RST of the responder', '4 server > client RST 901', '2/2 rst'],
    ['at a RST after one FIN', '4 client > server FIN 151\n 5 server > client RST 901', '3/2 rst'],
    ['with the capture', '4 server > client ACK 901', '2/2 eof'],
  ])('%s', (_, text, shape) => {
    expect(shapes(rowsOfScript(`${HANDSHAKE}\n${text}`))).toEqual([shape]);
  });

  test('a flow of one packet is kept', () => {
    expect(shapes(rowsOfScript('1 client > server SYN 1'))).toEqual(['1/0 eof']);
    expect(shapes(rowsOfScript('1 high > low UDP'))).toEqual(['1/0 eof']);
  });

  test('the tail after FINs or a RST belongs to the flow that closed', () => {
    const tail = `4 client > server FIN 151
                  5 server > client FIN 901
                  6 client > server ACK 152
                  7 server > client RST 902`;
    expect(shapes(rowsOfScript(`${HANDSHAKE}\n${tail}`))).toEqual(['4/3 fin']);
  });

  test('five seconds after it closed, a flow has had its tail', () => {
    const text = (at: number) => `1 client > server RST 1\n ${at} client > server ACK 2`;
    expect(shapes(rowsOfScript(text(5.999999)))).toEqual(['2/0 rst']);
    expect(shapes(rowsOfScript(text(6)))).toEqual(['1/0 rst', '1/0 eof']);
  });
});

describe('idle timeout', () => {
  const gap = (seconds: number) => `10 high > low UDP\n ${10 + seconds} low > high UDP`;

  test('a gap of exactly the timeout ends the flow', () => {
    expect(shapes(rowsOfScript(gap(119.999999)))).toEqual(['1/1 eof']);
    expect(shapes(rowsOfScript(gap(120)))).toEqual(['1/0 idle', '0/1 eof']);
    expect(shapes(rowsOfScript(gap(7), { idleTimeout: 7 }))).toEqual(['1/0 idle', '0/1 eof']);
  });

  test("other flows' packets move the time", () => {
    const rows = rowsOfScript('10 high > low UDP\n 131 client > server UDP');
    expect(shapes(rows)).toEqual(['1/0 idle', '1/0 eof']);
  });

  test('0 is never', () => {
    expect(shapes(rowsOfScript(gap(1_000_000), { idleTimeout: 0, activeTimeout: 0 }))).toEqual(['1/1 eof']);
  });
});

describe('active timeout', () => {
  const beat = Array.from({ length: 10 }, (_, i) => `${i * 10} high > low UDP 0 ${i + 1}`).join('\n');

  test('cuts a flow into parts under one flow id, each counted afresh', () => {
    const rows = rowsOfScript(beat, { activeTimeout: 30 });
    expect(shapes(rows)).toEqual(['3/0 active', '3/0 active', '3/0 active', '1/0 eof']);
    expect(rows.map((row) => row['part'])).toEqual([0, 1, 2, 3]);
    expect(new Set(rows.map((row) => row['flow_id'])).size).toBe(1);
    expect(rows.map((row) => row['payload_sizes'])).toEqual([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]]);
    expect(rows.map((row) => row['payload_times_us'])).toEqual([...new Array(3).fill([0, 1e7, 2e7]), [0]]);
    expect(rows.map((row) => row['flow_iat_max_us'])).toEqual([1e7, 1e7, 1e7, null]);
    expect(rows.map((row) => row['duration_us'])).toEqual([2e7, 2e7, 2e7, 0]);
  });

  test('counts one flow, however many parts', () => {
    const { counters } = extractRows(script(beat), { activeTimeout: 30 });
    expect(counters).toMatchObject({ flows: 1, rows: 4, packets: 10 });
  });

  test('0 is never', () => {
    expect(shapes(rowsOfScript(beat, { activeTimeout: 0 }))).toEqual(['10/0 eof']);
  });

  test('a FIN of the part before still counts for closing', () => {
    const text = '0 client > server FIN 1\n 20 server > client FIN 1';
    expect(shapes(rowsOfScript(text, { activeTimeout: 15 }))).toEqual(['1/0 active', '0/1 fin']);
  });
});

describe('a port used again', () => {
  test('a SYN with another number begins a new flow', () => {
    const rows = rowsOfScript(`${HANDSHAKE}\n4 client > server SYN 7000`);
    expect(shapes(rows)).toEqual(['2/1 idle', '1/0 eof']);
    expect(new Set(rows.map((row) => row['flow_id'])).size).toBe(2);
  });

  test('after a close, any SYN begins a new flow, even with the same number', () => {
    expect(shapes(rowsOfScript(`${HANDSHAKE}\n4 client > server RST 151\n5 client > server SYN 100`))).toEqual([
      '3/1 rst',
      '1/0 eof',
    ]);
  });

  test('after one FIN, the flow before ended by it', () => {
    expect(shapes(rowsOfScript(`${HANDSHAKE}\n4 server > client FIN 901\n5 client > server SYN 7000`))).toEqual([
      '2/2 fin',
      '1/0 eof',
    ]);
  });

  test.each([
    [
      'a SYN sent again',
      '1 client > server SYN 100\n 2 client > server SYN 100\n 3 server > client SYN-ACK 1',
      '2/1 eof',
    ],
    ['a SYN that comes after the SYN-ACK', '1 server > client SYN-ACK 900\n 2 client > server SYN 100', '1/1 eof'],
    ['a SYN that comes after its data', '1 client > server ACK 101 5\n 2 client > server SYN 100', '2/0 eof'],
    ['a SYN at the end of the number space', '1 client > server ACK 0 5\n 2 client > server SYN 4294967295', '2/0 eof'],
    [
      'a SYN-ACK sent again',
      '1 client > server SYN 1\n 2 server > client SYN-ACK 5\n 3 server > client SYN-ACK 5',
      '1/2 eof',
    ],
    [
      'a SYN sent again in the next part',
      '1 client > server SYN 100\n 3000 client > server SYN 100',
      '1/0 active,1/0 eof',
    ],
  ])('%s does not', (_, text, shape) => {
    expect(shapes(rowsOfScript(text, { idleTimeout: 0 })).join()).toBe(shape);
  });
});

describe('eviction', () => {
  test('the least recently seen flow makes room', () => {
    const text = `1 high   > low    UDP
                  2 client > server UDP
                  3 high   > low    UDP
                  4 10.0.0.8:5 > 10.0.0.9:6 UDP`;
    const { rows, counters } = extractRows(script(text), { maxFlows: 2 });
    expect(rows.map((row) => [row['src_ip'], row['end_reason']])).toContainEqual(['10.0.0.1', 'evicted']);
    expect(shapes(rows).sort()).toEqual(['1/0 eof', '1/0 evicted', '2/0 eof']);
    expect(counters).toMatchObject({ evictedFlows: 1, flows: 3, packets: 4 });
  });

  test('flows that only wait for their tail go first, with their own reason', () => {
    const text = `1 high   > low    UDP
                  2 client > server RST
                  3 10.0.0.8:5 > 10.0.0.9:6 UDP`;
    expect(shapes(rowsOfScript(text, { maxFlows: 2 })).sort()).toEqual(['1/0 eof', '1/0 eof', '1/0 rst']);
  });
});
