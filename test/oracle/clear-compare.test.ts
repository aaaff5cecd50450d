/** HTTP, SSH and DNS against what others recorded of the same captures. */
import { describe, expect, test } from 'vitest';
import { hasSharedData } from '../support/shared-data.ts';
import { compareArkimeClear, compareNdpiNames, compareZeekServices } from './clear-compare.ts';

describe.skipIf(!hasSharedData)('HTTP, SSH and DNS (skipped without ../shared/data)', () => {
  test.each([
    ['nDPI', compareNdpiNames, 650],
    ['Arkime', compareArkimeClear, 350],
    ['Zeek', compareZeekServices, 15],
  ])('differ from %s for reasons that are written down', (_, compare, least) => {
    const tally = compare();
    expect(tally.unexplained).toEqual([]);
    const compared = [...tally.figures.values()].reduce((sum, figures) => sum + figures.compared, 0);
    expect(compared).toBeGreaterThan(least);
  });
});
