/** One feed: what it lists now, and how it is brought up to date without ever losing the last good copy. */
import { basename } from 'node:path';
import { safeText } from '../evidence/safe-text.ts';
import { type FeedCounts, FeedRefused, type ReadFeed } from './feed-builder.ts';
import type { FeedCache, FeedCopy } from './feed-cache.ts';
import { type FetchOptions, fetchFeed, isUrl } from './fetch-feed.ts';
import type { ListPolicy } from './indicator.ts';
import type { IndicatorTable } from './indicator-table.ts';
import { POISON } from './limits.ts';
import { readFeedApart } from './read-apart.ts';

/** How an attempt to bring a feed up to date ended. */
export type FeedOutcome =
  | { readonly kind: 'loaded'; readonly counts: FeedCounts }
  /** The copy at hand is right, or so young that nobody was asked. */
  | { readonly kind: 'unchanged' }
  /** Nothing usable came; `isServing` where a copy from before is used on. */
  | { readonly kind: 'failed'; readonly reason: string; readonly isRefused: boolean; readonly isServing: boolean };

export interface FeedParts {
  readonly cache: FeedCache | null;
  readonly policy: ListPolicy;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A copy younger than this is used without asking, ms. */
  readonly freshMs: number;
  readonly fetchOptions?: FetchOptions;
}

export class Feed {
  /** Path or URL. */
  readonly source: string;
  /** What findings call it: without the folders, and without the query of a URL, which may hold a key. */
  readonly name: string;
  readonly #parts: FeedParts;
  #table: IndicatorTable | null = null;
  #copy: Omit<FeedCopy, 'bytes'> | null = null;

  constructor(source: string, parts: FeedParts) {
    this.source = source;
    this.name = nameOf(source);
    this.#parts = parts;
  }

  /** What the feed lists; null before the first good copy. */
  get table(): IndicatorTable | null {
    return this.#table;
  }

  /** When its server last confirmed what is used, ms since 1970; null for files, and before the first good copy. */
  get fetchedAt(): number | null {
    return this.#copy?.fetchedAt ?? null;
  }

  /** The cached copy first, then the source, unless the copy is fresh. */
  async open(): Promise<FeedOutcome> {
    const copy = isUrl(this.source) ? (this.#parts.cache?.load(this.source) ?? null) : null;
    if (copy !== null) await this.#adopt(copy);
    const age = this.#parts.now() - (this.#copy?.fetchedAt ?? Number.NEGATIVE_INFINITY);
    return age >= 0 && age < this.#parts.freshMs ? { kind: 'unchanged' } : this.refresh();
  }

  /** Asks the source. Whatever comes, what was good before stays until something better is read to its end. */
  async refresh(): Promise<FeedOutcome> {
    const { now, fetchOptions } = this.#parts;
    try {
      const fetched = await fetchFeed(this.source, this.#copy, fetchOptions);
      if (fetched === null) {
        this.#confirm();
        return { kind: 'unchanged' };
      }
      const read = await readFeedApart(fetched.bytes, this.#parts.policy);
      checkChange(this.#table?.count ?? 0, read.table.count);
      this.#keep({ ...fetched, fetchedAt: now(), kept: read.table.count }, read);
      return { kind: 'loaded', counts: read.counts };
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== 'FeedRefused' && name !== 'FeedUnreadable' && name !== 'JsonRefused') throw error;
      return { kind: 'failed', reason: message, isRefused: name !== 'FeedUnreadable', isServing: this.#table !== null };
    }
  }

  /** A copy that is no longer accepted, by newer bounds perhaps, is as good as none. */
  async #adopt(copy: FeedCopy): Promise<void> {
    try {
      this.#table = (await readFeedApart(copy.bytes, this.#parts.policy)).table;
      const { bytes: _, ...head } = copy;
      this.#copy = head;
    } catch {
      this.#table = null;
    }
  }

  #keep(copy: FeedCopy, { table }: ReadFeed): void {
    this.#table = table;
    if (!isUrl(this.source)) return;
    const { bytes: _, ...head } = copy;
    this.#copy = head;
    this.#parts.cache?.save(this.source, copy);
  }

  /** The server says that nothing has changed: the copy is as young as that. */
  #confirm(): void {
    const copy = this.#parts.cache?.load(this.source) ?? null;
    if (this.#copy !== null) this.#copy = { ...this.#copy, fetchedAt: this.#parts.now() };
    if (copy !== null) this.#parts.cache?.save(this.source, { ...copy, fetchedAt: this.#parts.now() });
  }
}

/** A list does not become ten times as long or as short between two looks, unless something went wrong with it. */
function checkChange(before: number, after: number): void {
  if (before < POISON.changeRows && after < POISON.changeRows * POISON.changeFactor) return;
  if (before === 0) return;
  const grows = after > before * POISON.changeFactor;
  if (!grows && after * POISON.changeFactor >= before) return;
  throw new FeedRefused(`${grows ? 'has grown' : 'has shrunk'} from ${before} to ${after} indicators at once`);
}

function nameOf(source: string): string {
  if (!isUrl(source)) return safeText(basename(source));
  if (!URL.canParse(source)) return safeText(source);
  const { host, pathname } = new URL(source);
  return safeText(`${host}${pathname}`);
}
