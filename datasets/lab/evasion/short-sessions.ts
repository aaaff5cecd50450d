/**
 * Short sessions: the client leaves and comes back rather than stay. Strength 1 is one minute, about as long as most web sessions;
 * in between the length is interpolated on a logarithmic scale, and sessions that are shorter anyway stay as they are.
 */
import { SECOND_US } from '../dialogue/message.ts';
import type { Evasion } from './evasion.ts';

const SHORTEST_US = 60 * SECOND_US;

export const shortSessions: Evasion = {
  name: 'short-sessions',
  scope: 'session',
  suits: () => true,
  settings(settings, strength) {
    const { durationUs } = settings;
    if (durationUs <= SHORTEST_US) return settings;
    return { ...settings, durationUs: Math.round(durationUs * (SHORTEST_US / durationUs) ** strength) };
  },
};
