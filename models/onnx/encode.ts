import { checkForest, type Forest, LEAF, Link, treeCount } from '../trees/forest.ts';
import { ElementType, Onnx } from './describe.ts';
import { AttributeType, attribute, type EncodeOptions, encodeModel, node, tensorInfo } from './graph.ts';
import { INPUT_NAME, LABEL_NAME, ML_DOMAIN, OP_TYPE, PROBABILITIES_NAME } from './operator.ts';
import type { WireWriter } from './wire.ts';

const ONNX_OPSET = 15;
/** Version 3, because ONNX Runtime 1.30 mis-applies post_transform in version 5's TreeEnsemble. */
const ML_OPSET = 3;

/**
 * A forest as an ONNX model: float `features` [N, F] -> string `label` [N], float `probabilities` [N, K]; operator
 * https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html. Equal forests give equal bytes.
 */
export function encodeForest(forest: Forest, options: EncodeOptions): Uint8Array {
  checkForest(forest);
  const ensemble = node(OP_TYPE, [INPUT_NAME], [LABEL_NAME, PROBABILITIES_NAME], 'forest', ML_DOMAIN);
  writeAttributes(ensemble, forest);
  const graph = {
    name: 'forest',
    nodes: [ensemble],
    inputs: [tensorInfo(INPUT_NAME, ElementType.Float, ['N', forest.featureCount])],
    outputs: [
      tensorInfo(LABEL_NAME, ElementType.String, ['N']),
      tensorInfo(PROBABILITIES_NAME, ElementType.Float, ['N', forest.classNames.length]),
    ],
  };
  return encodeModel(
    graph,
    [
      ['', ONNX_OPSET],
      [ML_DOMAIN, ML_OPSET],
    ],
    options,
  );
}

/** Node columns in the layout of the operator: one entry per node, and one class entry per leaf. */
interface Columns {
  treeIds: number[];
  nodeIds: number[];
  featureIds: number[];
  modes: string[];
  values: number[];
  /** Empty where the forest has no covers. */
  hitrates: number[];
  trueIds: number[];
  falseIds: number[];
  missingTrue: number[];
  classTreeIds: number[];
  classNodeIds: number[];
  classIds: number[];
  classWeights: number[];
}

function writeAttributes(node: WireWriter, forest: Forest): void {
  const columns = toColumns(forest);
  if (forest.link === Link.Logistic && columns.classWeights.every((weight) => weight >= 0)) addGuardTree(columns);
  const ints = (name: string, values: readonly number[]) =>
    node.message(Onnx.Node.attribute, attribute(name, AttributeType.Ints).ints(Onnx.Attribute.ints, values));
  const floats = (name: string, values: ArrayLike<number>) =>
    node.message(Onnx.Node.attribute, attribute(name, AttributeType.Floats).floats(Onnx.Attribute.floats, values));
  const strings = (name: string, values: readonly string[]) => {
    const entry = attribute(name, AttributeType.Strings);
    for (const value of values) entry.text(Onnx.Attribute.strings, value);
    node.message(Onnx.Node.attribute, entry);
  };
  floats('base_values', forest.baseValues);
  ints('class_ids', columns.classIds);
  ints('class_nodeids', columns.classNodeIds);
  ints('class_treeids', columns.classTreeIds);
  floats('class_weights', columns.classWeights);
  strings('classlabels_strings', forest.classNames);
  ints('nodes_falsenodeids', columns.falseIds);
  ints('nodes_featureids', columns.featureIds);
  if (columns.hitrates.length > 0) floats('nodes_hitrates', columns.hitrates);
  ints('nodes_missing_value_tracks_true', columns.missingTrue);
  strings('nodes_modes', columns.modes);
  ints('nodes_nodeids', columns.nodeIds);
  ints('nodes_treeids', columns.treeIds);
  ints('nodes_truenodeids', columns.trueIds);
  floats('nodes_values', columns.values);
  const transform = attribute('post_transform', AttributeType.String);
  node.message(Onnx.Node.attribute, transform.text(Onnx.Attribute.s, forest.link.toUpperCase()));
}

function toColumns(forest: Forest): Columns {
  const columns: Columns = {
    treeIds: [],
    nodeIds: [],
    featureIds: [],
    modes: [],
    values: [],
    hitrates: [],
    trueIds: [],
    falseIds: [],
    missingTrue: [],
    classTreeIds: [],
    classNodeIds: [],
    classIds: [],
    classWeights: [],
  };
  for (let tree = 0; tree < treeCount(forest); tree++) {
    const start = forest.treeOffsets[tree]!;
    for (let node = start; node < forest.treeOffsets[tree + 1]!; node++) {
      const leaf = forest.feature[node] === LEAF;
      if (forest.cover !== null) columns.hitrates.push(forest.cover[node]!);
      if (leaf) addLeaf(columns, tree, node - start, forest.treeClass[tree]!, forest.value[node]!);
      else {
        addBranch(columns, tree, node - start, {
          feature: forest.feature[node]!,
          threshold: forest.threshold[node]!,
          missingTrue: forest.missingLeft[node]!,
          trueId: forest.left[node]! - start,
          falseId: forest.right[node]! - start,
        });
      }
    }
  }
  return columns;
}

interface Branch {
  readonly feature: number;
  readonly threshold: number;
  readonly missingTrue: number;
  readonly trueId: number;
  readonly falseId: number;
}

function addBranch(columns: Columns, tree: number, id: number, branch: Branch): void {
  columns.treeIds.push(tree);
  columns.nodeIds.push(id);
  columns.featureIds.push(branch.feature);
  columns.modes.push('BRANCH_LEQ');
  columns.values.push(branch.threshold);
  columns.missingTrue.push(branch.missingTrue);
  columns.trueIds.push(branch.trueId);
  columns.falseIds.push(branch.falseId);
}

function addLeaf(columns: Columns, tree: number, id: number, classId: number, weight: number): void {
  addBranch(columns, tree, id, { feature: 0, threshold: 0, missingTrue: 0, trueId: 0, falseId: 0 });
  columns.modes[columns.modes.length - 1] = 'LEAF';
  columns.classTreeIds.push(tree);
  columns.classNodeIds.push(id);
  columns.classIds.push(classId);
  columns.classWeights.push(weight);
}

/**
 * ONNX Runtime takes a single-score classifier without a negative weight for one that sums probabilities and leaves out
 * the logistic (`weights_are_all_positive_` in tree_ensemble_aggregator.h). A tree whose leaf of -1 no row can reach
 * (x <= +Infinity or missing goes to the leaf of 0) switches that guess off and changes no sum.
 */
function addGuardTree(columns: Columns): void {
  const tree = columns.treeIds[columns.treeIds.length - 1]! + 1;
  addBranch(columns, tree, 0, {
    feature: 0,
    threshold: Number.POSITIVE_INFINITY,
    missingTrue: 1,
    trueId: 1,
    falseId: 2,
  });
  addLeaf(columns, tree, 1, 0, 0);
  addLeaf(columns, tree, 2, 0, -1);
  const [rows] = columns.hitrates;
  if (rows !== undefined) columns.hitrates.push(rows, rows, 0);
}
