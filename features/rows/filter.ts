/**
 * Expressions that choose rows (docs/filter.md), parsed by descent and turned into closures over columns.
 *
 *     either   := all { ("or" | "||") all }
 *     all      := one { ("and" | "&&") one }
 *     one      := ("not" | "!") one | "(" either ")" | column [test]
 *     test     := ("==" | "!=" | "<" | "<=" | ">" | ">=") value
 *               | ["not"] "in" ( network | "(" value { "," value } ")" )
 *               | ("contains" | "startsWith" | "endsWith") value
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { type Column, type ColumnSpec, type ColumnType, isNull, type Table } from '../../core/table.ts';
import { textAt } from '../../core/text-column.ts';
import { textListAt } from '../../core/text-list-column.ts';
import { isInNetwork, type Network, parseAddress, parseNetwork } from './address.ts';
import { badFilter, timeOf, unexpected, type Word, wordsOf } from './filter-words.ts';

/** Whether a row is chosen. */
export type RowTest = (row: number) => boolean;
type TestOf = (table: Table) => RowTest;

export interface Filter {
  /** Columns that it reads. */
  readonly columns: ReadonlySet<string>;
  /**
   * @param specs the columns of the tables to come
   * @returns what turns such a table into a test of its rows
   * @throws FlowlampError COLUMN_UNKNOWN, or OPTION_INVALID for a column that cannot be compared like this
   */
  compile(specs: readonly ColumnSpec[]): (table: Table) => RowTest;
}

/** A word of the expression that stands for a value; null for `null`. */
type Value = Exclude<Word, { kind: 'sign' | 'end' | 'name' }> | TruthWord;
interface TruthWord {
  readonly kind: 'truth' | 'null';
  readonly text: string;
  readonly at: number;
  readonly value: boolean | null;
}

type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'contains' | 'startsWith' | 'endsWith';

/** The expression as a tree. */
type Node =
  | { readonly kind: 'either' | 'all'; readonly parts: readonly Node[] }
  | { readonly kind: 'not'; readonly part: Node }
  | {
      readonly kind: 'test';
      readonly column: Word;
      readonly operator: Operator;
      readonly values: readonly Value[];
      readonly at: number;
    };

const MAX_DEPTH = 64;
const MAX_VALUES = 1000;
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const TEXT_TESTS: ReadonlySet<string> = new Set(['contains', 'startsWith', 'endsWith']);
const KEYWORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'true', 'false', 'null', ...TEXT_TESTS]);

/** @throws FlowlampError OPTION_INVALID with the place and what was expected there */
export function parseFilter(text: string): Filter {
  const parser = new Parser(wordsOf(text));
  const tree = parser.whole();
  return {
    columns: parser.columns,
    compile: (specs) => compile(tree, new Map(specs.map((spec) => [spec.name, spec]))),
  };
}

class Parser {
  readonly columns = new Set<string>();
  readonly #words: readonly Word[];
  #next = 0;
  #depth = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  whole(): Node {
    const tree = this.#either();
    const { kind, at } = this.#word;
    if (kind !== 'end') throw unexpected(at, this.#shown(), 'and, or, or the end');
    return tree;
  }

  #either(): Node {
    return this.#series('either', 'or', '||', () => this.#series('all', 'and', '&&', () => this.#one()));
  }

  #series(kind: 'either' | 'all', name: string, sign: string, part: () => Node): Node {
    const parts = [part()];
    while (this.#takes(name) || this.#takes(sign)) parts.push(part());
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #one(): Node {
    const { at } = this.#word;
    if (++this.#depth > MAX_DEPTH)
      throw unexpected(at, 'one parenthesis or not too many', `at most ${MAX_DEPTH} inside each other`);
    try {
      if (this.#takes('not') || this.#takes('!')) return { kind: 'not', part: this.#one() };
      if (!this.#takes('(')) return this.#test();
      const inner = this.#either();
      this.#require(')', 'and, or, or )');
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #test(): Node {
    const column = this.#word;
    if (column.kind !== 'name' || KEYWORDS.has(column.text)) throw unexpected(column.at, this.#shown(), 'a column');
    this.#next++;
    this.columns.add(column.text);
    const { at, text } = this.#word;
    if (this.#takes('not')) {
      this.#require('in', 'in');
      return { kind: 'not', part: { kind: 'test', column, operator: 'in', values: this.#members(), at } };
    }
    if (this.#takes('in')) return { kind: 'test', column, operator: 'in', values: this.#members(), at };
    if (COMPARISONS.has(text) || TEXT_TESTS.has(text)) {
      this.#next++;
      return { kind: 'test', column, operator: text as Operator, values: [this.#value()], at };
    }
    const truth: TruthWord = { kind: 'truth', text: 'true', at: column.at, value: true };
    return { kind: 'test', column, operator: '==', values: [truth], at };
  }

  #members(): Value[] {
    const word = this.#word;
    if (word.kind === 'network') return [this.#value()];
    if (word.kind === 'string' && parseNetwork(word.value) !== null) return [this.#value()];
    this.#require('(', 'a network like 10.0.0.0/8, or values in parentheses');
    const values = [this.#value()];
    while (this.#takes(',')) {
      if (values.length === MAX_VALUES) throw unexpected(this.#word.at, 'one value too many', `at most ${MAX_VALUES}`);
      values.push(this.#value());
    }
    this.#require(')', 'a comma or )');
    return values;
  }

  #value(): Value {
    const word = this.#word;
    const { kind, text, at } = word;
    if (kind === 'number' || kind === 'string' || kind === 'time' || kind === 'network') {
      this.#next++;
      return word;
    }
    if (this.#takes('null')) return { kind: 'null', text, at, value: null };
    if (this.#takes('true') || this.#takes('false')) return { kind: 'truth', text, at, value: text === 'true' };
    const hint = kind === 'name' ? ` (text stands in quotes: '${text}')` : '';
    throw unexpected(at, this.#shown(), `a number, a string, a time, an address, true, false or null${hint}`);
  }

  get #word(): Word {
    return this.#words[this.#next]!;
  }

  /** Steps over a name or sign if it is next. */
  #takes(text: string): boolean {
    const word = this.#word;
    if ((word.kind !== 'name' && word.kind !== 'sign') || word.text !== text) return false;
    this.#next++;
    return true;
  }

  #require(text: string, expected: string): void {
    if (!this.#takes(text)) throw unexpected(this.#word.at, this.#shown(), expected);
  }

  #shown(): string {
    const { kind, text } = this.#word;
    return kind === 'end' ? 'the end' : JSON.stringify(text.slice(0, 40));
  }
}

function compile(node: Node, specs: ReadonlyMap<string, ColumnSpec>): TestOf {
  switch (node.kind) {
    case 'not': {
      const part = compile(node.part, specs);
      return (table) => {
        const test = part(table);
        return (row) => !test(row);
      };
    }
    case 'test':
      return compileTest(node, specs);
    default: {
      const parts = node.parts.map((part) => compile(part, specs));
      return (table) => {
        const tests = parts.map((part) => part(table));
        return node.kind === 'all'
          ? (row) => tests.every((test) => test(row))
          : (row) => tests.some((test) => test(row));
      };
    }
  }
}

type TestNode = Extract<Node, { kind: 'test' }>;

function compileTest(node: TestNode, specs: ReadonlyMap<string, ColumnSpec>): TestOf {
  const { column, operator, values } = node;
  const spec = specs.get(column.text);
  if (spec === undefined) throw unknownColumn(column, [...specs.keys()]);
  const isMember = operator === 'in' && !(values.length === 1 && isNetwork(values[0]!));
  if (isMember) {
    const tests = values.map((value) => cellTest(spec, '==', value));
    return bind(spec.name, (cell, row) => tests.some((test) => test(cell, row)));
  }
  return bind(spec.name, cellTest(spec, operator, values[0]!));
}

/** Whether the cell of a column fits. */
type CellTest = (column: Column, row: number) => boolean;

function bind(name: string, test: CellTest): TestOf {
  return (table) => {
    const column = table.columns.get(name)!;
    return (row) => test(column, row);
  };
}

/** A cell that is null equals null alone, and is neither more nor less than anything. */
function cellTest(spec: ColumnSpec, operator: Operator, value: Value): CellTest {
  if (value.kind === 'null') {
    if (operator === '==') return isNull;
    if (operator === '!=') return (column, row) => !isNull(column, row);
    throw unexpected(value.at, 'null', 'it with == or !=');
  }
  const test = valueTest(spec, operator, value);
  const ofNull = operator === '!=';
  return (column, row) => (isNull(column, row) ? ofNull : test(column, row));
}

function valueTest(spec: ColumnSpec, operator: Operator, value: Value): CellTest {
  switch (spec.type) {
    case 'utf8':
      return textTest(spec, operator, value);
    case 'list_utf8':
      return textListTest(spec, operator, value);
    case 'list_int32':
    case 'list_float64':
      if (operator !== 'contains' || value.kind !== 'number') throw mismatch(spec, value, 'contains and a number');
      return (column, row) => {
        const { items, offsets } = column as Extract<Column, { type: 'list_float64' }>;
        for (let i = offsets[row]!; i < offsets[row + 1]!; i++) if (items[i] === value.value) return true;
        return false;
      };
    case 'findings':
      throw mismatch(spec, value, '== null or != null');
    case 'timestamp_ns': {
      const time = value.kind === 'time' ? value.value : value.kind === 'string' ? timeOf(value.value, value.at) : null;
      if (time === null || !COMPARISONS.has(operator)) throw mismatch(spec, value, 'a comparison with a time');
      const compare = comparison<bigint>(operator, time);
      return (column, row) => compare((column as { values: BigInt64Array }).values[row]!);
    }
    case 'bool': {
      if (value.kind !== 'truth' || (operator !== '==' && operator !== '!='))
        throw mismatch(spec, value, '== or != and true or false');
      const compare = comparison<number>(operator, Number(value.value));
      return numberTest(compare);
    }
    default: {
      if (value.kind !== 'number' || !COMPARISONS.has(operator))
        throw mismatch(spec, value, 'a comparison with a number');
      return numberTest(comparison<number>(operator, value.value));
    }
  }
}

function numberTest(compare: (found: number) => boolean): CellTest {
  return (column, row) => compare((column as { values: Float64Array }).values[row]!);
}

function textTest(spec: ColumnSpec, operator: Operator, value: Value): CellTest {
  const network = networkOf(operator, value);
  if (network !== null) {
    const isIn = (text: string) => {
      const address = parseAddress(text);
      return address !== null && isInNetwork(address, network);
    };
    return operator === '!=' ? (column, row) => !isIn(cell(column, row)) : (column, row) => isIn(cell(column, row));
  }
  if (value.kind !== 'string') throw mismatch(spec, value, 'a string in quotes, or with in, == and != an address');
  if (operator === 'in') throw mismatch(spec, value, 'a network like 10.0.0.0/8, or values in parentheses');
  const fits = textComparison(operator, value.value);
  return (column, row) => fits(cell(column, row));
}

const cell = (column: Column, row: number) => textAt(column as Extract<Column, { type: 'utf8' }>, row)!;

/** The network that a cell is to be in: for == and != a whole address. */
function networkOf(operator: Operator, value: Value): Network | null {
  if (operator === 'in')
    return value.kind === 'network' ? value.value : value.kind === 'string' ? parseNetwork(value.value) : null;
  const isEqual = operator === '==' || operator === '!=';
  return isEqual && value.kind === 'network' && !value.text.includes('/') ? value.value : null;
}

function isNetwork(value: Value): boolean {
  return networkOf('in', value) !== null;
}

/** Any of the items: `contains` asks for one that is equal, `in` for one in the network. */
function textListTest(spec: ColumnSpec, operator: Operator, value: Value): CellTest {
  const network = networkOf(operator === 'contains' ? '==' : operator, value);
  const texts = (column: Column, row: number) => textListAt(column as Extract<Column, { type: 'list_utf8' }>, row)!;
  if (network !== null && (operator === 'in' || operator === 'contains')) {
    const isIn = (text: string) => {
      const address = parseAddress(text);
      return address !== null && isInNetwork(address, network);
    };
    return (column, row) => texts(column, row).some(isIn);
  }
  if (operator !== 'contains' || value.kind !== 'string')
    throw mismatch(spec, value, 'contains and a string, or in and a network');
  return (column, row) => texts(column, row).includes(value.value);
}

function textComparison(operator: Operator, wanted: string): (found: string) => boolean {
  if (operator === 'contains') return (found) => found.includes(wanted);
  if (operator === 'startsWith') return (found) => found.startsWith(wanted);
  if (operator === 'endsWith') return (found) => found.endsWith(wanted);
  return comparison<string>(operator, wanted);
}

function comparison<T extends number | bigint | string>(operator: Operator, wanted: T): (found: T) => boolean {
  switch (operator) {
    case '==':
      return (found) => found === wanted;
    case '!=':
      return (found) => found !== wanted;
    case '<':
      return (found) => found < wanted;
    case '<=':
      return (found) => found <= wanted;
    case '>':
      return (found) => found > wanted;
    default:
      return (found) => found >= wanted;
  }
}

const KIND_OF_TYPE: Readonly<Record<ColumnType, string>> = {
  bool: 'true or false',
  uint8: 'a number',
  uint16: 'a number',
  uint32: 'a number',
  uint53: 'a number',
  float64: 'a number',
  timestamp_ns: 'a time',
  utf8: 'text',
  list_int32: 'a list of numbers',
  list_float64: 'a list of numbers',
  list_utf8: 'a list of texts',
  findings: 'evidence',
};

function mismatch({ name, type }: ColumnSpec, { text, at }: Value, expected: string): FlowlampError {
  return badFilter(
    `${name} is ${KIND_OF_TYPE[type]} and cannot be compared with ${text} like this (character ${at + 1})`,
    expected,
  );
}

function unknownColumn({ text, at }: Word, names: readonly string[]): FlowlampError {
  const near = nearest(text, names);
  return new FlowlampError(ErrorCode.ColumnUnknown, {
    happened: `the filter cannot be used: there is no column ${text.slice(0, 60)} (character ${at + 1})`,
    expected: near === null ? `a column, such as ${names.slice(0, 5).join(', ')}` : `perhaps ${near}`,
    action: 'correct --filter (docs/filter.md, docs/features.md)',
  });
}

/** The name with the fewest changes, if they are few. */
function nearest(text: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = Math.max(3, Math.floor(text.length / 3));
  for (const name of names) {
    const changes = text.length > 60 ? Number.POSITIVE_INFINITY : editDistance(text.toLowerCase(), name);
    if (changes < fewest) {
      best = name;
      fewest = changes;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      row.push(Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + change));
    }
    before = row;
  }
  return before.at(-1)!;
}

/** The rows of a table that fit, in order. */
export function chosenRows(test: RowTest, rows: number): number[] {
  const chosen: number[] = [];
  for (let row = 0; row < rows; row++) if (test(row)) chosen.push(row);
  return chosen;
}
