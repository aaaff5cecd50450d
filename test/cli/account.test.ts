/** How captures are accounted for: every kind of drop by name, every warning with what, how many and why. */
import { expect, test } from 'vitest';
import { accountLine, DROP_TEXTS, dropsText, reportFaults } from '../../cli/captures.ts';
import type { Console } from '../../cli/console.ts';
import { CaptureReader } from '../../features/capture/reader.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import { Extractor } from '../../features/extractor.ts';
import { DROP_NAMES } from '../../features/packet/packet.ts';
import { hex } from '../support/bytes.ts';
import { pcap } from '../support/captures.ts';
import { ethernet, ip, udp } from '../support/frames.ts';

function summaryOf(bytes: Uint8Array): CaptureSummary {
  const extractor = new Extractor('test', nodeDigests, () => undefined);
  const reader = new CaptureReader('test', extractor);
  reader.write(bytes);
  return { capture: reader.finish(), compression: 'none', counters: extractor.finish() };
}

function warningsOf(summary: CaptureSummary): string[] {
  const lines: string[] = [];
  reportFaults('x.pcap', summary, false, { warn: (line: string) => lines.push(line) } as unknown as Console);
  return lines;
}

const datagram = udp('10.0.0.1:4000', '10.0.0.2:53', hex('00'));
const arp = hex('ffffffffffff 000000000001 0806 0001');
const igmp = ethernet(ip(2, Uint8Array.of(10, 0, 0, 1), Uint8Array.of(224, 0, 0, 1), hex('11000000')));

test('every counter of drops has words', () => {
  expect(Object.keys(DROP_TEXTS)).toEqual(DROP_NAMES.slice(1));
  expect(dropsText(Object.fromEntries(DROP_NAMES.slice(1).map((name) => [name, 0])))).toBe('');
});

test('ordinary traffic outside of flows is named in the summary and not warned of', () => {
  const summary = summaryOf(pcap([datagram, arp, igmp, arp].map((bytes, at) => ({ at, bytes }))));
  expect(accountLine([summary, summary], 1)).toBe(
    '2 captures: 2 packets, 6 more in no flow (4 not IP, 2 neither TCP, UDP, SCTP nor ICMP); 2 flows; 1.00 s',
  );
  expect(warningsOf(summary)).toEqual([]);
});

test('damage is warned of with what, how many and where', () => {
  const cut = datagram.subarray(0, 30);
  const bytes = pcap([datagram, cut].map((frame, at) => ({ at, bytes: frame, wireLength: datagram.length })));
  expect(warningsOf(summaryOf(bytes.subarray(0, -1)))).toEqual([
    'x.pcap: cut off in the middle of a record after 1 packet; read up to there',
  ]);
  expect(warningsOf(summaryOf(bytes))).toEqual(['x.pcap: 1 packet cut off within a header']);
});

test('a link type that is not read is named', () => {
  expect(warningsOf(summaryOf(pcap([{ at: 1, bytes: datagram }], { linkType: 147 })))).toEqual([
    'x.pcap: 1 packet of a link type that is not read (147)',
  ]);
});
