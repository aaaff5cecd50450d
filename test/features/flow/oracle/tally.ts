/** Counts what was compared, what was equal, and for what reason the rest was not. */

export interface Figures {
  compared: number;
  equal: number;
  /** Differences by reason. */
  readonly reasons: Map<string, number>;
}

export interface Difference {
  readonly where: string;
  readonly what: string;
  readonly told: string;
  readonly ours: string;
  /** Null where nobody knows. */
  readonly reason: string | null;
}

export class Tally {
  readonly figures = new Map<string, Figures>();
  readonly differences: Difference[] = [];

  /** Compares the texts of two values; `explain` is asked only where they differ. */
  compare(where: string, what: string, told: unknown, ours: unknown, explain: () => string | null): void {
    const figures = this.#of(what);
    figures.compared++;
    if (String(told) === String(ours)) {
      figures.equal++;
      return;
    }
    const reason = explain();
    const name = reason ?? 'unexplained';
    figures.reasons.set(name, (figures.reasons.get(name) ?? 0) + 1);
    this.differences.push({ where, what, told: String(told), ours: String(ours), reason });
  }

  get unexplained(): readonly Difference[] {
    return this.differences.filter(({ reason }) => reason === null);
  }

  /** Lines of a table in the documentation: what, compared, equal, different by reason. */
  rows(oracle: string): string[] {
    return [...this.figures].map(([what, { compared, equal, reasons }]) => {
      const rest = [...reasons].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, count]) => `${count} ${reason}`);
      return `| ${oracle}: ${what} | ${equal} | ${compared} | ${rest.join('; ')} |`;
    });
  }

  #of(what: string): Figures {
    const figures = this.figures.get(what) ?? { compared: 0, equal: 0, reasons: new Map<string, number>() };
    this.figures.set(what, figures);
    return figures;
  }
}
