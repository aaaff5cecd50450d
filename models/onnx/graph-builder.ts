/** Collects the parts of a graph by the names of what they give. */
import { Onnx } from './describe.ts';
import { floatTensor, node } from './graph.ts';
import type { WireWriter } from './wire.ts';

export class GraphBuilder {
  readonly nodes: WireWriter[] = [];
  readonly initializers: WireWriter[] = [];
  readonly #scalars = new Set<string>();

  add(opType: string, inputs: readonly string[], output: string, attributes: readonly WireWriter[] = []): string {
    const writer = node(opType, inputs, [output]);
    for (const entry of attributes) writer.message(Onnx.Node.attribute, entry);
    this.nodes.push(writer);
    return output;
  }

  constant(tensor: WireWriter, name: string): string {
    this.initializers.push(tensor);
    return name;
  }

  /** A constant number, written once however often it is asked for. */
  scalar(value: number): string {
    const name = `number_${String(value).replace('-', 'minus_')}`;
    if (!this.#scalars.has(name)) this.constant(floatTensor(name, [], [value]), name);
    this.#scalars.add(name);
    return name;
  }
}
