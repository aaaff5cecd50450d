/**
 * Finds the bin of a float32 faster than by halving all edges: numbers of the same sign, exponent and first seven bits of
 * the mantissa share a cell, and a table says which edges lie in it. Mostly none or one.
 */

const CELL_SHIFT = 16;
const CELLS = 0x1_0000;
const LOWEST_CELL = -0x8000;
/** A column of fewer rows is done before a table is. */
const WORTH_ROWS = 16_384;

export class BinLookup {
  /** edgesBefore[c]: edges in cells before the c-th. */
  readonly #edgesBefore = new Uint16Array(CELLS + 1);

  /**
   * The number of edges below each value: its bin.
   *
   * @param edges ascending
   * @param missing what NaN gets
   * @param out as long as the column
   */
  fill(column: Float32Array, edges: Float32Array, missing: number, out: Uint8Array): void {
    const usesTable = column.length >= WORTH_ROWS;
    if (usesTable) this.#tabulate(edges);
    const before = this.#edgesBefore;
    const bits = new Int32Array(column.buffer, column.byteOffset, column.length);
    for (let row = 0; row < column.length; row++) {
      const x = column[row]!;
      if (Number.isNaN(x)) {
        out[row] = missing;
        continue;
      }
      const cell = usesTable ? cellOf(bits[row]!) : 0;
      let low = usesTable ? before[cell]! : 0;
      let high = usesTable ? before[cell + 1]! : edges.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (edges[middle]! < x) low = middle + 1;
        else high = middle;
      }
      out[row] = low;
    }
  }

  #tabulate(edges: Float32Array): void {
    const before = this.#edgesBefore;
    const bits = new Int32Array(edges.buffer, edges.byteOffset, edges.length);
    before.fill(0);
    for (let i = 0; i < edges.length; i++) {
      const next = cellOf(bits[i]!) + 1;
      before[next] = before[next]! + 1;
    }
    for (let cell = 0; cell < CELLS; cell++) before[cell + 1] = before[cell + 1]! + before[cell]!;
  }
}

/** Rises with the number whose bits these are. Both zeros are one number, so they must share a cell: the positive's. */
function cellOf(bits: number): number {
  const own = bits === NEGATIVE_ZERO ? 0 : bits;
  const ascending = own ^ ((own >> 31) & 0x7fff_ffff);
  return (ascending >> CELL_SHIFT) - LOWEST_CELL;
}

const NEGATIVE_ZERO = 0x8000_0000 | 0;
