/** What columns hold that come nearest to an expression that fitted no row: a hint at what is wrong with it. */

import { nearestFew, shown } from '../../core/json-schema.ts';
import { isNull, type Table } from '../../core/table.ts';
import { plainCell } from '../../features/text/cell.ts';

const MOST = 3;
/** Different values of a column that are counted: those beyond are rare. */
const MOST_VALUES = 10_000;

export class NearestValues {
  readonly #words: readonly string[];
  readonly #counts: ReadonlyMap<string, Map<string, number>>;

  constructor(expression: string, columns: readonly string[]) {
    this.#words = [...expression.matchAll(/"([^"]*)"|'([^']*)'|(?<![\w.])(\d[\w.:]*)/g)].map(
      ([, double, single, bare]) => double ?? single ?? bare!,
    );
    this.#counts = new Map(columns.map((name) => [name, new Map()]));
  }

  look(table: Table): void {
    for (const [name, counts] of this.#counts) {
      const column = table.columns.get(name);
      for (let row = 0; column !== undefined && row < table.length; row++) {
        if (isNull(column, row)) continue;
        const text = plainCell(column, row);
        const known = counts.get(text) ?? 0;
        if (known > 0 || counts.size < MOST_VALUES) counts.set(text, known + 1);
      }
    }
  }

  /** `dst_port 3333 (12 flows), 3334 (1)`: of each column what is written much like it, else what is most frequent. */
  get texts(): string[] {
    return [...this.#counts].map(([name, counts]) => {
      const frequent = [...counts].sort(([, a], [, b]) => b - a).map(([text]) => text);
      const near = [...new Set(this.#words.flatMap((word) => nearestFew(word, frequent, MOST)))];
      const best = (near.length > 0 ? near : frequent).slice(0, MOST);
      const values = best.map((text) => `${shown(text)} (${counts.get(text)})`);
      return values.length === 0 ? `no ${name} at all` : `${name} ${values.join(', ')}`;
    });
  }
}
