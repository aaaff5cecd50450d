/**
 * Rules on columns: the seam to the expression language of `--filter`. Nothing else in manifests knows how expressions are
 * written or judged; the small language here is to give way to that one.
 *
 *     or    = and { "or" and }        and = not { "and" not }        not = [ "not" ] ( "(" or ")" | test )
 *     test  = column ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value | column "~" "regular expression" | column
 *     value = number | "text" | true | false | null
 *
 * A comparison with a null is false, but for `== null` and `!= null`.
 */
import { type Column, isNull, type Table } from '../../core/table.ts';
import { textAt } from '../../core/text-column.ts';
import { COLUMNS, featureNamed } from '../../features/vector/schema.ts';
import { nearest } from './check.ts';

export interface Condition {
  /** Names of the columns that it reads. */
  readonly columns: readonly string[];
  /** Prepared for a batch: whether a row fits. */
  readonly on: (table: Table) => (row: number) => boolean;
}

type Value = number | string | boolean | null;
type Prepared = (row: number) => boolean;
type Node = (table: Table) => Prepared;

const TOKEN = /\s*(?:(==|!=|<=|>=|[<>~()])|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)|("(?:[^"\\]|\\.)*")|([a-z_][\w]*))/iy;
const DEPTH_MAX = 100;
const LENGTH_MAX = 4096;

/** @throws Error with a sentence for what is no expression */
export function conditionOf(expression: string): Condition {
  if (expression.length > LENGTH_MAX) throw new Error(`it has more than ${LENGTH_MAX} characters`);
  const tokens = tokensOf(expression);
  const columns = new Set<string>();
  let at = 0;
  const peek = () => tokens[at];
  const take = (wanted: string) => (peek() === wanted ? ++at > 0 : false);

  function either(depth: number): Node {
    const parts = [both(depth)];
    while (take('or')) parts.push(both(depth));
    return joined(parts, (judges) => (row) => judges.some((judge) => judge(row)));
  }
  function both(depth: number): Node {
    const parts = [single(depth)];
    while (take('and')) parts.push(single(depth));
    return joined(parts, (judges) => (row) => judges.every((judge) => judge(row)));
  }
  function single(depth: number): Node {
    if (depth > DEPTH_MAX) throw new Error(`it nests more than ${DEPTH_MAX} deep`);
    if (take('not'))
      return joined(
        [single(depth + 1)],
        ([judge]) =>
          (row) =>
            !judge!(row),
      );
    if (!take('(')) return test();
    const inner = either(depth + 1);
    if (!take(')')) throw new Error('a closing parenthesis is missing');
    return inner;
  }
  function test(): Node {
    const name = tokens[at++] ?? '';
    const feature = featureNamed(name);
    if (feature === undefined) throw new Error(noColumn(name));
    if (feature.type.startsWith('list_')) throw new Error(`column ${name} holds lists`);
    columns.add(name);
    const operator = peek() ?? '';
    if (!(operator in COMPARE) && operator !== '~') return comparison(name, '==', true);
    at++;
    const value = literal(tokens[at++]);
    if (operator !== '~') return comparison(name, operator, value);
    if (typeof value !== 'string') throw new Error(`${name} ~ needs a text in quotes`);
    return matching(name, value);
  }

  const node = either(0);
  if (at < tokens.length) throw new Error(`${tokens[at]} is one word too many`);
  return { columns: [...columns], on: node };
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ''; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`${text.slice(at).trim().slice(0, 20)} cannot be read`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

function literal(token: string | undefined): Value {
  if (token === undefined) throw new Error('it ends where a value belongs');
  if (token === 'true' || token === 'false') return token === 'true';
  if (token === 'null') return null;
  if (token.startsWith('"')) return JSON.parse(token) as string;
  const number = Number(token);
  if (Number.isNaN(number)) throw new Error(`${token} is no value: texts stand in quotes`);
  return number;
}

const COMPARE: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function comparison(name: string, operator: string, value: Value): Node {
  const compare = COMPARE[operator]!;
  return onColumn(name, (column) => {
    if (value === null) return (row) => isNull(column, row) === (operator === '==');
    const wanted = typeof value === 'boolean' ? Number(value) : value;
    return (row) => {
      const own = cellOf(column, row);
      return own !== null && typeof own === typeof wanted && compare(own, wanted);
    };
  });
}

function matching(name: string, pattern: string): Node {
  const expression = new RegExp(pattern, 'u');
  return onColumn(name, (column) => (row) => {
    const own = cellOf(column, row);
    return typeof own === 'string' && expression.test(own);
  });
}

function onColumn(name: string, prepare: (column: Column) => Prepared): Node {
  return (table) => {
    const column = table.columns.get(name);
    return column === undefined ? () => false : prepare(column);
  };
}

function cellOf(column: Column, row: number): number | string | null {
  if (isNull(column, row)) return null;
  if (column.type === 'utf8') return textAt(column, row);
  return 'values' in column && column.type !== 'findings' ? Number(column.values[row]) : null;
}

function joined(parts: readonly Node[], join: (judges: readonly Prepared[]) => Prepared): Node {
  return (table) => join(parts.map((part) => part(table)));
}

function noColumn(name: string): string {
  const near = nearest(
    name,
    COLUMNS.map((column) => column.name),
  );
  return name === ''
    ? 'it ends where a column belongs'
    : `there is no column ${name}${near === null ? '' : `; perhaps ${near}`}`;
}
