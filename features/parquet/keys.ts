/** Names in the footer under which files keep what Parquet has no place for. */

/** Units and revisions of the columns, as JSON: what Arrow keeps in the metadata of fields. */
export const COLUMNS_KEY = 'flowlamp.columns';
/** The Arrow schema, for readers that turn Parquet to Arrow (pyarrow among them). */
export const ARROW_KEY = 'ARROW:schema';
