/** Packets, bytes, times, directions and the first packets with payload against ipfixprobe's flows. */
import { describe, expect, test } from 'vitest';
import { compareProbe } from '../../../oracle/ipfixprobe-compare.ts';
import { hasSharedData } from '../../../support/shared-data.ts';

describe.skipIf(!hasSharedData)('ipfixprobe', () => {
  test('agrees on every flow, to the microsecond, but for reasons that are written down', () => {
    const tally = compareProbe();
    expect(tally.figures.get('packets each way')!.compared).toBeGreaterThan(120);
    expect(tally.unexplained).toEqual([]);
  });

  // The recorded flows do not say which timeout made them: no gap in them lies between these two.
  test.each([21, 65])('an idle timeout of %i s gives the same flows', (seconds) => {
    expect(compareProbe(seconds).unexplained).toEqual([]);
  });
});
