/**
 * The schema of an Arrow table (https://github.com/apache/arrow/blob/main/format/Schema.fbs): what each column is, and
 * how many nodes and buffers of a record batch belong to it, whether or not it is read.
 */
import { ArrowDamage, type FlatTable } from './flatbuffer.ts';
import { ARROW_LIMITS } from './limits.ts';

const Schema = { endianness: 0, fields: 1 } as const;
const Field = { name: 0, typeCode: 2, type: 3, dictionary: 4, children: 5, notes: 6 } as const;
const Note = { key: 0, value: 1 } as const;
const Dictionary = { id: 0, indexType: 1 } as const;
const Int = { bits: 0, isSigned: 1 } as const;
const FloatingPoint = { precision: 0 } as const;
const Timestamp = { unit: 0 } as const;
const FixedSizeList = { size: 0 } as const;
const Union = { mode: 0 } as const;

const LITTLE_ENDIAN = 0;
const DENSE_UNION = 1;

/** Members of the union `Type`, by their number. */
const TYPES = [
  '',
  'null',
  'int',
  'float',
  'binary',
  'utf8',
  'bool',
  'decimal',
  'date',
  'time',
  'timestamp',
  'interval',
  'list',
  'struct',
  'union',
  'fixed_size_binary',
  'fixed_size_list',
  'map',
  'duration',
  'large_binary',
  'large_utf8',
  'large_list',
  'run_end_encoded',
  'binary_view',
  'utf8_view',
  'list_view',
  'large_list_view',
] as const;
type TypeName = Exclude<(typeof TYPES)[number], ''>;

const FLOAT_BITS = [16, 32, 64] as const;
const NS_PER_UNIT = [1_000_000_000n, 1_000_000n, 1000n, 1n] as const;

/** What the values of a field are. */
export type ArrowType =
  | { readonly kind: 'int'; readonly bits: number; readonly isSigned: boolean }
  | { readonly kind: 'float'; readonly bits: number }
  | { readonly kind: 'bool' | 'null' }
  | { readonly kind: 'timestamp'; readonly nsPerUnit: bigint }
  | { readonly kind: 'text'; readonly form: 'utf8' | 'large_utf8' | 'utf8_view' }
  | { readonly kind: 'list'; readonly form: 'list' | 'large_list' }
  | { readonly kind: 'fixed_list'; readonly size: number }
  /** Of no use here but for what it takes in a record batch. */
  | { readonly kind: 'other' };

export interface ArrowField {
  readonly name: string;
  /** Arrow's name of the type, for errors. */
  readonly typeName: string;
  /** Of the values, also where a record batch has indexes of a dictionary in their place. */
  readonly type: ArrowType;
  readonly dictionary: { readonly id: bigint; readonly index: ArrowType } | null;
  readonly children: readonly ArrowField[];
  readonly notes: ReadonlyMap<string, string>;
  /** Buffers of the field itself in a record batch, where the values are not in a dictionary. */
  readonly buffers: number;
  /** True where a number of further buffers is said by each record batch. */
  readonly hasVariadic: boolean;
}

/** @param table of the union member Schema */
export function readSchema(table: FlatTable, version: number): ArrowField[] {
  if (table.int16(Schema.endianness, LITTLE_ENDIAN) !== LITTLE_ENDIAN) throw new ArrowDamage('it is big-endian');
  const budget = { left: ARROW_LIMITS.fields };
  const fields = fieldsOf(table, Schema.fields, version, budget, 0);
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) throw new ArrowDamage(`it has two columns ${name.slice(0, 80)}`);
    names.add(name);
  }
  return fields;
}

function fieldsOf(
  table: FlatTable,
  field: number,
  version: number,
  budget: { left: number },
  depth: number,
): ArrowField[] {
  if (depth > ARROW_LIMITS.depth) throw new ArrowDamage('its columns are nested too deeply');
  const tables = table.tables(field, budget.left);
  budget.left -= tables.length;
  return tables.map((entry) => fieldOf(entry, version, fieldsOf(entry, Field.children, version, budget, depth + 1)));
}

function fieldOf(table: FlatTable, version: number, children: ArrowField[]): ArrowField {
  const typeName = TYPES[table.int8(Field.typeCode, 0)];
  if (typeName === undefined || typeName === '') throw new ArrowDamage('a column has a type that is not known');
  const detail = table.table(Field.type);
  const encoding = table.table(Field.dictionary);
  const index = encoding?.table(Dictionary.indexType) ?? null;
  const notes = table.tables(Field.notes, ARROW_LIMITS.notes);
  const type = typeOf(typeName, detail, children);
  return {
    name: table.text(Field.name),
    typeName: shownType(typeName, type),
    type,
    dictionary:
      encoding === null ? null : { id: encoding.id(Dictionary.id), index: index === null ? INT32 : intOf(index) },
    children,
    notes: new Map(notes.map((note) => [note.text(Note.key), note.text(Note.value)])),
    buffers: buffersOf(typeName, detail, version),
    hasVariadic: typeName === 'utf8_view' || typeName === 'binary_view',
  };
}

const INT32: ArrowType = { kind: 'int', bits: 32, isSigned: true };
const INT_BITS = [8, 16, 32, 64];

function intOf(detail: FlatTable | null): ArrowType {
  const bits = detail?.int32(Int.bits, 0) ?? 0;
  if (!INT_BITS.includes(bits)) throw new ArrowDamage(`a column holds integers of ${bits} bits`);
  return { kind: 'int', bits, isSigned: detail?.int8(Int.isSigned, 0) !== 0 };
}

function typeOf(name: TypeName, detail: FlatTable | null, children: readonly ArrowField[]): ArrowType {
  switch (name) {
    case 'int':
      return intOf(detail);
    case 'float': {
      const bits = FLOAT_BITS[detail?.int16(FloatingPoint.precision, 0) ?? 0];
      return bits === undefined ? { kind: 'other' } : { kind: 'float', bits };
    }
    case 'bool':
    case 'null':
      return { kind: name };
    case 'timestamp': {
      const nsPerUnit = NS_PER_UNIT[detail?.int16(Timestamp.unit, 0) ?? 0];
      if (nsPerUnit === undefined) throw new ArrowDamage('a column holds times of an unknown unit');
      return { kind: 'timestamp', nsPerUnit };
    }
    case 'utf8':
    case 'large_utf8':
    case 'utf8_view':
      return { kind: 'text', form: name };
    case 'list':
    case 'large_list':
      return children.length === 1 ? { kind: 'list', form: name } : { kind: 'other' };
    case 'fixed_size_list': {
      const size = detail?.int32(FixedSizeList.size, 0) ?? 0;
      return children.length === 1 && size >= 0 ? { kind: 'fixed_list', size } : { kind: 'other' };
    }
    default:
      return { kind: 'other' };
  }
}

/** Columnar format, "Buffer Listing for Each Layout"; unions had a bitmap until version V5 (4). */
function buffersOf(name: TypeName, detail: FlatTable | null, version: number): number {
  switch (name) {
    case 'null':
    case 'run_end_encoded':
      return 0;
    case 'struct':
    case 'fixed_size_list':
      return 1;
    case 'union':
      return (version < 4 ? 1 : 0) + (detail?.int16(Union.mode, 0) === DENSE_UNION ? 2 : 1);
    case 'binary':
    case 'large_binary':
    case 'utf8':
    case 'large_utf8':
    case 'list_view':
    case 'large_list_view':
      return 3;
    default:
      return 2;
  }
}

function shownType(name: TypeName, type: ArrowType): string {
  if (type.kind === 'int') return `${type.isSigned ? '' : 'u'}int${type.bits}`;
  return type.kind === 'float' ? `float${type.bits}` : name;
}
