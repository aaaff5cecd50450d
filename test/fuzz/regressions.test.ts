/** What fuzzing has found, one named test each. */
import { expect, test } from 'vitest';
import { fields } from '../support/bytes.ts';
import { pcap } from '../support/captures.ts';
import { udp } from '../support/frames.ts';
import { extractRows } from '../support/rows.ts';

test('a frame that claims 4 GiB on the wire does not turn its payload size negative', () => {
  const bytes = udp('10.0.0.1:40000', '10.0.0.2:53', fields(false, [0, 4]));
  // An IP length of 0 (segmentation offload) leaves the length to the record; so does a UDP length of 0.
  bytes.set([0, 0], 16);
  bytes.set([0, 0], 38);
  const { rows } = extractRows(pcap([{ at: 1, bytes, wireLength: 0xffff_ffff }]));
  expect(rows[0]).toMatchObject({ payload_sizes: [1024 * 1024 - 14 - 20 - 8], fwd_packets: 1 });
});
