import { expect, test } from 'vitest';
import { rowsOfScript } from './flow-capture.ts';

/** Each script is one flow; the endpoint named is its initiator. */
test.each([
  [
    'the sender of the SYN',
    '10.0.0.1:40000',
    `1 client > server SYN     1
     2 server > client SYN-ACK 9`,
  ],
  ['the sender of the SYN, even from a privileged port to a high one', '10.0.0.4:80', '1 low > high SYN 1'],
  ['the receiver of the SYN-ACK that comes first', '10.0.0.1:40000', '1 server > client SYN-ACK 9'],
  ['the receiver of the SYN-ACK, whatever the ports', '10.0.0.4:80', '1 high > low SYN-ACK 9'],
  [
    'the sender of a SYN that comes after the SYN-ACK',
    '10.0.0.1:40000',
    `1 server > client SYN-ACK 9
     2 client > server SYN     1`,
  ],
  [
    'the sender of a SYN that comes after its data',
    '10.0.0.4:80',
    `1 low > high ACK 2 10
     2 low > high SYN 1`,
  ],
  [
    'the receiver of a SYN-ACK that comes after data',
    '10.0.0.4:80',
    `1 low  > high ACK     2 10
     2 high > low  SYN-ACK 9`,
  ],
  [
    'the receiver of a SYN-ACK that comes after a RST',
    '10.0.0.4:80',
    `1 low  > high RST     2
     2 high > low  SYN-ACK 9`,
  ],
  [
    'the side with the high port, if the other is below 1024',
    '10.0.0.3:5000',
    `1 low  > high ACK 1 10
     2 high > low  ACK 1 10`,
  ],
  ['the side with the high port over UDP', '10.0.0.3:5000', '1 low > high UDP 0 10'],
  ['port 1024 is a high one', '10.0.0.1:1024', '1 10.0.0.2:1023 > 10.0.0.1:1024 UDP'],
  ['the first sender between high ports', '10.0.0.2:2000', '1 10.0.0.2:2000 > 10.0.0.1:3000 UDP'],
  ['the first sender between privileged ports', '10.0.0.2:500', '1 10.0.0.2:500 > 10.0.0.1:500 UDP'],
  [
    'the first SYN of a simultaneous open',
    '10.0.0.2:2000',
    `1 10.0.0.2:2000 > 10.0.0.1:3000 SYN 1
     2 10.0.0.1:3000 > 10.0.0.2:2000 SYN 5`,
  ],
])('fwd is %s', (_, initiator, text) => {
  const rows = rowsOfScript(text);
  expect(rows.map((row) => `${row['src_ip']}:${row['src_port']}`)).toEqual([initiator]);
});

test('every part keeps the direction that the first one learned', () => {
  const rows = rowsOfScript(
    `0 low  > high SYN 1
     9 high > low  ACK 1 10
     12 high > low  ACK 11 10`,
    { activeTimeout: 10 },
  );
  expect(rows.map((row) => [row['part'], row['src_ip'], row['fwd_packets'], row['bwd_packets']])).toEqual([
    [0, '10.0.0.4', 1, 1],
    [1, '10.0.0.4', 0, 1],
  ]);
});

test('a part that begins with the SYN-ACK learns from it', () => {
  const rows = rowsOfScript(
    `0  low  > high ACK     2 10
     12 high > low  SYN-ACK 9`,
    { activeTimeout: 10 },
  );
  expect(rows.map((row) => row['src_ip'])).toEqual(['10.0.0.3', '10.0.0.4']);
});

test('swapping the sides of every packet swaps the row', () => {
  const text = `1 client > server SYN     1
                2 server > client SYN-ACK 9
                3 client > server ACK     2 100
                4 server > client ACK    10 2000`;
  const swapped = text.replace(/client|server/g, (name) => (name === 'client' ? 'server' : 'client'));
  const [row] = rowsOfScript(text);
  const [other] = rowsOfScript(swapped);
  expect(row).toMatchObject({ src_port: 40000, fwd_payload_bytes: 100, payload_sizes: [100, -2000] });
  expect(other).toMatchObject({ src_port: 443, fwd_payload_bytes: 100, payload_sizes: [100, -2000] });
});
