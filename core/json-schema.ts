/**
 * Checks a value against the part of JSON Schema (2020-12) that is used here, and words the first mistake for the person
 * who made it. `title` says in an error what was expected; keywords that are not in Schema must not be used.
 */

/** The keywords that are known. */
export interface Schema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly title?: string;
  readonly description?: string;
  readonly type?:
    | 'object'
    | 'array'
    | 'string'
    | 'integer'
    | 'number'
    | 'boolean'
    | readonly ('string' | 'number' | 'object')[];
  readonly const?: string | number;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  /** Only as a list of `required`: which of several members, exactly one of them, must be there. */
  readonly oneOf?: readonly { readonly required: readonly [string] }[];
  /** Likewise: at least one of them. */
  readonly anyOf?: readonly { readonly required: readonly [string] }[];
}

/** Where in the file something stands: names of members and numbers of items. */
export type Place = readonly (string | number)[];

export interface Mistake {
  readonly place: Place;
  readonly happened: string;
  readonly expected: string;
}

/**
 * The first mistake, null if there is none.
 *
 * @param whole what to call the value itself
 */
export function firstMistake(schema: Schema, value: unknown, whole = 'the manifest'): Mistake | null {
  return mistakeIn(schema, value, schema, [], whole);
}

function mistakeIn(schema: Schema, value: unknown, root: Schema, place: Place, whole: string): Mistake | null {
  if (schema.$ref !== undefined) {
    return mistakeIn({ ...resolved(schema.$ref, root), ...withoutRef(schema) }, value, root, place, whole);
  }
  const expected = schema.title ?? 'something else';
  const mistake = (happened: string, instead = expected): Mistake => ({
    place,
    happened: `${placeText(place, whole)} ${happened}`,
    expected: instead,
  });
  if (schema.const !== undefined) return value === schema.const ? null : mistake(`is ${shown(value)}`);
  if (schema.enum !== undefined) {
    return schema.enum.includes(value as string) ? null : mistake(`is ${shown(value)}`, schema.enum.join(' or '));
  }
  if (!hasType(schema, value)) return mistake(`is ${kindOf(value)}`);
  if (typeof value === 'string') {
    if (value.length < (schema.minLength ?? 0)) return mistake('is empty');
    const { maxLength = Infinity } = schema;
    if (value.length > maxLength) {
      return mistake(`has ${value.length} characters`, `at most ${maxLength}`);
    }
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) return mistake(`is ${shown(value)}`);
  }
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity)) return mistake(`is ${value}`);
  }
  if (Array.isArray(value)) return mistakeInList(schema, value, root, place, whole, mistake);
  return typeof value === 'object' ? mistakeInObject(schema, value as object, root, place, whole, mistake) : null;
}

type Worded = (happened: string, instead?: string) => Mistake;

function mistakeInList(
  schema: Schema,
  list: readonly unknown[],
  root: Schema,
  place: Place,
  whole: string,
  worded: Worded,
): Mistake | null {
  if (list.length > (schema.maxItems ?? Infinity)) {
    return worded(`has ${list.length} items`, `at most ${schema.maxItems}`);
  }
  if (schema.items === undefined) return null;
  for (const [index, item] of list.entries()) {
    const mistake = mistakeIn(schema.items, item, root, [...place, index], whole);
    if (mistake !== null) return mistake;
  }
  return null;
}

function mistakeInObject(
  schema: Schema,
  object: object,
  root: Schema,
  place: Place,
  whole: string,
  worded: Worded,
): Mistake | null {
  const { properties, required = [], oneOf, anyOf } = schema;
  const has = (name: string) => Object.hasOwn(object, name);
  if (properties === undefined) return null;
  const unknown = Object.keys(object).find((name) => !Object.hasOwn(properties, name));
  if (unknown !== undefined && schema.additionalProperties === false) {
    const near = nearest(unknown, Object.keys(properties));
    const instead = near === null ? `some of ${Object.keys(properties).join(', ')}` : `perhaps ${near}`;
    return { ...worded(`has a member ${shown(unknown)} that means nothing`, instead), place: [...place, unknown] };
  }
  for (const name of required) {
    if (has(name)) continue;
    const expected = resolvedTitle(properties[name]!, root);
    return { place, happened: `${placeText([...place, name])} is missing`, expected };
  }
  const choice = oneOf ?? anyOf;
  if (choice !== undefined) {
    const names = choice.map((one) => one.required[0]);
    const found = names.filter(has);
    if (found.length === 0) return worded(`has none of ${names.join(', ')}`, 'one of them');
    if (oneOf !== undefined && found.length > 1) return worded(`has ${found.join(' and ')}`, 'one of them');
  }
  for (const [name, value] of Object.entries(object)) {
    const member = properties[name];
    if (member === undefined) continue;
    const mistake = mistakeIn(member, value, root, [...place, name], whole);
    if (mistake !== null) return mistake;
  }
  return null;
}

function resolvedTitle(schema: Schema, root: Schema): string {
  return (schema.$ref === undefined ? schema.title : resolved(schema.$ref, root).title) ?? 'a value';
}

/** `#/$defs/NAME`: there is no other kind. */
function resolved(ref: string, root: Schema): Schema {
  return root.$defs![ref.slice('#/$defs/'.length)]!;
}

function withoutRef({ $ref, ...rest }: Schema): Schema {
  return rest;
}

function hasType({ type }: Schema, value: unknown): boolean {
  switch (type) {
    case undefined:
      return true;
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === type && !Number.isNaN(value);
    default:
      return type.some((one) => hasType({ type: one }, value));
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}

export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** `captures[1].flows[3].dst_port`. */
export function placeText(place: Place, whole = 'the manifest'): string {
  if (place.length === 0) return whole;
  return place.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? step : `${path}.${step}`;
  }, '');
}

/** The candidate that is the fewest edits away, null where none is near. */
export function nearest(text: string, candidates: readonly string[]): string | null {
  return nearestFew(text, candidates, 1)[0] ?? null;
}

const LONGEST_COMPARED = 120;

/** The nearest candidates, by default with at most half of the text edited. */
export function nearestFew(text: string, candidates: readonly string[], most: number, share = 0.5): string[] {
  const wanted = text.slice(-LONGEST_COMPARED).toLowerCase();
  return candidates
    .map((name) => ({ name, edits: edits(wanted, name.slice(-LONGEST_COMPARED).toLowerCase()) }))
    .filter(({ edits }) => edits <= Math.max(1, wanted.length * share))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, most)
    .map(({ name }) => name);
}

/** Levenshtein distance. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
