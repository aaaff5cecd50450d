/**
 * Jitter: every write is held back for a random time, in order. Strength 1 is an exponential delay of three seconds on average and
 * of fifteen at most: more, and miners run into their response timeout (20 s) and find their shares refused as stale.
 */
import { SECOND_US } from '../dialogue/message.ts';
import { inTurn } from '../dialogue/schedule.ts';
import type { Evasion } from './evasion.ts';

const MEAN_US = 3 * SECOND_US;
const LONGEST_US = 15 * SECOND_US;

export const jitter: Evasion = {
  name: 'jitter',
  scope: 'session',
  suits: () => true,
  messages(messages, strength, prng) {
    if (strength === 0) return messages;
    const meanUs = strength * MEAN_US;
    const longestUs = strength * LONGEST_US;
    const result = [...messages];
    const lastUs = { client: 0, server: 0 };
    const leaves = new Float64Array(messages.length);
    inTurn(messages, (i, dueUs) => {
      const { from, atUs, after, thinkUs, also = [] } = messages[i]!;
      // What is held back holds back what comes after it on the same side.
      const leavesUs = Math.max(dueUs + Math.min(longestUs, prng.exponential(meanUs)), lastUs[from]);
      leaves[i] = lastUs[from] = leavesUs;
      const heldUs = leavesUs - dueUs;
      const awaitedUs = (after < 0 ? also : [after, ...also]).reduce((latest, w) => Math.max(latest, leaves[w]!), 0);
      const longer = Math.max(0, Math.min(thinkUs + heldUs, leavesUs - awaitedUs));
      result[i] = { ...messages[i]!, atUs: atUs + heldUs, thinkUs: after < 0 ? thinkUs : longer };
      return leavesUs;
    });
    return result;
  },
};
