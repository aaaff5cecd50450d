/** Feeds written out in tests. */
import { FeedRefused, type ReadFeed } from '../../../serve/intelligence/feed-builder.ts';
import type { ListPolicy } from '../../../serve/intelligence/indicator.ts';
import { readFeed } from '../../../serve/intelligence/read-feed.ts';

/** Two popular domains are enough. */
export const GUARDED: ListPolicy = {
  popular: new Set(['google.com', 'github.com']),
  isGuarded: true,
};

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function feedOf(text: string | Uint8Array, policy: ListPolicy = GUARDED): ReadFeed {
  return readFeed(typeof text === 'string' ? bytesOf(text) : text, policy);
}

/** Why a feed is refused; null if it is not. */
export function refusalOf(text: string | Uint8Array): string | null {
  try {
    feedOf(text);
    return null;
  } catch (error) {
    if (error instanceof FeedRefused) return error.message;
    throw error;
  }
}
