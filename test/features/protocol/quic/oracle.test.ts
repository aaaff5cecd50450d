/** What others read of QUIC and DTLS flows: every difference has a reason, and the reasons are in docs/conformance.md. */
import { expect, test } from 'vitest';
import { compareNdpi, compareOthers, compareZeekQuic } from '../../../oracle/quic-compare.ts';
import { hasSharedData } from '../../../support/shared-data.ts';

test.skipIf(!hasSharedData).each([
  ['nDPI', compareNdpi, 230],
  ['Zeek', compareZeekQuic, 100],
  ['Arkime, ipfixprobe and Suricata', compareOthers, 25],
])('agrees with %s but for reasons', (_, compare, least) => {
  const tally = compare();
  expect(tally.unexplained).toEqual([]);
  expect([...tally.figures.values()].reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(least);
});
