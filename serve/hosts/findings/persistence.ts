/** Persistence: the same server around the clock, or outside working hours. */
import type { Finding } from '../../../core/table.ts';
import { safeText } from '../../evidence/safe-text.ts';
import { EvidenceSource } from '../../evidence/source.ts';
import type { Hours, OffsetAt } from '../hours.ts';

/** Hours in a row, of the clock: a whole day, nights and all. */
const DAY = 24;
const DAYS = 72;
/** Hours seen, more than an evening, of which nearly all lie outside 8 to 18 o'clock. A week of evenings has 14 of 24. */
const NIGHTS = 12;
const NIGHT_SHARE = 0.8;

/** Devices and services never pause either, so these are hints. */
const WEIGHTS = { days: 0.7, day: 0.4, nights: 0.3 } as const;

/** What the hours of a client with a server say, null where they say nothing. */
export function persistenceFinding(hours: Hours, offsetAt: OffsetAt, server: string): Finding | null {
  const share = hours.nightShare(offsetAt);
  const [count, longest] = [hours.count, hours.longest];
  const percent = `${Math.round(share * 100)} % of them outside 8 to 18 o'clock`;
  if (longest >= DAY) {
    const text = `Around the clock with ${safeText(server)}: ${longest} hours in a row, ${count} in all, ${percent}; people pause, miners and devices do not.`;
    return found(text, longest >= DAYS ? WEIGHTS.days : WEIGHTS.day);
  }
  if (count < NIGHTS || share < NIGHT_SHARE) return null;
  return found(`Outside working hours with ${safeText(server)}: ${count} hours, ${percent}.`, WEIGHTS.nights);
}

function found(finding: string, weight: number): Finding {
  return { source: EvidenceSource.Host, finding, weight };
}
