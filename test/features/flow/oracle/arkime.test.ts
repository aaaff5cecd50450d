/** Sessions, packets, bytes, flags and times against Arkime's recorded sessions. */
import { describe, expect, test } from 'vitest';
import { compareArkime, extraConversations } from '../../../oracle/arkime-compare.ts';
import { EXTRA } from '../../../oracle/arkime-reasons.ts';
import { arkimeNames } from '../../../oracle/arkime-sessions.ts';
import { hasSharedData } from '../../../support/shared-data.ts';

/**
 * Data in a SYN from port 0 to port 0, then a segment 250 MB further on in the sequence: Arkime counts no payload of it,
 * the IP and TCP headers announce 8 bytes each.
 */
const UNEXPLAINED = ['tcpseq_synthetic: 6 0.0.3.0 0 30.0.0.0 0: payload bytes each way'];

describe.skipIf(!hasSharedData)('Arkime', () => {
  const tally = hasSharedData ? compareArkime() : null;

  test('has more than 450 conversations to compare', () => {
    expect(tally!.figures.get('packets each way')!.compared).toBeGreaterThan(450);
  });

  test('agrees on every conversation but for reasons that are written down', () => {
    expect(tally!.unexplained.map(({ where, what }) => `${where}: ${what}`)).toEqual(UNEXPLAINED);
  });

  test('agrees on the TCP flags of every conversation', () => {
    expect(tally!.differences.filter(({ what }) => what === 'TCP flags')).toEqual([]);
  });

  test('has a session for every conversation of ours but for reasons that are written down', () => {
    expect(arkimeNames().flatMap(extraConversations).sort()).toEqual(Object.keys(EXTRA).sort());
  });
});
