/**
 * Where the record batches of an Arrow file lie, as its footer lists them: offset, bytes of metadata, bytes of the body.
 * https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
 */
export type BlockPlaces = readonly (readonly [offset: number, metadataBytes: number, bodyBytes: number])[];
