/** Community IDs of the extractor's rows, ICMP and SCTP among them, against the published baseline. */
import { describe, expect, test } from 'vitest';
import { compareCommunityIds, unlistedIds } from '../../../oracle/community-rows.ts';
import { hasSharedData } from '../../../support/shared-data.ts';

describe.skipIf(!hasSharedData)('Community ID', () => {
  test('rows bear every identifier of the baseline whose capture is at hand', () => {
    const tally = compareCommunityIds();
    expect([...tally.figures.keys()].sort()).toEqual(['rows of ICMP', 'rows of ICMPv6', 'rows of SCTP', 'rows of TCP']);
    expect(tally.differences).toEqual([]);
  });

  test("rows of the baseline's own captures bear no other", () => {
    expect(unlistedIds()).toEqual([]);
  });
});
