/** Connections, packets, bytes, direction and duration against Zeek's connection logs. */
import { describe, expect, test } from 'vitest';
import { compareZeek } from '../../../oracle/zeek-compare.ts';
import { hasSharedData } from '../../../support/shared-data.ts';

describe.skipIf(!hasSharedData)('Zeek', () => {
  const tally = hasSharedData ? compareZeek() : null;

  test('has more than 125 conversations to compare', () => {
    expect(tally!.figures.get('packets each way')!.compared).toBeGreaterThan(125);
  });

  test('agrees on every conversation but for reasons that are written down', () => {
    expect(tally!.unexplained).toEqual([]);
  });
});
