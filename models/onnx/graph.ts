/** Writers for the parts that every ONNX file has: model, graph, nodes, attributes, tensors. */
import { ElementType, Onnx } from './describe.ts';
import { WireWriter } from './wire.ts';

const IR_VERSION = 8;

/** AttributeProto.AttributeType of onnx.proto. */
export const AttributeType = { Int: 2, String: 3, Floats: 6, Ints: 7, Strings: 8 } as const;

export interface EncodeOptions {
  readonly producer: string;
  readonly producerVersion?: string;
  /** Written as the model's metadata_props, in the order given. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface GraphParts {
  readonly name: string;
  /** In an order in which they can be computed. */
  readonly nodes: readonly WireWriter[];
  /** From floatTensor and intTensor. */
  readonly initializers?: readonly WireWriter[];
  /** From tensorInfo. */
  readonly inputs: readonly WireWriter[];
  readonly outputs: readonly WireWriter[];
}

/** @param opsets domain and version; '' is the standard domain */
export function encodeModel(
  graph: GraphParts,
  opsets: readonly (readonly [domain: string, version: number])[],
  options: EncodeOptions,
): Uint8Array {
  const model = new WireWriter()
    .int(Onnx.Model.irVersion, IR_VERSION)
    .text(Onnx.Model.producerName, options.producer)
    .text(Onnx.Model.producerVersion, options.producerVersion ?? '')
    .message(Onnx.Model.graph, graphProto(graph));
  for (const [domain, version] of opsets) {
    model.message(
      Onnx.Model.opsetImport,
      new WireWriter().text(Onnx.Opset.domain, domain).int(Onnx.Opset.version, version),
    );
  }
  for (const [key, value] of Object.entries(options.metadata ?? {})) {
    model.message(Onnx.Model.metadataProps, new WireWriter().text(Onnx.Entry.key, key).text(Onnx.Entry.value, value));
  }
  return model.finish();
}

function graphProto({ name, nodes, initializers = [], inputs, outputs }: GraphParts): WireWriter {
  const graph = new WireWriter();
  for (const node of nodes) graph.message(Onnx.Graph.node, node);
  graph.text(Onnx.Graph.name, name);
  for (const tensor of initializers) graph.message(Onnx.Graph.initializer, tensor);
  for (const info of inputs) graph.message(Onnx.Graph.input, info);
  for (const info of outputs) graph.message(Onnx.Graph.output, info);
  return graph;
}

/** A NodeProto; attributes are appended by the caller as messages of Onnx.Node.attribute. */
export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  name = outputs[0]!,
  domain = '',
): WireWriter {
  const writer = new WireWriter();
  for (const input of inputs) writer.text(Onnx.Node.input, input);
  for (const output of outputs) writer.text(Onnx.Node.output, output);
  return writer.text(Onnx.Node.name, name).text(Onnx.Node.opType, opType).text(Onnx.Node.domain, domain);
}

/** An AttributeProto without its value. */
export function attribute(name: string, type: number): WireWriter {
  return new WireWriter().text(Onnx.Attribute.name, name).int(Onnx.Attribute.type, type);
}

export function intAttribute(name: string, value: number): WireWriter {
  return attribute(name, AttributeType.Int).int(Onnx.Attribute.i, value);
}

export function intsAttribute(name: string, values: ArrayLike<number>): WireWriter {
  return attribute(name, AttributeType.Ints).ints(Onnx.Attribute.ints, values);
}

/** A constant float tensor; no dimensions make it a scalar. */
export function floatTensor(name: string, dims: readonly number[], values: ArrayLike<number>): WireWriter {
  return tensor(name, dims, ElementType.Float).floats(Onnx.TensorData.floats, values);
}

/** A constant int64 tensor. */
export function intTensor(name: string, dims: readonly number[], values: ArrayLike<number>): WireWriter {
  return tensor(name, dims, ElementType.Int64).ints(Onnx.TensorData.ints, values);
}

function tensor(name: string, dims: readonly number[], elementType: number): WireWriter {
  const writer = new WireWriter();
  if (dims.length > 0) writer.ints(Onnx.TensorData.dims, dims);
  return writer.int(Onnx.TensorData.elementType, elementType).text(Onnx.TensorData.name, name);
}

/** A ValueInfoProto: numbers are fixed sizes, names are free ones. */
export function tensorInfo(name: string, elementType: number, shape: readonly (number | string)[]): WireWriter {
  const dims = new WireWriter();
  for (const size of shape) {
    const dim = new WireWriter();
    if (typeof size === 'number') dim.int(Onnx.Dim.value, size);
    else dim.text(Onnx.Dim.param, size);
    dims.message(Onnx.Shape.dim, dim);
  }
  const type = new WireWriter().message(
    Onnx.Type.tensor,
    new WireWriter().int(Onnx.Tensor.elementType, elementType).message(Onnx.Tensor.shape, dims),
  );
  return new WireWriter().text(Onnx.ValueInfo.name, name).message(Onnx.ValueInfo.type, type);
}
