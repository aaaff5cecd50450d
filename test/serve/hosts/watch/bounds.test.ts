/** What is watched is bounded, and what is given up is counted. */
import { expect, test } from 'vitest';
import { HOST_LIMITS } from '../../../../serve/hosts/limits.ts';
import type { SeenFlow } from '../../../../serve/hosts/seen-flow.ts';
import { pushesOf } from '../../../../serve/hosts/watch/pushes.ts';
import { ScanWatch } from '../../../../serve/hosts/watch/scans.ts';
import { StormWatch } from '../../../../serve/hosts/watch/storms.ts';
import { Synchrony } from '../../../../serve/hosts/watch/synchrony.ts';
import { Row } from '../../../../serve/records/row.ts';
import { scoredTable, tlsFlow } from '../../../support/scored-rows.ts';

function seen(said: Partial<SeenFlow>): SeenFlow {
  return {
    client: '10.0.0.1',
    server: '192.0.2.9',
    port: 22,
    name: null,
    firstSeen: 0n,
    lastSeen: 0n,
    isFirstPart: true,
    isLastPart: true,
    isTcp: true,
    isSsh: false,
    beganAt: 0,
    seconds: 1,
    fwdPackets: 5,
    bwdPackets: 5,
    fwdBytes: 300,
    bwdBytes: 300,
    fwdPayloadBytes: 30,
    bwdPayloadBytes: 30,
    verdict: 'unknown',
    isPositive: false,
    score: null,
    risk: 0,
    evidence: [],
    ...said,
  };
}

/** A flow whose server pushes `count` times, ten seconds apart. */
function pushes(client: string, server: string, count: number) {
  const times = Array.from({ length: count }, (_, i) => i * 10e6);
  const cells = { ...tlsFlow, payload_sizes: times.map(() => -253), payload_times_us: times };
  return pushesOf(new Row(scoredTable([[cells]]), 0), seen({ client, server }));
}

test('a scan beyond the bound is told as the bound, whatever its length', () => {
  const watch = new ScanWatch();
  let most: ReadonlyMap<string, number> | null = null;
  for (let i = 0; i < 20_000; i++) most = watch.add(seen({ beganAt: i / 1_000, server: `192.0.2.${i}` }));
  expect(most).toEqual(new Map([['ssh', HOST_LIMITS.scanEvents]]));
});

test('clients and endpoints that are too many are given up and counted', () => {
  const [scans, storms, synchrony] = [new ScanWatch(4), new StormWatch(4), new Synchrony(4)];
  for (let i = 0; i < 10; i++) {
    const flow = seen({ client: `10.0.0.${i}` });
    scans.add(flow);
    storms.add({ ...flow, port: 443 });
    synchrony.add(pushes('10.0.0.1', `192.0.2.${i}`, 5)!);
  }
  expect([scans.dropped, storms.dropped, synchrony.dropped]).toEqual([6, 6, 6]);
});

test('of a row with more messages than the extractor writes, only so many are looked at', () => {
  expect(pushes('10.0.0.1', '192.0.2.9', 5)?.timesUs).toHaveLength(4);
  expect(pushes('10.0.0.1', '192.0.2.9', 3)).toBeNull();
  expect(pushes('10.0.0.1', '192.0.2.9', 5_000)?.timesUs).toHaveLength(31);
});
