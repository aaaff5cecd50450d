import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { ModelLimits } from '../limits.ts';
import { type Forest, ForestBuilder, invalidModel, Link } from '../trees/forest.ts';
import { type ModelDescription, Onnx, type Outline, readOutline } from './describe.ts';
import { ML_DOMAIN, ML_OPSETS, OP_TYPE } from './operator.ts';
import { WireReader } from './wire.ts';

/**
 * An ONNX file that holds one TreeEnsembleClassifier as a forest: what encodeForest writes, and what converters write
 * for boosted trees with one weight per leaf. Throws Unsupported for tree ensembles of other kinds, which ONNX Runtime may
 * run, and ModelInvalid for anything else, in one line; time and memory are linear in the size of the file, which is
 * bounded.
 *
 * @param outline of these bytes, where it has been read already
 */
export function decodeForest(bytes: Uint8Array, { description, nodes }: Outline = readOutline(bytes)): Forest {
  checkGraph(description);
  const attributes = readAttributes(nodes[0]!);
  const { link, classNames, ids } = readClasses(attributes);
  const trees = indexNodes(attributes);
  const leaves = indexLeaves(attributes);
  const covers = coversOf(attributes, trees);
  const builder = new ForestBuilder();
  for (const [treeId, members] of trees) {
    const score = copyTree(attributes, members, leaves.get(treeId) ?? new Map(), covers, builder);
    builder.endTree(link === Link.Logistic ? 0 : score);
  }
  const scores = link === Link.Logistic ? 1 : classNames.length;
  const base = attributes.floats.get('base_values') ?? [];
  if (base.length !== 0 && base.length !== scores) {
    throw invalidModel(`the model has ${base.length} base values`, `none or ${scores}`);
  }
  const baseValues = Float32Array.from({ length: scores }, (_, i) => base[i] ?? 0);
  const featureCount = featuresOf(description, attributes);
  if (link === Link.Logistic) checkLogistic(attributes, ids);
  return builder.build({ featureCount, classNames, link, baseValues });
}

function checkGraph({ ops, opsets, inputs }: ModelDescription): void {
  const [op] = ops;
  if (op === undefined || ops.length !== 1 || op.opType !== OP_TYPE || op.domain !== ML_DOMAIN) {
    const found = ops.slice(0, 3).map(({ opType }) => opType);
    throw invalidModel(`the model's operators are ${found.join(', ')} (${ops.length})`, `one ${OP_TYPE}`);
  }
  const version = opsets.find(({ domain }) => domain === ML_DOMAIN)?.version;
  if (!ML_OPSETS.some((known) => known === version)) {
    throw invalidModel(`the model uses ${ML_DOMAIN} ${version ?? '(none)'}`, `${ML_DOMAIN} ${ML_OPSETS.join(', ')}`);
  }
  const [input] = inputs;
  if (inputs.length !== 1 || input?.elementType !== 'float' || input.shape.length !== 2) {
    const found = inputs.slice(0, 3).map(({ elementType, shape }) => `${elementType}[${shape.length}d]`);
    throw invalidModel(`the model's inputs are ${found.join(', ')} (${inputs.length})`, 'one float [rows, features]');
  }
}

interface Attributes {
  readonly ints: Map<string, number[]>;
  readonly floats: Map<string, number[]>;
  readonly strings: Map<string, string[]>;
}

const MAX_ATTRIBUTES = 100;

function readAttributes(node: Uint8Array): Attributes {
  const attributes: Attributes = { ints: new Map(), floats: new Map(), strings: new Map() };
  const reader = new WireReader(node);
  let count = 0;
  while (reader.next()) {
    if (reader.field !== Onnx.Node.attribute) {
      reader.skip();
      continue;
    }
    if (++count > MAX_ATTRIBUTES) throw invalidModel('the tree operator has too many attributes', `${MAX_ATTRIBUTES}`);
    readAttribute(reader.message(), attributes);
  }
  return attributes;
}

function readAttribute(reader: WireReader, attributes: Attributes): void {
  let name = '';
  const ints: number[] = [];
  const floats: number[] = [];
  const strings: string[] = [];
  while (reader.next()) {
    const { field } = reader;
    if (field === Onnx.Attribute.name) name = reader.text();
    else if (field === Onnx.Attribute.ints) reader.ints(ints, ModelLimits.nodes);
    else if (field === Onnx.Attribute.floats) reader.floats(floats, ModelLimits.nodes);
    else if (field === Onnx.Attribute.strings || field === Onnx.Attribute.s) {
      if (strings.length >= ModelLimits.nodes)
        throw invalidModel(`${name} is too long`, `${ModelLimits.nodes} entries`);
      strings.push(reader.text(MODES));
    } else reader.skip();
  }
  if (name.endsWith('_as_tensor')) throw beyondKernel(`the model uses ${name}`, 'float lists');
  if (ints.length > 0) attributes.ints.set(name, ints);
  if (floats.length > 0) attributes.floats.set(name, floats);
  if (strings.length > 0) attributes.strings.set(name, strings);
}

/** These make up almost all strings of a file. */
const MODES = ['LEAF', 'BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT'];

function readClasses(attributes: Attributes): { link: Link; classNames: string[]; ids: Set<number> } {
  const numbers = attributes.ints.get('classlabels_int64s');
  const classNames = attributes.strings.get('classlabels_strings') ?? numbers?.map(String) ?? [];
  const transform = attributes.strings.get('post_transform')?.[0] ?? 'NONE';
  const ids = new Set(attributes.ints.get('class_ids'));
  if (transform === 'LOGISTIC' && classNames.length === 2 && ids.size === 1) {
    return { link: Link.Logistic, classNames, ids };
  }
  if (transform === 'SOFTMAX' && (classNames.length > 2 || ids.size === 2)) {
    return { link: Link.Softmax, classNames, ids };
  }
  throw beyondKernel(
    `the model has ${classNames.length} classes, ${ids.size} class ids and post_transform ${transform.slice(0, 20)}`,
    'LOGISTIC over one score or SOFTMAX over one score per class',
  );
}

/** ONNX Runtime leaves the logistic out where no weight is negative: such a file means something else there. */
function checkLogistic(attributes: Attributes, ids: Set<number>): void {
  const weights = attributes.floats.get('class_weights')!;
  if (!ids.has(0) && !ids.has(1)) throw invalidModel('the model scores an unknown class', 'class id 0 or 1');
  if (weights.every((weight) => weight >= 0)) {
    throw beyondKernel('the model has no negative weight, so runtimes leave out its logistic', 'a negative weight');
  }
}

/** Entry index by node id, per tree id, in order of appearance. */
function indexNodes(attributes: Attributes): Map<number, Map<number, number>> {
  const treeIds = attributes.ints.get('nodes_treeids') ?? [];
  const nodeIds = attributes.ints.get('nodes_nodeids') ?? [];
  const count = treeIds.length;
  const columns = [
    nodeIds,
    attributes.ints.get('nodes_featureids'),
    attributes.strings.get('nodes_modes'),
    attributes.floats.get('nodes_values'),
    attributes.ints.get('nodes_truenodeids'),
    attributes.ints.get('nodes_falsenodeids'),
    attributes.ints.get('nodes_missing_value_tracks_true') ?? nodeIds,
  ];
  if (count === 0 || columns.some((column) => column?.length !== count)) {
    throw invalidModel(
      'the node attributes of the tree operator differ in length or are missing',
      `${count} entries each`,
    );
  }
  return group(treeIds, nodeIds, 'node');
}

/** Class entry by node id, per tree id. */
function indexLeaves(attributes: Attributes): Map<number, Map<number, number>> {
  const treeIds = attributes.ints.get('class_treeids') ?? [];
  const nodeIds = attributes.ints.get('class_nodeids') ?? [];
  const ids = attributes.ints.get('class_ids') ?? [];
  const weights = attributes.floats.get('class_weights') ?? [];
  if (nodeIds.length !== treeIds.length || ids.length !== treeIds.length || weights.length !== treeIds.length) {
    throw invalidModel('the class attributes of the tree operator differ in length', `${treeIds.length} entries each`);
  }
  return group(treeIds, nodeIds, 'weight of leaf');
}

function group(treeIds: readonly number[], nodeIds: readonly number[], kind: string): Map<number, Map<number, number>> {
  const trees = new Map<number, Map<number, number>>();
  let members = new Map<number, number>();
  for (let i = 0; i < treeIds.length; i++) {
    // The nodes of a tree mostly follow each other.
    if (i === 0 || treeIds[i] !== treeIds[i - 1]) members = treeOf(trees, treeIds[i]!);
    const known = members.size;
    members.set(nodeIds[i]!, i);
    if (members.size === known) throw invalidModel(`${kind} ${nodeIds[i]} of tree ${treeIds[i]} occurs twice`, 'once');
  }
  return trees;
}

function treeOf(trees: Map<number, Map<number, number>>, id: number): Map<number, number> {
  const known = trees.get(id);
  if (known !== undefined) return known;
  if (trees.size >= ModelLimits.trees) throw invalidModel('the model has too many trees', `${ModelLimits.trees}`);
  const members = new Map<number, number>();
  trees.set(id, members);
  return members;
}

/** Appends one tree, parents before children, and returns the class that its leaves add to. */
function copyTree(
  attributes: Attributes,
  members: ReadonlyMap<number, number>,
  leaves: ReadonlyMap<number, number>,
  covers: readonly number[] | null,
  builder: ForestBuilder,
): number {
  const features = attributes.ints.get('nodes_featureids')!;
  const modes = attributes.strings.get('nodes_modes')!;
  const thresholds = attributes.floats.get('nodes_values')!;
  const trueIds = attributes.ints.get('nodes_truenodeids')!;
  const falseIds = attributes.ints.get('nodes_falsenodeids')!;
  const missing = attributes.ints.get('nodes_missing_value_tracks_true');
  const weights = attributes.floats.get('class_weights') ?? [];
  const classIds = attributes.ints.get('class_ids') ?? [];
  let score = -1;
  let visited = 0;
  const pending = [{ id: rootOf(attributes, members), slot: builder.addLeaf(0) }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const entry = members.get(next.id);
    // A cycle or a node with two parents is met more often than there are nodes.
    if (entry === undefined || ++visited > members.size || members.size > ModelLimits.nodesPerTree) {
      throw invalidModel(`a tree of ${members.size} nodes is broken at node ${next.id}`, 'known nodes and no cycle');
    }
    if (covers !== null) builder.setCover(next.slot, covers[entry]!);
    const comparison = COMPARISONS.get(modes[entry]!);
    if (modes[entry] === 'LEAF') {
      const leaf = leaves.get(next.id);
      builder.setValue(next.slot, leaf === undefined ? 0 : weights[leaf]!);
      if (leaf === undefined) continue;
      if (score !== -1 && score !== classIds[leaf])
        throw beyondKernel('a tree adds to two classes', 'one class per tree');
      score = classIds[leaf]!;
    } else if (comparison !== undefined) {
      if (!(features[entry]! >= 0)) throw invalidModel(`node ${next.id} tests feature ${features[entry]}`, '0 or more');
      const { isStrict, isReversed } = comparison;
      const missingTrue = missing !== undefined && missing[entry] !== 0;
      const low = isReversed ? falseIds[entry]! : trueIds[entry]!;
      const high = isReversed ? trueIds[entry]! : falseIds[entry]!;
      const left = builder.addLeaf(0);
      const right = builder.addLeaf(0);
      const threshold = isStrict ? floatBelow(thresholds[entry]!) : thresholds[entry]!;
      builder.split(next.slot, features[entry]!, threshold, missingTrue !== isReversed, left, right);
      pending.push({ id: high, slot: right }, { id: low, slot: left });
    } else {
      throw beyondKernel(`the model has nodes of mode ${String(modes[entry]).slice(0, 20)}`, 'comparisons and LEAF');
    }
  }
  if (visited !== members.size) throw invalidModel(`a tree has ${members.size - visited} unreachable nodes`, 'none');
  return Math.max(score, 0);
}

/** Each comparison as x <= t: t one step lower where it is strict, children exchanged where it is reversed. */
const COMPARISONS: ReadonlyMap<string, { readonly isStrict: boolean; readonly isReversed: boolean }> = new Map([
  ['BRANCH_LEQ', { isStrict: false, isReversed: false }],
  ['BRANCH_LT', { isStrict: true, isReversed: false }],
  ['BRANCH_GT', { isStrict: false, isReversed: true }],
  ['BRANCH_GTE', { isStrict: true, isReversed: true }],
]);

/** The next smaller float32. */
function floatBelow(value: number): number {
  if (value === Number.NEGATIVE_INFINITY) throw beyondKernel('the model tests x < -Infinity', 'a finite threshold');
  const float = Float32Array.of(value);
  const bits = new Int32Array(float.buffer);
  if (value === 0) bits[0] = 0x8000_0001 | 0;
  else bits[0]! += value > 0 ? -1 : 1;
  return float[0]!;
}

/** Of covers that were written as float32 sums of their children's. */
const COVER_TOLERANCE = 1e-3;

/**
 * `nodes_hitrates` as the rows that met each node, null where they cannot be that: converters fill the attribute with
 * ones, and a node's rows are those of its children.
 */
function coversOf(
  attributes: Attributes,
  trees: ReadonlyMap<number, ReadonlyMap<number, number>>,
): readonly number[] | null {
  const rates = attributes.floats.get('nodes_hitrates');
  const modes = attributes.strings.get('nodes_modes')!;
  if (rates?.length !== modes.length || !rates.every((rate) => rate >= 0 && rate < Infinity)) return null;
  const trueIds = attributes.ints.get('nodes_truenodeids')!;
  const falseIds = attributes.ints.get('nodes_falsenodeids')!;
  for (const members of trees.values()) {
    for (const entry of members.values()) {
      if (modes[entry] === 'LEAF') continue;
      const below = rateOf(trueIds[entry]!, members, rates) + rateOf(falseIds[entry]!, members, rates);
      if (!(Math.abs(below - rates[entry]!) <= COVER_TOLERANCE * rates[entry]!)) return null;
    }
  }
  return rates;
}

function rateOf(id: number, members: ReadonlyMap<number, number>, rates: readonly number[]): number {
  return rates[members.get(id) ?? -1] ?? Number.NaN;
}

/** The node that is nobody's child. */
function rootOf(attributes: Attributes, members: ReadonlyMap<number, number>): number {
  const modes = attributes.strings.get('nodes_modes')!;
  const trueIds = attributes.ints.get('nodes_truenodeids')!;
  const falseIds = attributes.ints.get('nodes_falsenodeids')!;
  const children = new Set<number>();
  for (const entry of members.values()) {
    if (modes[entry] === 'LEAF') continue;
    children.add(trueIds[entry]!);
    children.add(falseIds[entry]!);
  }
  for (const id of members.keys()) if (!children.has(id)) return id;
  throw invalidModel('a tree of the model is a cycle', 'one root per tree');
}

/** A sound model of a kind that the forest cannot express. */
function beyondKernel(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, { happened, expected, action: 'run it with ONNX Runtime' });
}

function featuresOf({ inputs }: ModelDescription, attributes: Attributes): number {
  const declared = inputs[0]!.shape[1];
  if (typeof declared === 'number') return declared;
  const used = attributes.ints.get('nodes_featureids')!;
  return used.reduce((most, id) => Math.max(most, id), 0) + 1;
}
