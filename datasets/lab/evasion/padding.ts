/**
 * Padding: messages are lengthened up to the next multiple of a bucket, or by a random number of bytes. Strength 1 is a bucket, or
 * at most so many random bytes, of 1,024, which makes every line of a miner one and the same length, or none like another. JSON is
 * padded with spaces or a member nobody reads, HTTP with a header, ciphertext with a frame to be ignored; other binary framings
 * have no room and stay as they are.
 */
import type { Evasion } from './evasion.ts';
import { FILLER_MIN, kindOf, kindShares, lengthened } from './filler.ts';

const BUCKET_MAX_BYTES = 1_024;

export const padding: Evasion = {
  name: 'padding',
  scope: 'session',
  suits: ({ dialogue }) => dialogue.mixedFormats === true || kindShares(dialogue).other < 0.5,
  messages(messages, strength, prng, dialogue) {
    const bucket = Math.round(strength * BUCKET_MAX_BYTES);
    if (bucket === 0) return messages;
    const toBuckets = prng.chance(0.5);
    const asField = prng.chance(0.5);
    return messages.map((message, i) => {
      const kind = kindOf(message, i, dialogue);
      if (kind === 'other') return message;
      const { length } = message.bytes;
      let count = toBuckets ? (bucket - (length % bucket)) % bucket : prng.integer(0, bucket);
      if (count === 0) return message;
      if (toBuckets) while (count < FILLER_MIN[kind]) count += bucket;
      else count = Math.max(count, FILLER_MIN[kind]);
      return { ...message, bytes: lengthened(message.bytes, kind, count, asField, prng) };
    });
  },
};
