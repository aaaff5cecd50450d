/** Suppression rules at work: which fits, how often each did, and which have expired. */

import type { SidecarRecord } from '../live/items.ts';
import { isoSeconds } from '../live/moments.ts';
import type { ReadRule, Suspect } from './rules.ts';

interface Count {
  suppressed: number;
  isToldExpired: boolean;
}

export interface RuleFacts {
  readonly reason: string;
  readonly until: string;
  /** Alerts that it held back. */
  readonly suppressed: number;
  readonly isExpired: boolean;
}

export class Suppression {
  #rules: readonly ReadRule[] = [];
  #counts = new Map<string, Count>();

  constructor(rules: readonly ReadRule[]) {
    this.reconfigure(rules);
  }

  /** Rules that stay are counted on. */
  reconfigure(rules: readonly ReadRule[]): void {
    const before = this.#counts;
    this.#rules = rules;
    this.#counts = new Map(rules.map(({ key }) => [key, before.get(key) ?? { suppressed: 0, isToldExpired: false }]));
  }

  /** The first rule in force that fits; null where none does. */
  find(suspect: Suspect, seconds: number): ReadRule | null {
    return this.#rules.find(({ untilSeconds, fits }) => seconds < untilSeconds && fits(suspect)) ?? null;
  }

  count({ key }: ReadRule): void {
    this.#counts.get(key)!.suppressed++;
  }

  /** A record for each rule that has expired since it was last asked; each is told once. */
  expired(seconds: number): SidecarRecord[] {
    const records: SidecarRecord[] = [];
    for (const { rule, key, untilSeconds } of this.#rules) {
      const count = this.#counts.get(key)!;
      if (seconds < untilSeconds || count.isToldExpired) continue;
      count.isToldExpired = true;
      const { suppressed } = count;
      records.push({
        kind: 'record',
        record: 'status',
        time: isoSeconds(seconds),
        body: {
          event: 'rule_expired',
          rule,
          suppressed,
          sentence: `A suppression rule has expired and is ignored from now on; it held back ${suppressed} alerts. Its reason was: ${rule.reason}`,
        },
      });
    }
    return records;
  }

  facts(): readonly RuleFacts[] {
    return this.#rules.map(({ rule: { reason, until }, key }) => {
      const { suppressed, isToldExpired } = this.#counts.get(key)!;
      return { reason, until, suppressed, isExpired: isToldExpired };
    });
  }
}
