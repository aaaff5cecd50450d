/** A feed while it is read: rows go in, indicators that can be used stay, and every row is counted. */
import { randomInt } from 'node:crypto';
import { type IndicatorKind, kindOfType, type ListPolicy, Refusal, readIndicator } from './indicator.ts';
import { type IndicatorFacts, IndicatorTable, NO_FACTS } from './indicator-table.ts';
import { FEED_LIMITS, POISON } from './limits.ts';

/** A feed that is not used; the message goes on with `the feed NAME`. */
export class FeedRefused extends Error {
  override readonly name = 'FeedRefused';
}

/** Where the rows of a feed went; all rows are in one of these. */
export interface FeedCounts {
  /** Lines, objects, attributes or patterns that should hold an indicator. */
  readonly rows: number;
  readonly kept: number;
  /** Not for detection by the feed's own word: revoked, deleted, or without `to_ids`. */
  readonly withdrawn: number;
  readonly refused: Readonly<Record<Refusal, number>>;
}

export interface ReadFeed {
  readonly table: IndicatorTable;
  readonly counts: FeedCounts;
}

export function tooManyRows(): FeedRefused {
  return new FeedRefused(`holds more than ${FEED_LIMITS.rows.toLocaleString('en-US')} rows`);
}

export class FeedBuilder {
  readonly #table = new IndicatorTable(randomInt(2 ** 31));
  readonly #policy: ListPolicy;
  readonly #refused: Record<Refusal, number> = {
    [Refusal.NotUnderstood]: 0,
    [Refusal.TooBroad]: 0,
    [Refusal.Special]: 0,
    [Refusal.Popular]: 0,
  };
  #rows = 0;
  #withdrawn = 0;

  constructor(policy: ListPolicy) {
    this.#policy = policy;
  }

  /**
   * One row of a type by the feed's name for it.
   *
   * @throws FeedRefused for one row too many
   */
  addTyped(type: string, value: string, facts: IndicatorFacts = NO_FACTS): void {
    const kind = kindOfType(type);
    if (kind === null) this.leaveOut();
    else this.add(kind, value, facts);
  }

  /** @param kind null to tell by the looks of the value */
  add(kind: IndicatorKind | null, value: string, facts: IndicatorFacts = NO_FACTS): void {
    this.#count();
    const read = readIndicator(kind, value, this.#policy);
    if (typeof read === 'string') {
      this.#refused[read]++;
      return;
    }
    this.#table.add(read, facts);
    if (this.#table.count > FEED_LIMITS.indicators) {
      throw new FeedRefused(`holds more than ${FEED_LIMITS.indicators.toLocaleString('en-US')} indicators`);
    }
  }

  /** A row that is not understood. */
  leaveOut(): void {
    this.#count();
    this.#refused[Refusal.NotUnderstood]++;
  }

  /** A row that the feed itself does not stand by. */
  withdraw(): void {
    this.#count();
    this.#withdrawn++;
  }

  /** @throws FeedRefused for a feed without an indicator, or one that looks poisoned */
  finish(): ReadFeed {
    const refused = this.#refused;
    const rows = this.#rows;
    if (this.#policy.isGuarded && this.#table.count === 0) {
      throw new FeedRefused(
        rows === 0 ? 'is empty' : `holds no indicator that can be used (${rows} ${rows === 1 ? 'row' : 'rows'})`,
      );
    }
    const dropped = refused[Refusal.TooBroad] + refused[Refusal.Special] + refused[Refusal.Popular];
    if (dropped > POISON.droppedRows && dropped > rows * POISON.droppedShare) {
      throw new FeedRefused(
        `looks poisoned: ${dropped} of ${rows} rows name everybody (${Refusal.TooBroad} ${refused[Refusal.TooBroad]}, ${Refusal.Special} ${refused[Refusal.Special]}, ${Refusal.Popular} ${refused[Refusal.Popular]})`,
      );
    }
    const unused = dropped + refused[Refusal.NotUnderstood] + this.#withdrawn;
    return { table: this.#table, counts: { rows, kept: rows - unused, withdrawn: this.#withdrawn, refused } };
  }

  #count(): void {
    if (++this.#rows > FEED_LIMITS.rows) throw tooManyRows();
  }
}
