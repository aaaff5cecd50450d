/** The same packets give the same rows, byte for byte, however they arrive: whole, in pieces, packed, or in another format. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { Table } from '../../../../core/table.ts';
import { CaptureReader } from '../../../../features/capture/reader.ts';
import { nodeDigests } from '../../../../features/digests-node.ts';
import { extractCapture } from '../../../../features/extract.ts';
import { Extractor } from '../../../../features/extractor.ts';
import { jsonLines } from '../../../../features/text/text-writer.ts';
import { FEATURES } from '../../../../features/vector/schema.ts';
import { pcapngOf } from '../../../support/pcapng-of.ts';
import { hasSharedData, sharedPath } from '../../../support/shared-data.ts';
import { readCapture } from './conversation.ts';

/** Formats, byte orders, resolutions, links, tunnels, fragments, damage, and real traffic of every kind of label. */
const CAPTURES = [
  'oracle/arkime/arkime_synthetic.pcap',
  'oracle/arkime/gtp-iphone.pcap',
  'oracle/arkime/dot1ad.pcap',
  'oracle/arkime/dns-flags0110.pcap',
  'oracle/arkime/http-content-gzip.pcap',
  'oracle/arkime/mpls-basic.pcap',
  'oracle/arkime/y2038-bgp.pcap',
  'oracle/arkime/tcpseq_synthetic.pcap',
  'oracle/community-id/pcaps/icmp6.pcap',
  'oracle/community-id/pcaps/sctp.pcap',
  'oracle/ipfixprobe/inputs/mixed.pcap',
  'oracle/ipfixprobe/inputs/vlan.pcap',
  'oracle/zeek/Traces/cisco-fabric-path.pcap',
  'oracle/zeek/Traces/radiotap.pcap',
  'oracle/zeek/Traces/ipv4/fragmented-3.pcap',
  'oracle/zeek/Traces/pcapng-multi-interface.pcapng',
  'oracle/zeek/Traces/ppp/quic-interop-retry.pcap',
  'oracle/zeek/Traces/tcp/retransmit-timeout.pcapng',
  'oracle/zeek/Traces/tcp/truncated-header.pcap',
  'oracle/zeek/Traces/tunnels/geneve-truncated.pcapng',
  'oracle/zeek/Traces/tunnels/gre-within-gre.pcap',
  'oracle/zeek/Traces/tunnels/gtp/gtp1_gn_normal_incl_fragmentation.pcap',
  'oracle/zeek/Traces/wikipedia.pcap',
  'labelled/alexa-voice/tell_me_a_joke_5_30s.pcap',
  'labelled/periodic-c2/test12-icmp-portscan.pcap',
] as const;
const PIECES = [1, 7, 1000, 4096, 65_536] as const;
/** Beyond, pieces of one byte take seconds and show nothing new. */
const SMALL_BYTES = 200_000;

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const specs = FEATURES.filter(({ name }) => name !== 'capture');
const linesOf = (batches: readonly string[]) => batches.join('');

async function fromFile(path: string): Promise<string> {
  const batches: string[] = [];
  await extractCapture(path, (batch: Table) => batches.push(jsonLines(specs, batch)));
  return linesOf(batches);
}

function inPieces(capture: Uint8Array, bytes: number): string {
  const batches: string[] = [];
  const extractor = new Extractor('-', nodeDigests, (batch) => batches.push(jsonLines(specs, batch)));
  const reader = new CaptureReader('-', extractor);
  for (let at = 0; at < capture.length; at += bytes) reader.write(capture.subarray(at, at + bytes));
  reader.finish();
  extractor.finish();
  return linesOf(batches);
}

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe.skipIf(!hasSharedData).each(CAPTURES)('%s', (name) => {
  test('whole, in pieces, as gzip and as pcapng', async () => {
    const path = sharedPath(name);
    const capture = readCapture(path);
    const rows = await fromFile(path);
    expect(rows.split('\n').length).toBeGreaterThan(1);
    for (const bytes of PIECES) {
      if (bytes > 1 || statSync(path).size <= SMALL_BYTES)
        expect(inPieces(capture, bytes) === rows, `${bytes}`).toBe(true);
    }
    expect((await fromFile(written('packed.gz', gzipSync(capture)))) === rows, 'gzip').toBe(true);
    expect((await fromFile(written('other.pcapng', pcapngOf(capture)))) === rows, 'pcapng').toBe(true);
  });
});
