/** Bounds of the Arrow reader: a file says how large its parts are, and may lie. */
export const ARROW_LIMITS = {
  /** Longest metadata of a message, bytes: the schema of all columns with their documentation takes 120 KB. */
  metadataBytes: 32 * 1024 * 1024,
  /** Fields of a schema, those within others too: offsets may meet, so a small schema could name any number. */
  fields: 65_536,
  /** Fields within fields: lists of structs of lists go three or four deep. */
  depth: 32,
  /** Notes of one field. */
  notes: 1024,
  /** Buffers of a record batch: three or four for each field, more where texts are views of many buffers. */
  buffers: 1 << 19,
  /** Bytes of one record batch that are held: writers aim at some megabytes, and polars writes a table as one. */
  batchBytes: 1024 * 1024 * 1024,
  /** Bytes that the compressed buffers of one record batch may hold: a few bytes can stand for any number of zeros. */
  unpackedBytes: 512 * 1024 * 1024,
  /** Bytes of texts and lists of one table: one text of a dictionary, or one view, can stand in every row. */
  tableBytes: 256 * 1024 * 1024,
  /** Bytes and entries of all dictionaries. */
  dictionaryBytes: 256 * 1024 * 1024,
  dictionaryEntries: 1 << 24,
} as const;

/** Bounds that a reader may draw tighter, for tables that come from strangers over a network. */
export interface ArrowBounds {
  /** Of each record batch. */
  readonly unpackedBytes: number;
  readonly tableBytes: number;
  readonly dictionaryBytes: number;
}
