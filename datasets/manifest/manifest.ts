/**
 * A label manifest: captures, how their flows are labelled, and what is known of where they come from. docs/datasets.md
 * describes it for users, schema.ts is its form.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { firstMistake, nearestFew, type Place, placeText } from '../../core/json-schema.ts';
import { LIMITS } from '../../core/limits.ts';
import { unreadable } from '../../features/capture/input.ts';
import { invalid, parseManifest } from './parse.ts';
import { MANIFEST_SCHEMA } from './schema.ts';

/** Names that a pattern can take from a capture's path. */
const TAKEN = ['label', 'site', 'client', 'server', 'date', 'role'] as const;
type Taken = (typeof TAKEN)[number];

export interface FlowSelector {
  readonly src_ip?: string;
  readonly src_port?: number;
  readonly dst_ip?: string;
  readonly dst_port?: number;
  readonly protocol?: string;
  readonly from?: string | number;
  readonly until?: string | number;
}

export interface FlowEntry extends Required<Omit<FlowSelector, 'from' | 'until'>> {
  readonly from?: string | number;
  readonly until?: string | number;
  readonly label: string;
  readonly group?: string;
}

export interface LabelRule {
  readonly captures?: string;
  readonly flow?: FlowSelector;
  readonly where?: string;
  readonly csv?: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly map?: Readonly<Record<string, string>>;
  readonly label?: string;
}

/** One capture, whether it was named or found by a pattern. */
export interface ManifestCapture {
  /** As the manifest or its pattern names it, from the root. */
  readonly file: string;
  /** Where it lies. */
  readonly path: string;
  /** Number of the entry of `captures` that it is of. */
  readonly entry: number;
  readonly role: string | null;
  readonly label: string | null;
  /** How its own label came about: `file`, or `pattern` where the name gave it. */
  readonly labelBy: 'file' | 'pattern';
  readonly flows: readonly FlowEntry[];
  readonly site: string | null;
  readonly client: string | null;
  readonly server: string | null;
  readonly date: string | null;
  readonly origin: string | null;
  readonly licence: string | null;
  readonly sha256: string | null;
}

export interface Manifest {
  readonly path: string;
  /** The folder that names start from. */
  readonly root: string;
  readonly name: string | null;
  readonly captures: readonly ManifestCapture[];
  readonly rules: readonly LabelRule[];
  /** Label of flows that nothing else labels. */
  readonly fallback: string | null;
  readonly dropRest: boolean;
  /** The error for something that is wrong at a place of the manifest. */
  readonly wrong: (place: Place, what: string, expected: string, action?: string) => Error;
}

/** As in the file, once it fits the schema. */
interface WrittenCapture {
  readonly file?: string;
  readonly glob?: string;
  readonly role?: string;
  readonly label?: string;
  readonly flows?: readonly FlowEntry[];
  readonly sha256?: string;
  readonly origin?: string;
  readonly licence?: string;
  readonly site?: string;
  readonly client?: string;
  readonly server?: string;
  readonly date?: string;
}

interface WrittenManifest {
  readonly name?: string;
  readonly root?: string;
  readonly origin?: string;
  readonly licence?: string;
  readonly site?: string;
  readonly captures: readonly WrittenCapture[];
  readonly labels?: readonly LabelRule[];
  readonly default?: string;
  readonly rest?: 'keep' | 'drop';
}

/** @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE or MANIFEST_INVALID */
export function loadManifest(path: string): Manifest {
  const { value, lineOf } = parseManifest(path, readText(path));
  const wrong = (place: Place, what: string, expected: string, action?: string) => {
    const line = lineOf(place);
    return invalid(path, line === null ? what : `line ${line}: ${what}`, expected, action);
  };
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && version !== 1) {
    throw wrong(['version'], `its version is ${JSON.stringify(version)}`, 'version 1');
  }
  const mistake = firstMistake(MANIFEST_SCHEMA, value);
  if (mistake !== null) throw wrong(mistake.place, mistake.happened, mistake.expected);
  const written = value as WrittenManifest;
  if (written.default !== undefined && written.rest === 'drop') {
    throw wrong(['rest'], 'it has a default label and drops the rest', 'one of the two');
  }
  const root = resolve(dirname(path), written.root ?? '.');
  const base = { path, root, wrong };
  return {
    ...base,
    name: written.name ?? null,
    captures: capturesOf(base, written),
    rules: (written.labels ?? []).map((rule, index) => checkedRule(base, rule, index)),
    fallback: written.default ?? null,
    dropRest: written.rest === 'drop',
  };
}

type Base = Pick<Manifest, 'path' | 'root' | 'wrong'>;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function checkedRule(base: Base, rule: LabelRule, index: number): LabelRule {
  const place = ['labels', index];
  const named = [rule.flow, rule.where, rule.csv].filter((part) => part !== undefined);
  if (named.length > 1) throw base.wrong(place, `${placeText(place)} has more than one of flow, where and csv`, 'one');
  if (rule.csv === undefined && rule.label === undefined) {
    throw base.wrong(place, `${placeText([...place, 'label'])} is missing`, 'text');
  }
  if (rule.csv === undefined && (rule.columns ?? rule.map) !== undefined) {
    throw base.wrong(place, `${placeText(place)} has columns or a map but no csv`, 'them beside csv only');
  }
  if (rule.flow !== undefined && Object.keys(rule.flow).length === 0) {
    throw base.wrong(place, `${placeText([...place, 'flow'])} is empty`, 'an address at least');
  }
  for (const [name, label] of Object.entries(rule.map ?? {})) {
    if (typeof label === 'string' && label !== '') continue;
    throw base.wrong([...place, 'map'], `${placeText([...place, 'map', name])} is ${typeof label}`, 'text');
  }
  return rule;
}

/** Captures in the order of the entries; one that several entries name is of the first that names it by itself. */
function capturesOf(base: Base, written: WrittenManifest): ManifestCapture[] {
  const named = new Set<string>();
  written.captures.forEach((entry, index) => {
    if (entry.file === undefined) return;
    const path = resolve(base.root, entry.file);
    if (named.has(path)) {
      const place = ['captures', index, 'file'];
      throw base.wrong(place, `${placeText(place)} names ${entry.file} once more`, 'each capture once');
    }
    named.add(path);
  });
  const found: ManifestCapture[] = [];
  const taken = new Set(named);
  written.captures.forEach((entry, index) => {
    if (entry.file !== undefined) {
      found.push(captureOf(base, written, entry, index, entry.file, {}));
      return;
    }
    for (const { file, parts } of matchesOf(base, entry.glob!, index)) {
      const path = resolve(base.root, file);
      if (taken.has(path)) continue;
      taken.add(path);
      found.push(captureOf(base, written, entry, index, file, parts));
      if (found.length > LIMITS.inputFiles) {
        throw base.wrong(['captures', index], `it names more than ${LIMITS.inputFiles} captures`, 'fewer');
      }
    }
  });
  return found;
}

function captureOf(
  base: Base,
  written: WrittenManifest,
  entry: WrittenCapture,
  index: number,
  file: string,
  parts: Readonly<Partial<Record<Taken, string>>>,
): ManifestCapture {
  const { label = parts.label, origin = written.origin, licence = written.licence, site = parts.site } = entry;
  const absolute = isAbsolute(file) ? file : resolve(base.root, file);
  return {
    file,
    path: isAbsolute(base.path) || isAbsolute(file) ? absolute : join(relative('.', base.root), file),
    entry: index,
    role: entry.role ?? parts.role ?? null,
    label: label ?? null,
    labelBy: entry.label === undefined ? 'pattern' : 'file',
    flows: entry.flows ?? [],
    site: site ?? written.site ?? null,
    client: entry.client ?? parts.client ?? null,
    server: entry.server ?? parts.server ?? null,
    date: entry.date ?? parts.date ?? null,
    origin: origin ?? null,
    licence: licence ?? null,
    sha256: entry.sha256?.toLowerCase() ?? null,
  };
}

interface Match {
  readonly file: string;
  readonly parts: Readonly<Partial<Record<Taken, string>>>;
}

/** Wildcards of a pattern with names: a regular expression is made of it, whose cost grows with their number. */
const MAX_WILDCARDS = 8;

function matchesOf(base: Base, pattern: string, index: number): Match[] {
  const place = ['captures', index, 'glob'];
  const names = [...pattern.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]!);
  const strange = names.find((name) => !TAKEN.includes(name as Taken));
  if (strange !== undefined) {
    throw base.wrong(place, `${placeText(place)} has {${strange}}`, TAKEN.map((name) => `{${name}}`).join(', '));
  }
  const plain = pattern.replace(/\{[a-z_]+\}/g, '*');
  const files = globSync(plain, { cwd: base.root, dot: false, expandDirectories: false, onlyFiles: true })
    .map((file) => (isAbsolute(pattern) ? resolve(base.root, file) : file))
    .sort();
  if (files.length === 0)
    throw base.wrong(place, `no file matches ${pattern} in ${base.root}`, nearestFiles(base.root, pattern));
  if (names.length === 0) return files.map((file) => ({ file, parts: {} }));
  const matcher = matcherOf(base, place, pattern);
  return files.map((file) => {
    const groups = matcher.exec(file)?.groups;
    if (groups === undefined) throw base.wrong(place, `${file} does not say what ${pattern} asks for`, 'names that do');
    return { file, parts: { ...groups } };
  });
}

/** Files of a folder that may have been meant by a name or a pattern, in words. */
export function nearestFiles(folder: string, name: string): string {
  const all = globSync('**/*', { cwd: folder, dot: false, deep: 6, onlyFiles: true }).slice(0, 5000);
  const near = nearestFew(name, all, 3, Infinity);
  return near.length === 0 ? 'at least one' : `perhaps ${near.join(' or ')}`;
}

/** `*` and names take a part of one name, `**` any number of folders. */
function matcherOf(base: Base, place: Place, pattern: string): RegExp {
  const parts = pattern.split(/(\{[a-z_]+\}|\*\*\/|\*\*|\*|\?)/);
  if (parts.length > 2 * MAX_WILDCARDS + 1 || /[[\]!()]|\{[^}]*,/.test(pattern)) {
    throw base.wrong(
      place,
      `${placeText(place)} is too much of a pattern to take names from`,
      `at most ${MAX_WILDCARDS} of *, ** and {name} and no other wildcards`,
    );
  }
  const seen = new Set<string>();
  const source = parts.map((part) => {
    if (part === '**/' || part === '**') return part === '**' ? '.*' : '(?:.*/)?';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    const name = /^\{(.*)\}$/.exec(part)?.[1];
    if (name === undefined) return part.replace(/[.+^$|\\{}]/g, '\\$&');
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>[^/]+?)`;
  });
  return new RegExp(`^(?:\\./)?${source.join('')}$`);
}

/**
 * The manifest's capture that a file is: by its place; failing that by its name alone, for captures that were moved.
 *
 * @throws FlowlampError MANIFEST_INVALID where more than one may be meant
 */
export function captureNamed({ path, captures }: Manifest, file: string): ManifestCapture | null {
  const wanted = resolve(file);
  const placed = captures.find((capture) => resolve(capture.path) === wanted);
  if (placed !== undefined) return placed;
  const named = captures.filter((capture) => basename(capture.file) === basename(file));
  if (named.length <= 1) return named[0] ?? null;
  throw invalid(
    path,
    `${file} may be ${named.map((capture) => capture.file).join(' or ')}`,
    'captures where the manifest says, or names that differ',
  );
}

/** @throws FlowlampError MANIFEST_INVALID for a capture that is not there, with the files that may have been meant */
export function requireFiles({ root, wrong }: Manifest, captures: readonly ManifestCapture[]): void {
  for (const { file, path, entry } of captures) {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status?.isFile() === true) continue;
    const place = ['captures', entry, 'file'];
    const what = status === undefined ? 'does not exist' : 'is no file';
    throw wrong(place, `${placeText(place)}: ${file} ${what}`, nearestFiles(root, file));
  }
}

/** True for a path that is a manifest by its ending and is there. */
export function isManifestPath(path: string): boolean {
  return /\.(json|ya?ml)$/i.test(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
