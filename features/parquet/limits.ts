/** Bounds of the Parquet reader: a file says how large its parts are, and may lie. */
export const PARQUET_LIMITS = {
  /** Longest footer, bytes: a column chunk takes about 120 bytes, so this is half a million of them. */
  footerBytes: 64 * 1024 * 1024,
  /** Deepest structure in the footer or in a page header: the format's own goes six deep. */
  thriftDepth: 16,
  /** Longest page header, bytes: it may hold the smallest and the largest text of the page. */
  headerBytes: 1024 * 1024,
  /** Largest page, bytes: writers aim at 1 MiB, and pass that by one row. */
  pageBytes: 256 * 1024 * 1024,
  /** Most values of a page: writers that count only bytes put a whole row group of equal values on one. */
  pageValues: 1 << 22,
  /** Bytes of pages that are held at once, one or two for each column. */
  heldBytes: 1024 * 1024 * 1024,
  /** Bytes of lists and texts of a batch: a thousand times what flows have. */
  batchBytes: 512 * 1024 * 1024,
  /**
   * Values that a file may hold, and how many more for each of its bytes. Equal values take next to no room, so a small
   * file could keep a reader busy for days; a table of flows is never that dull.
   */
  values: 1 << 28,
  valuesPerByte: 64,
} as const;
