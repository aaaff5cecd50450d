/** How features become what a net sees, as a part of an ONNX graph. */
import { ElementType } from './describe.ts';
import { floatTensor, intAttribute, intTensor } from './graph.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { INPUT_NAME } from './operator.ts';

/**
 * How a row of features becomes what the first layer sees: first one number per value column,
 *
 *     z = clip((sign(x) * log(1 + |x|) - mean) / scale), 0 where x is missing
 *
 * then one per missing column: 1 where x is missing, else 0. All in float32, as ONNX computes.
 */
export interface Preparation {
  readonly featureCount: number;
  /** Indices of features, ascending; at least one. */
  readonly valueColumns: Int32Array;
  /** Per value column, of the logarithms. */
  readonly means: Float32Array;
  /** Per value column, above 0. */
  readonly scales: Float32Array;
  /** z is kept from -clip to clip, so that a net is not driven by values far outside of what it has seen. */
  readonly clip: number;
  /** Indices of features, ascending. */
  readonly missingColumns: Int32Array;
}

/** Returns the name of the prepared rows, float [N, values + missing]. */
export function addPreparation(graph: GraphBuilder, preparation: Preparation): string {
  const { valueColumns, means, scales, clip, missingColumns } = preparation;
  const width = valueColumns.length;
  const mean = graph.constant(floatTensor('means', [width], means), 'means');
  const scale = graph.constant(floatTensor('scales', [width], scales), 'scales');
  const values = addScaled(graph, addPick(graph, valueColumns, 'value'), { mean, scale, clip });
  if (missingColumns.length === 0) return values;
  const flags = graph.add('IsNaN', [addPick(graph, missingColumns, 'flag')], 'flag_missing');
  const numbers = graph.add('Cast', [flags], 'flags', [intAttribute('to', ElementType.Float)]);
  return graph.add('Concat', [values, numbers], 'prepared', [intAttribute('axis', 1)]);
}

/**
 * clip((sign(x) log(1 + |x|) - mean) / scale), 0 where x is NaN; mean and scale are names of constants that broadcast.
 */
export function addScaled(
  graph: GraphBuilder,
  x: string,
  { mean, scale, clip }: { readonly mean: string; readonly scale: string; readonly clip: number },
): string {
  const missing = graph.add('IsNaN', [x], `${x}_missing`);
  const grown = graph.add('Add', [graph.add('Abs', [x], `${x}_size`), graph.scalar(1)], `${x}_size_plus_1`);
  const log = graph.add('Log', [grown], `${x}_log`);
  const signed = graph.add('Mul', [graph.add('Sign', [x], `${x}_sign`), log], `${x}_signed_log`);
  const z = graph.add('Div', [graph.add('Sub', [signed, mean], `${x}_centred`), scale], `${x}_scaled`);
  const clipped = graph.add('Clip', [z, graph.scalar(-clip), graph.scalar(clip)], `${x}_clipped`);
  return graph.add('Where', [missing, graph.scalar(0), clipped], `${x}_prepared`);
}

/** The columns of the features, float [N, columns]. */
export function addPick(graph: GraphBuilder, columns: ArrayLike<number>, name: string): string {
  const indices = graph.constant(intTensor(`${name}_columns`, [columns.length], columns), `${name}_columns`);
  return graph.add('Gather', [INPUT_NAME, indices], name, [intAttribute('axis', 1)]);
}
