/** Values of labels: bounded in number and length, whoever names them. */

/** What all further values are summed under: no name of ours begins like that. */
export const REST = '_rest';
const LONGEST = 64;

/** The values of one label: the first so many keep their names, for as long as the process lives. */
export class LabelValues {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  valueOf(name: string): string {
    const value = name.slice(0, LONGEST).replace(/[\p{C}\u2028\u2029]/gu, '?');
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most) return REST;
    this.#known.add(value);
    return value;
  }

  /** The counts under the values that they are shown with. */
  sums(counts: Readonly<Record<string, number>>): Map<string, number> {
    const sums = new Map<string, number>();
    for (const [name, count] of Object.entries(counts)) {
      const value = this.valueOf(name);
      sums.set(value, (sums.get(value) ?? 0) + count);
    }
    return sums;
  }
}
