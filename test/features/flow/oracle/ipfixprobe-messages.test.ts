/** Histograms and bursts against ipfixprobe's plug-ins `phists` and `bstats`. */
import { describe, expect, test } from 'vitest';
import { compareProbeMessages } from '../../../oracle/ipfixprobe-messages.ts';
import { hasSharedData } from '../../../support/shared-data.ts';

describe.skipIf(!hasSharedData)('ipfixprobe', () => {
  test('has the same histograms and bursts, but where a flow has more messages than are kept', () => {
    const tally = compareProbeMessages();
    expect(tally.unexplained).toEqual([]);
    expect(tally.figures.get('payload sizes, 8 bins')).toMatchObject({ compared: 68, equal: 68 });
    expect(tally.figures.get('gaps, 8 bins')).toMatchObject({ compared: 68, equal: 68 });
    expect(tally.figures.get('bursts: number, mean packets, mean bytes, longest')).toMatchObject({
      compared: 10,
      equal: 9,
    });
  });
});
