/** Packet time in seconds: what windows and quiet periods are counted in. */
import type { Row } from '../records/row.ts';

/** When the row's last packet came, seconds since 1970; 0 where it does not say. */
export function secondsOf(row: Row): number {
  return Number(row.time('last_seen') ?? 0n) / 1e9;
}

/** The last moment that a Date can be, less a year. */
const LAST_SECONDS = 8.6e12;

/** RFC 3339, UTC, whole milliseconds; bounded where a clock says what no calendar has. */
export function isoSeconds(seconds: number): string {
  const bounded = Math.min(Math.max(seconds, -LAST_SECONDS), LAST_SECONDS);
  return new Date(Math.round(bounded * 1000)).toISOString();
}
