import type { Digests } from '../core/digest.ts';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type ModelAdapter, OutputKind } from './adapter.ts';
import { ModelLimits } from './limits.ts';

/**
 * Raised when a reader of the old form would misread the new one: 2 has an adapter, without which the model's answers are
 * wrong. A card without one is written as 1.
 */
export const CARD_FORMATS = [1, 2] as const;
export type CardFormat = (typeof CARD_FORMATS)[number];

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** How the numbers of a list stand before the model. */
export const ListForm = {
  /** As they are. */
  Items: 'items',
  /** Each less the one before it, the first less 0: subtracted as doubles, since times in float32 lose what lies between. */
  Steps: 'steps',
} as const;
export type ListForm = (typeof ListForm)[keyof typeof ListForm];

/** What a model reads of a column of lists: so many places of its row, NaN where the list is shorter or null. */
export interface ListPart {
  /** The first so many items, at least 1. */
  readonly length: number;
  readonly form: ListForm;
}

/** A column that the model reads, in the order of the ONNX input. A number takes one place of a row, a list `length`. */
export interface ModelInput {
  readonly name: string;
  readonly type: string;
  /** Of the column's meaning: see ColumnSpec. */
  readonly revision: number;
  /** Of a column of lists only. */
  readonly list?: ListPart;
}

/** What a model is, what it was made from and how little it knows: `card.json` beside `model.onnx`. */
export interface ModelCard {
  readonly formatVersion: CardFormat;
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly task: 'classification';
  /** The column whose values the model predicts. */
  readonly target: string;
  /** Classes in the order of the ONNX output. */
  readonly labels: readonly string[];
  readonly inputs: readonly ModelInput[];
  /** hashInputs(inputs). */
  readonly inputsHash: string;
  /** Null for a model that was trained here. */
  readonly adapter: ModelAdapter | null;
  readonly learner: { readonly name: string; readonly options: JsonObject; readonly seed: number };
  readonly training: TrainingSummary;
  readonly metrics: JsonObject;
  /** The label whose probability is the risk of a flow; null where none is. */
  readonly positive: string | null;
  /** The flows that the model was trained to speak of; the verdict on any other is `unknown`. */
  readonly scope: ModelScope;
  /** Label -> least probability at which it is a verdict. */
  readonly thresholds: { readonly [label: string]: number };
  /** Sentences for the user. */
  readonly limitations: readonly string[];
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  /** Program -> version, of what made the model. */
  readonly versions: { readonly [program: string]: string };
}

export interface ModelScope {
  /** Values of the column `protocol`. */
  readonly protocols: readonly string[];
  /** Least sum of `fwd_payload_packets` and `bwd_payload_packets`. */
  readonly minPayloadPackets: number;
}

export interface TrainingSummary {
  readonly captures: number;
  /** SHA-256 of the names of the captures: an evaluation on one of them is no evaluation. */
  readonly captureHashes: readonly string[];
  readonly rows: number;
  /** Independent groups: the number that matters for how far results carry. */
  readonly groups: number;
  readonly rowsPerLabel: { readonly [label: string]: number };
  /** Where the traffic came from, in words. */
  readonly origin: string;
  /** True where the traffic was generated rather than captured in the wild. */
  readonly generated: boolean;
}

/** A threshold that no probability reaches: the label is never a verdict. */
export const NEVER = 1;

/** True if the probability is high enough to make the label a verdict. */
export function isVerdict(card: Pick<ModelCard, 'thresholds'>, label: string, probability: number): boolean {
  const threshold = card.thresholds[label] ?? 0;
  return threshold < NEVER && probability >= threshold;
}

/** The text that identifies a list of inputs: one `name type revision` line each, `length form` behind it for a list. */
export function canonicalInputs(inputs: readonly ModelInput[]): string {
  return inputs
    .map(({ name, type, revision, list }) => {
      const part = list === undefined ? '' : ` ${list.length} ${list.form}`;
      return `${JSON.stringify(name)} ${type} ${revision}${part}\n`;
    })
    .join('');
}

/** Hexadecimal SHA-256 of the canonical text: equal exactly where name, type, revision, list part and order are. */
export function hashInputs(inputs: readonly ModelInput[], digests: Pick<Digests, 'sha256Hex'>): string {
  return digests.sha256Hex(canonicalInputs(inputs));
}

export function writeCard(card: ModelCard): string {
  return `${JSON.stringify(card, null, 2)}\n`;
}

/**
 * Untrusted text to a card; unknown members are dropped. Throws ModelInvalid naming the first member that is wrong.
 *
 * @param where what to call the card in messages, usually its path
 */
export function readCard(text: string, where = 'card.json'): ModelCard {
  const check = new Checker(where);
  if (text.length > ModelLimits.cardBytes) throw check.wrong('the card', 'too long', `${ModelLimits.cardBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw check.wrong('the card', 'not JSON', 'a model card', cause);
  }
  const card = check.object(value, 'the card');
  const formatVersion = CARD_FORMATS.find((known) => known === card['formatVersion']);
  if (formatVersion === undefined) {
    throw check.wrong('formatVersion', show(card['formatVersion']), CARD_FORMATS.join(' or '));
  }
  const labels = check.list(card['labels'], 'labels', check.word);
  if (labels.length < 2 || new Set(labels).size !== labels.length) {
    throw check.wrong('labels', show(labels), 'two or more distinct names');
  }
  const inputs = check.list(card['inputs'], 'inputs', (input, path) => readInput(check, input, path));
  return {
    formatVersion,
    name: check.word(card['name'], 'name'),
    version: check.word(card['version'], 'version'),
    created: check.date(card['created'], 'created'),
    task: check.literal(card['task'], 'task', 'classification'),
    target: check.word(card['target'], 'target'),
    labels,
    inputs,
    inputsHash: check.hash(card['inputsHash'], 'inputsHash'),
    adapter: formatVersion === 1 ? null : readAdapter(check, card['adapter'], inputs.length),
    learner: readLearner(check, card['learner']),
    training: readTraining(check, card['training']),
    metrics: check.json(card['metrics'], 'metrics'),
    positive: card['positive'] === null ? null : check.oneOf(card['positive'], 'positive', labels),
    scope: readScope(check, card['scope']),
    thresholds: readThresholds(check, card['thresholds'], labels),
    limitations: check.list(card['limitations'], 'limitations', check.text),
    files: readFiles(check, card['files']),
    versions: check.record(card['versions'], 'versions', check.text),
  };
}

function readInput(check: Checker, value: unknown, path: string): ModelInput {
  const input = check.object(value, path);
  return {
    name: check.word(input['name'], `${path}.name`),
    type: check.word(input['type'], `${path}.type`),
    revision: check.count(input['revision'], `${path}.revision`),
    ...(input['list'] === undefined ? {} : { list: readListPart(check, input['list'], `${path}.list`) }),
  };
}

function readListPart(check: Checker, value: unknown, path: string): ListPart {
  const list = check.object(value, path);
  const length = check.count(list['length'], `${path}.length`);
  if (length < 1 || length > ModelLimits.listItems) {
    throw check.wrong(`${path}.length`, String(length), `1 to ${ModelLimits.listItems}`);
  }
  return { length, form: check.oneOf(list['form'], `${path}.form`, Object.values(ListForm)) };
}

function readAdapter(check: Checker, value: unknown, inputs: number): ModelAdapter {
  const adapter = check.object(value, 'adapter');
  const missing = check.list(adapter['missing'], 'adapter.missing', (item, path) =>
    item === null ? null : check.number(item, path),
  );
  const tensors = adapter['tensors'] === null ? null : check.list(adapter['tensors'], 'adapter.tensors', check.text);
  for (const [path, list] of [
    ['adapter.missing', missing],
    ['adapter.tensors', tensors ?? missing],
  ] as const) {
    if (list.length !== inputs) throw check.wrong(path, `${list.length} long`, `${inputs} entries, one for each input`);
  }
  return {
    missing,
    tensors,
    output: check.text(adapter['output'], 'adapter.output'),
    outputKind: check.oneOf(adapter['outputKind'], 'adapter.outputKind', Object.values(OutputKind)),
  };
}

function readLearner(check: Checker, value: unknown): ModelCard['learner'] {
  const learner = check.object(value, 'learner');
  return {
    name: check.text(learner['name'], 'learner.name'),
    options: check.json(learner['options'], 'learner.options'),
    seed: check.number(learner['seed'], 'learner.seed'),
  };
}

function readScope(check: Checker, value: unknown): ModelScope {
  const scope = check.object(value, 'scope');
  return {
    protocols: check.list(scope['protocols'], 'scope.protocols', check.word),
    minPayloadPackets: check.count(scope['minPayloadPackets'], 'scope.minPayloadPackets'),
  };
}

function readTraining(check: Checker, value: unknown): TrainingSummary {
  const training = check.object(value, 'training');
  return {
    captures: check.count(training['captures'], 'training.captures'),
    captureHashes: check.list(training['captureHashes'], 'training.captureHashes', check.hash),
    rows: check.count(training['rows'], 'training.rows'),
    groups: check.count(training['groups'], 'training.groups'),
    rowsPerLabel: check.record(training['rowsPerLabel'], 'training.rowsPerLabel', check.count),
    origin: check.text(training['origin'], 'training.origin'),
    generated: check.flag(training['generated'], 'training.generated'),
  };
}

/** A threshold of a label that the model does not have is a card of another model. */
function readThresholds(check: Checker, value: unknown, labels: readonly string[]): Record<string, number> {
  const thresholds = check.record(value, 'thresholds', check.probability);
  const strange = Object.keys(thresholds).find((label) => !labels.includes(label));
  if (strange === undefined) return thresholds;
  throw check.wrong('thresholds', `of the label ${show(strange)}`, `labels of the card (${show(labels)})`);
}

function readFiles(check: Checker, value: unknown): ModelCard['files'] {
  const files = check.list(value, 'files', (file, path) => readFile(check, file, path));
  const names = new Set<string>();
  for (const { name } of files) {
    if (names.has(name)) throw check.wrong('files', `a list with ${show(name)} twice`, 'each file once');
    names.add(name);
  }
  return files;
}

function readFile(check: Checker, value: unknown, path: string): { name: string; sha256: string } {
  const file = check.object(value, path);
  return { name: check.fileName(file['name'], `${path}.name`), sha256: check.hash(file['sha256'], `${path}.sha256`) };
}

const LONGEST_WORD = 200;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** Members of untrusted JSON, each checked and named in the error. Methods are arrow fields so that they can be passed. */
class Checker {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  wrong(path: string, found: string, expected: string, cause?: unknown): FlowlampError {
    return new FlowlampError(ErrorCode.ModelInvalid, {
      happened: `${this.#where}: ${path} is ${found}`,
      expected,
      action: 'take the model folder from where it was made again',
      cause,
    });
  }

  readonly text = (value: unknown, path: string): string => {
    if (typeof value === 'string' && value.length > 0) return value;
    throw this.wrong(path, show(value), 'a text');
  };

  /** A text that stands in tables, on terminals and in file names. */
  readonly word = (value: unknown, path: string): string => {
    const word = this.text(value, path);
    if (!CONTROL.test(word) && word.length <= LONGEST_WORD) return word;
    throw this.wrong(
      path,
      show(value),
      `a text of at most ${LONGEST_WORD} characters, none of them a control character`,
    );
  };

  readonly number = (value: unknown, path: string): number => {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.wrong(path, show(value), 'a number');
  };

  readonly count = (value: unknown, path: string): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.wrong(path, show(value), 'a whole number');
  };

  readonly probability = (value: unknown, path: string): number => {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    throw this.wrong(path, show(value), 'a number from 0 to 1');
  };

  readonly flag = (value: unknown, path: string): boolean => {
    if (typeof value === 'boolean') return value;
    throw this.wrong(path, show(value), 'true or false');
  };

  readonly hash = (value: unknown, path: string): string => {
    if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
    throw this.wrong(path, show(value), '64 lowercase hexadecimal digits');
  };

  /** Of a file beside the card: no path may lead out of the folder. */
  readonly fileName = (value: unknown, path: string): string => {
    if (typeof value === 'string' && FILE_NAME.test(value)) return value;
    throw this.wrong(path, show(value), 'the name of a file in the folder');
  };

  readonly date = (value: unknown, path: string): string => {
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value))) {
      return value;
    }
    throw this.wrong(path, show(value), 'a time such as 2026-01-31T12:00:00Z');
  };

  literal<T extends string>(value: unknown, path: string, expected: T): T {
    if (value === expected) return expected;
    throw this.wrong(path, show(value), expected);
  }

  oneOf<T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    throw this.wrong(path, show(value), `one of ${allowed.join(', ')}`);
  }

  object(value: unknown, path: string): Readonly<Record<string, unknown>> {
    if (isObject(value)) return value;
    throw this.wrong(path, show(value), 'an object');
  }

  /** A free record: JSON.parse made it, so everything inside is JSON. */
  json(value: unknown, path: string): JsonObject {
    const record = this.object(value, path);
    if (!isShallow(record, MAX_DEPTH)) throw this.wrong(path, show(record), `at most ${MAX_DEPTH} levels`);
    return record as JsonObject;
  }

  list<T>(value: unknown, path: string, item: (value: unknown, path: string) => T): T[] {
    if (!Array.isArray(value)) throw this.wrong(path, show(value), 'a list');
    return value.map((member: unknown, i) => item(member, `${path}[${i}]`));
  }

  record<T>(value: unknown, path: string, item: (value: unknown, path: string) => T): Record<string, T> {
    const entries = Object.entries(this.object(value, path));
    return Object.fromEntries(entries.map(([key, member]) => [key, item(member, `${path}.${key}`)]));
  }
}

/** Levels of lists and objects: metrics have four, and whatever walks a card may recurse. */
const MAX_DEPTH = 32;

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (!isShallow(value, MAX_DEPTH)) return 'nested too deeply';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
