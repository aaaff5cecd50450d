/** What a host name says by itself, remembered by its bytes: few names come again and again, and most say nothing. */
import type { TextColumn, TextListColumn } from '../../../core/table.ts';
import { textOf } from '../../../core/text-column.ts';
import { KeyCache } from '../../../features/fingerprint/key-cache.ts';
import { WordKey } from '../../../features/fingerprint/word-key.ts';
import type { NameJudge } from '../../../models/names/ngram.ts';
import { type Host, hostOf } from './host.ts';
import { type LookAlike, LookAlikes } from './look-alike.ts';
import { type PoolList, poolOf } from './pool-list.ts';
import { miningWords, type WordHit } from './words.ts';

export interface NameJudgement {
  readonly host: Host;
  /** The listed pool whose host it is. */
  readonly pool: string | null;
  readonly words: WordHit | null;
  readonly lookAlike: LookAlike | null;
  /** Probability that a program made up the label of its registrable domain; 0 below the model's threshold. */
  readonly generated: number;
}

/** Names remembered, of one generation: more hosts than a busy network calls in a minute. */
const ENTRIES = 8192;

export class NameJudgements {
  readonly #pools: PoolList;
  readonly #lookAlikes: LookAlikes;
  readonly #judge: NameJudge;
  readonly #isAllowed: (name: string) => boolean;
  readonly #key = new WordKey();
  readonly #known = new KeyCache<NameJudgement | null>(ENTRIES);

  /** @param isAllowed names that nothing is to be said of */
  constructor(pools: PoolList, judge: NameJudge, isAllowed: (name: string) => boolean) {
    this.#pools = pools;
    this.#lookAlikes = new LookAlikes(pools);
    this.#judge = judge;
    this.#isAllowed = isAllowed;
  }

  /** The name in a row of a column; null where there is none, or it says nothing. */
  at({ valid, offsets, bytes }: TextColumn, row: number): NameJudgement | null {
    return valid[row] === 0 ? null : this.#ofBytes(bytes, offsets[row]!, offsets[row + 1]!);
  }

  /** Those of the names in a row of a column of lists that say something. */
  *allAt({ valid, offsets, itemOffsets, bytes }: TextListColumn, row: number): Generator<NameJudgement> {
    if (valid[row] === 0) return;
    for (let item = offsets[row]!; item < offsets[row + 1]!; item++) {
      const judgement = this.#ofBytes(bytes, itemOffsets[item]!, itemOffsets[item + 1]!);
      if (judgement !== null) yield judgement;
    }
  }

  #ofBytes(bytes: Uint8Array, start: number, end: number): NameJudgement | null {
    const key = this.#key;
    key.clear();
    key.add((end - start) & 0xffff);
    key.addBytes(bytes, start, end);
    const known = this.#known.find(key);
    if (known !== undefined) return known;
    const judgement = this.of(textOf(bytes, start, end));
    this.#known.keep(key, judgement);
    return judgement;
  }

  of(name: string): NameJudgement | null {
    const host = hostOf(name);
    if (host === null || this.#isAllowed(host.name)) return null;
    const probability = host.label === null ? 0 : this.#judge.probability(host.label);
    const judgement = {
      host,
      pool: poolOf(this.#pools, host.name),
      words: miningWords(host),
      lookAlike: this.#lookAlikes.of(host),
      generated: probability >= this.#judge.threshold ? probability : 0,
    };
    const { pool, words, lookAlike, generated } = judgement;
    return pool === null && words === null && lookAlike === null && generated === 0 ? null : judgement;
  }
}
