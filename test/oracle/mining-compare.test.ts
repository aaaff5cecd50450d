/** The mining witness beside its slow twin: on what the lab generates, and on recorded sessions. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateCapture } from '../../datasets/lab/generate.ts';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';
import { compareMining } from './mining-compare.ts';

test('on generated captures both say the same', { timeout: 120_000 }, async () => {
  const { pcap } = await generateCapture({
    seed: 11,
    name: 'witness',
    network: 3,
    flows: 80,
    miningShare: 0.6,
    windowSeconds: 3600,
    sessionSeconds: 900,
    choice: { encapsulations: ['plain', 'http-connect', 'socks5'] },
    evasions: { share: 0 },
  });
  const path = join(tmpdir(), `flowlamp-witness-${process.pid}.pcap`);
  writeFileSync(path, pcap);
  try {
    const { compared, mining, differences } = compareMining(path);
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(60);
    expect(mining).toBeGreaterThan(25);
  } finally {
    rmSync(path);
  }
});

describe.skipIf(!hasSharedData)('on recorded captures (skipped without ../shared/data)', () => {
  test.each([
    ['labelled/mining/nesfit/eth-eu1.nanopool.org.pcapng', 1],
    ['labelled/mining/nesfit/pool.eth.pp.ua.pcapng', 1],
    ['labelled/mining/nesfit/zec-eu1.nanopool.org.pcapng', 1],
    ['labelled/mining/nesfit/cgminer.g0.pcapng', 456],
    ['labelled/mining/nesfit/cgminer.s0.pcapng', 17],
    ['labelled/mining/nesfit/cgminer.s2.pcapng', 173],
    ['labelled/mining/coiniumserv/litecoin-testnet-mini.pcapng', 11],
    ['labelled/mining/zeek-cryptomining/bitcoin-mining.pcap', 8],
    ['labelled/mining/zeek-cryptomining/coinhive-stratum.pcap', 3],
    ['oracle/ndpi/pcap/mining.pcapng', 4],
  ])('%s: both say the same of %i flows of mining and of all others', { timeout: 120_000 }, (path, flows) => {
    const { mining, differences } = compareMining(sharedPath(path));
    expect(differences).toEqual([]);
    expect(mining).toBe(flows);
  });
});
