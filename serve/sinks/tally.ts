/** Items, and the rows that they tell of: of a thousand verdicts in one table an operator wants to hear that it were a thousand. */

export class Tally {
  items = 0;
  rows = 0;

  add(items: number, rows: number): void {
    this.items += items;
    this.rows += rows;
  }
}

/** Of what all of these are taken to be. */
export function tallyOf(entries: Iterable<{ readonly rows: number }>): Tally {
  const tally = new Tally();
  for (const { rows } of entries) tally.add(1, rows);
  return tally;
}
