/** One way to find a forest's leaves and add them up; both ways add in the order of the trees, so sums are equal bits. */
export interface LeafSums {
  /** Rows that `add` takes at most. */
  readonly blockRows: number;
  /** Row-major [blockRows, scores], what `add` adds to. */
  readonly scores: Float64Array;
  /** @param rows row-major; those [first, first + count) are meant, count being 1 to blockRows */
  add(rows: Float32Array, first: number, count: number): void;
}
