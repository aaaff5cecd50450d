/**
 * Whether the buffers of Arrow data hold what its lengths and offsets promise. The library believes them, so a damaged
 * file could ask for any amount of memory.
 */
import { type Data, DataType, type RecordBatch } from 'apache-arrow';

/** The first column whose buffers are too short or whose offsets run astray, null if there is none. */
export function brokenColumn(batch: RecordBatch): string | null {
  // The library makes up a batch without buffers where a table has none.
  if (batch.numRows === 0) return null;
  for (const [index, field] of batch.schema.fields.entries()) {
    const data = batch.data.children[index];
    if (data === undefined || data.length < batch.numRows || !isWhole(data)) return field.name;
  }
  return null;
}

function isWhole(data: Data): boolean {
  const { length, nullBitmap, type } = data;
  if (!(length >= 0)) return false;
  if (nullBitmap != null && nullBitmap.length > 0 && nullBitmap.length * 8 < length) return false;
  if (DataType.isNull(type)) return true;
  if (DataType.isUtf8(type) || DataType.isBinary(type))
    return areOffsets(data.valueOffsets, length, data.values.length);
  if (DataType.isList(type)) {
    const child = data.children[0];
    return child !== undefined && areOffsets(data.valueOffsets, length, child.length) && isWhole(child);
  }
  if (DataType.isBool(type)) return data.values.length * 8 >= length;
  if (data.dictionary !== undefined && !data.dictionary.data.every(isWhole)) return false;
  if (data.children.length > 0) return data.children.every(isWhole);
  return data.values !== undefined && data.values.length >= length;
}

/** From row to row, offsets never go back nor past the end of what they point into. */
function areOffsets(offsets: ArrayLike<number>, length: number, end: number): boolean {
  if (length === 0) return true;
  if (offsets.length < length + 1 || offsets[0]! < 0 || offsets[length]! > end) return false;
  for (let row = 0; row < length; row++) if (offsets[row]! > offsets[row + 1]!) return false;
  return true;
}
