/** What the columns of a flow table are in Parquet (https://parquet.apache.org/docs/file-format/types/). */
import type { SchemaElement } from 'hyparquet';
import type { ColumnSpec, ColumnType } from '../../core/table.ts';

type Leaf = Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>;

const TEXT: Leaf = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
const DOUBLE: Leaf = { type: 'DOUBLE' };

/** Of the older kind of annotation only: hyparquet-writer 0.17 writes the newer in a way that Thrift's readers refuse. */
const unsigned = (bits: 8 | 16 | 32 | 64): Leaf => ({
  type: bits === 64 ? 'INT64' : 'INT32',
  converted_type: `UINT_${bits}`,
});

/** Elements of the schema, each before its children. Every column may be null: what a table was read from may have been. */
export function parquetSchemaOf(specs: readonly ColumnSpec[]): SchemaElement[] {
  return [
    { name: 'schema', num_children: specs.length },
    ...specs.flatMap(({ name, type }) => columnElements(name, type)),
  ];
}

function columnElements(name: string, type: ColumnType): SchemaElement[] {
  switch (type) {
    case 'bool':
      return [optional(name, { type: 'BOOLEAN' })];
    case 'uint8':
      return [optional(name, unsigned(8))];
    case 'uint16':
      return [optional(name, unsigned(16))];
    case 'uint32':
      return [optional(name, unsigned(32))];
    case 'uint53':
      return [optional(name, unsigned(64))];
    case 'float64':
      return [optional(name, DOUBLE)];
    case 'timestamp_ns':
      return [
        optional(name, { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } }),
      ];
    case 'utf8':
      return [optional(name, TEXT)];
    case 'list_int32':
      return listOf(name, [required('element', { type: 'INT32' })]);
    case 'list_float64':
      return listOf(name, [required('element', DOUBLE)]);
    case 'list_utf8':
      return listOf(name, [required('element', TEXT)]);
    case 'findings':
      return listOf(name, [
        { name: 'element', repetition_type: 'REQUIRED', num_children: 3 },
        required('source', TEXT),
        required('finding', TEXT),
        required('weight', DOUBLE),
      ]);
  }
}

function optional(name: string, leaf: Leaf): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', ...leaf };
}

function required(name: string, leaf: Leaf): SchemaElement {
  return { name, repetition_type: 'REQUIRED', ...leaf };
}

function listOf(name: string, element: SchemaElement[]): SchemaElement[] {
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...element,
  ];
}
