import { ModelLimits } from '../limits.ts';
import { invalidModel } from '../trees/forest.ts';
import { WireReader } from './wire.ts';

/**
 * Field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx-ml.proto), shared by reader and writer.
 */
export const Onnx = {
  Model: { irVersion: 1, producerName: 2, producerVersion: 3, graph: 7, opsetImport: 8, metadataProps: 14 },
  Opset: { domain: 1, version: 2 },
  Entry: { key: 1, value: 2 },
  Graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  Node: { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 },
  Attribute: {
    name: 1,
    f: 2,
    i: 3,
    s: 4,
    t: 5,
    g: 6,
    floats: 7,
    ints: 8,
    strings: 9,
    tensors: 10,
    graphs: 11,
    type: 20,
  },
  ValueInfo: { name: 1, type: 2 },
  Type: { tensor: 1 },
  Tensor: { elementType: 1, shape: 2 },
  /** TensorProto; `Tensor` above is TypeProto.Tensor. */
  TensorData: { dims: 1, elementType: 2, floats: 4, ints: 7, name: 8, externalData: 13, dataLocation: 14 },
  Shape: { dim: 1 },
  Dim: { value: 1, param: 2 },
} as const;

export const ElementType = { Float: 1, Int64: 7, String: 8 } as const;
const ELEMENT_NAMES = new Map<number, string>([
  [1, 'float'],
  [2, 'uint8'],
  [3, 'int8'],
  [6, 'int32'],
  [7, 'int64'],
  [8, 'string'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'double'],
]);

export interface TensorInfo {
  readonly name: string;
  /** `float`, `int64`, ...; `sequence or map` where it is not a tensor. */
  readonly elementType: string;
  /** A number where fixed, a name or null where free. */
  readonly shape: readonly (number | string | null)[];
}

/** What a model says about itself; weights are skipped. */
export interface ModelDescription {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Operators in graph order; the domain is '' for the standard set. */
  readonly ops: readonly { readonly domain: string; readonly opType: string }[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads the outline of any ONNX file. Throws ModelInvalid for anything that is not one. */
export function describeModel(bytes: Uint8Array): ModelDescription {
  return readOutline(bytes).description;
}

/** What a model says about itself, together with the bytes of each node, for decoders of particular operators. */
export interface Outline {
  readonly description: ModelDescription;
  readonly nodes: readonly Uint8Array[];
}

/** Reads the outline of any ONNX file. Throws ModelInvalid for anything that is not one. */
export function readOutline(bytes: Uint8Array): Outline {
  if (bytes.length > ModelLimits.fileBytes) {
    throw invalidModel(`the model file has ${bytes.length} bytes`, `at most ${ModelLimits.fileBytes}`);
  }
  let irVersion = 0;
  let producer = '';
  let graph: WireReader | undefined;
  const opsets: { domain: string; version: number }[] = [];
  const metadata: Record<string, string> = Object.create(null);
  const reader = new WireReader(bytes);
  let items = 0;
  while (reader.next()) {
    if (++items > ModelLimits.graphItems) throw tooMany();
    if (reader.field === Onnx.Model.irVersion) irVersion = reader.int();
    else if (reader.field === Onnx.Model.producerName) producer = reader.text();
    else if (reader.field === Onnx.Model.graph) graph = reader.message();
    else if (reader.field === Onnx.Model.opsetImport) opsets.push(readOpset(reader.message()));
    else if (reader.field === Onnx.Model.metadataProps) {
      const { key, value } = readEntry(reader.message());
      metadata[key] = value;
    } else reader.skip();
  }
  if (graph === undefined || irVersion < 1 || opsets.length === 0) {
    throw invalidModel('the file is not an ONNX model', 'a version, an operator set and a graph');
  }
  const { inputs, outputs, nodes } = readGraph(graph);
  const ops = nodes.map(readOp);
  return { description: { irVersion, producer, opsets, inputs, outputs, ops, metadata }, nodes };
}

function readGraph(reader: WireReader): { inputs: TensorInfo[]; outputs: TensorInfo[]; nodes: Uint8Array[] } {
  const inputs: TensorInfo[] = [];
  const outputs: TensorInfo[] = [];
  const nodes: Uint8Array[] = [];
  while (reader.next()) {
    if (inputs.length + outputs.length + nodes.length > ModelLimits.graphItems) throw tooMany();
    if (reader.field === Onnx.Graph.node) nodes.push(reader.bytes());
    else if (reader.field === Onnx.Graph.input) inputs.push(readTensorInfo(reader.message()));
    else if (reader.field === Onnx.Graph.output) outputs.push(readTensorInfo(reader.message()));
    else if (reader.field === Onnx.Graph.initializer) refuseExternal(reader.message());
    else reader.skip();
  }
  for (const bytes of nodes) refuseExternalIn(new WireReader(bytes), 0);
  if (nodes.length === 0) throw invalidModel('the ONNX graph is empty', 'at least one operator');
  return { inputs, outputs, nodes };
}

/** Graphs within graphs, of loops and branches. */
const MAX_DEPTH = 20;

/** Of a node: its attributes may hold tensors, and graphs with nodes and tensors of their own. */
function refuseExternalIn(node: WireReader, depth: number): void {
  if (depth > MAX_DEPTH) throw invalidModel('the ONNX graph is nested too deeply', `at most ${MAX_DEPTH} levels`);
  while (node.next()) {
    if (node.field !== Onnx.Node.attribute) {
      node.skip();
      continue;
    }
    const attribute = node.message();
    while (attribute.next()) {
      const { field } = attribute;
      if (field === Onnx.Attribute.t || field === Onnx.Attribute.tensors) refuseExternal(attribute.message());
      else if (field === Onnx.Attribute.g || field === Onnx.Attribute.graphs) {
        const graph = attribute.message();
        while (graph.next()) {
          if (graph.field === Onnx.Graph.node) refuseExternalIn(graph.message(), depth + 1);
          else if (graph.field === Onnx.Graph.initializer) refuseExternal(graph.message());
          else graph.skip();
        }
      } else attribute.skip();
    }
  }
}

/** A tensor that names a file: a runtime would read whatever file of the user's the model asks for. */
function refuseExternal(tensor: WireReader): void {
  while (tensor.next()) {
    const { field } = tensor;
    const isExternal =
      field === Onnx.TensorData.externalData || (field === Onnx.TensorData.dataLocation && tensor.int() !== 0);
    if (isExternal) {
      throw invalidModel('the model keeps weights in another file', 'all weights inside (saved without external data)');
    }
    if (field !== Onnx.TensorData.dataLocation) tensor.skip();
  }
}

function readOp(bytes: Uint8Array): { domain: string; opType: string } {
  const op = { domain: '', opType: '' };
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === Onnx.Node.opType) op.opType = reader.text();
    else if (reader.field === Onnx.Node.domain) op.domain = reader.text();
    else reader.skip();
  }
  return op;
}

function readOpset(reader: WireReader): { domain: string; version: number } {
  const opset = { domain: '', version: 0 };
  while (reader.next()) {
    if (reader.field === Onnx.Opset.domain) opset.domain = reader.text();
    else if (reader.field === Onnx.Opset.version) opset.version = reader.int();
    else reader.skip();
  }
  return opset;
}

function readEntry(reader: WireReader): { key: string; value: string } {
  const entry = { key: '', value: '' };
  while (reader.next()) {
    if (reader.field === Onnx.Entry.key) entry.key = reader.text();
    else if (reader.field === Onnx.Entry.value) entry.value = reader.text();
    else reader.skip();
  }
  return entry;
}

function readTensorInfo(reader: WireReader): TensorInfo {
  let name = '';
  let elementType = 'sequence or map';
  let shape: (number | string | null)[] = [];
  while (reader.next()) {
    if (reader.field === Onnx.ValueInfo.name) name = reader.text();
    else if (reader.field === Onnx.ValueInfo.type) {
      const type = reader.message();
      while (type.next()) {
        if (type.field !== Onnx.Type.tensor) {
          type.skip();
          continue;
        }
        ({ elementType, shape } = readTensorType(type.message()));
      }
    } else reader.skip();
  }
  return { name, elementType, shape };
}

function readTensorType(reader: WireReader): { elementType: string; shape: (number | string | null)[] } {
  let elementType = 'undefined';
  const shape: (number | string | null)[] = [];
  while (reader.next()) {
    if (reader.field === Onnx.Tensor.elementType) {
      const code = reader.int();
      elementType = ELEMENT_NAMES.get(code) ?? `type ${code}`;
    } else if (reader.field === Onnx.Tensor.shape) {
      const dims = reader.message();
      while (dims.next()) {
        if (dims.field === Onnx.Shape.dim) shape.push(readDim(dims.message()));
        else dims.skip();
        if (shape.length > 64) throw tooMany();
      }
    } else reader.skip();
  }
  return { elementType, shape };
}

function readDim(reader: WireReader): number | string | null {
  let size: number | string | null = null;
  while (reader.next()) {
    if (reader.field === Onnx.Dim.value) size = reader.int();
    else if (reader.field === Onnx.Dim.param) size = reader.text();
    else reader.skip();
  }
  return size;
}

function tooMany(): Error {
  return invalidModel('the ONNX graph lists too much', `at most ${ModelLimits.graphItems} entries`);
}
