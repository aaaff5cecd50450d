/** ONNX files with a part replaced, whatever its length. */
import { Onnx } from '../../models/onnx/describe.ts';
import { WireReader, WireType, WireWriter } from '../../models/onnx/wire.ts';

/** One field of a message; bytes are those of a text, a list or a message. */
export interface Field {
  readonly field: number;
  readonly type: number;
  readonly value: number | Uint8Array;
}

export function readFields(bytes: Uint8Array): Field[] {
  const reader = new WireReader(bytes);
  const fields: Field[] = [];
  while (reader.next()) {
    const { field, type } = reader;
    const value = type === WireType.Bytes ? reader.bytes() : type === WireType.Varint ? reader.int() : reader.float();
    fields.push({ field, type, value });
  }
  return fields;
}

export function writeFields(fields: readonly Field[]): Uint8Array {
  const writer = new WireWriter();
  for (const { field, type, value } of fields) {
    if (typeof value !== 'number') writer.bytes(field, value);
    else if (type === WireType.Varint) writer.int(field, value);
    else writer.float(field, value);
  }
  return writer.finish();
}

/** The message with every part at the end of a path of field numbers replaced; null takes it out. */
export function edit(
  bytes: Uint8Array,
  [field, ...below]: readonly number[],
  change: (value: Uint8Array | number) => Uint8Array | number | null,
): Uint8Array {
  const fields = readFields(bytes).flatMap((entry): Field[] => {
    if (entry.field !== field) return [entry];
    const value = below.length === 0 ? change(entry.value) : edit(entry.value as Uint8Array, below, change);
    return value === null ? [] : [{ ...entry, value }];
  });
  return writeFields(fields);
}

/** Paths from the whole file. */
export const At = {
  opset: [Onnx.Model.opsetImport],
  graph: [Onnx.Model.graph],
  node: [Onnx.Model.graph, Onnx.Graph.node],
  attribute: [Onnx.Model.graph, Onnx.Graph.node, Onnx.Node.attribute],
  input: [Onnx.Model.graph, Onnx.Graph.input],
  output: [Onnx.Model.graph, Onnx.Graph.output],
} as const;

/** The file with the texts of one attribute of its operators changed. */
export function editStrings(bytes: Uint8Array, name: string, change: (text: string) => string): Uint8Array {
  return edit(bytes, At.attribute, (attribute) => {
    const fields = readFields(attribute as Uint8Array);
    const found = fields.find(({ field }) => field === Onnx.Attribute.name)!.value as Uint8Array;
    if (new TextDecoder().decode(found) !== name) return attribute;
    return writeFields(
      fields.map((entry) => {
        if (entry.field !== Onnx.Attribute.strings && entry.field !== Onnx.Attribute.s) return entry;
        const text = change(new TextDecoder().decode(entry.value as Uint8Array));
        return { ...entry, value: new TextEncoder().encode(text) };
      }),
    );
  });
}
