/** Which scored rows are written: `--only`, `--min-score`, `--min-risk`; and how many are not. */
import type { Verdict } from '../serve/verdict.ts';
import { grouped } from './numbers.ts';

export interface ChoiceOptions {
  readonly only?: string[];
  readonly minScore?: number;
  readonly minRisk?: number;
}

export class RowChoice {
  readonly #options: ChoiceOptions;
  /** Option -> rows that it kept out, in the order in which they are asked. */
  readonly #leftOut = new Map<string, number>();

  /** @param leftOut by a run that is gone on with */
  constructor(options: ChoiceOptions, leftOut: Readonly<Record<string, number>> = {}) {
    this.#options = options;
    for (const [option, rows] of Object.entries(leftOut)) this.count(option, rows);
  }

  /** Option -> rows that it kept out. */
  get leftOut(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#leftOut);
  }

  /** The rows that may be written, in order. */
  chosen(verdicts: readonly Verdict[]): number[] {
    return verdicts.flatMap((verdict, row) => {
      const refusal = this.#refusal(verdict);
      if (refusal === null) return [row];
      this.count(refusal, 1);
      return [];
    });
  }

  /** Counts rows that another option keeps out. */
  count(option: string, rows: number): void {
    if (rows > 0) this.#leftOut.set(option, (this.#leftOut.get(option) ?? 0) + rows);
  }

  /** `wrote 4 of 16 rows; left out: 9 by --only, 3 by --filter`; null if nothing was left out. */
  text(rows: number): string | null {
    if (this.#leftOut.size === 0) return null;
    const out = [...this.#leftOut.values()].reduce((sum, count) => sum + count, 0);
    const parts = [...this.#leftOut].map(([option, count]) => `${grouped(count)} by ${option}`);
    return `wrote ${grouped(rows - out)} of ${grouped(rows)} rows; left out: ${parts.join(', ')}`;
  }

  #refusal({ verdict, score, risk }: Verdict): string | null {
    const { only, minScore = 0, minRisk = 0 } = this.#options;
    if (only?.includes(verdict) === false) return '--only';
    if (score < minScore) return '--min-score';
    return minRisk > 0 && (risk ?? -1) < minRisk ? '--min-risk' : null;
  }
}
