/**
 * Gives the rows of captures their labels by the rules of a manifest, and counts what each rule gave. The first of these
 * that knows a flow decides: the capture's `flows`, the rules in their order, the capture's own label, the default.
 */
import { dirname, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { nearestFew, placeText } from '../../core/json-schema.ts';
import type { ScalarColumn, Table } from '../../core/table.ts';
import { textCell } from '../../core/table.ts';
import { canonicalAddress, endOf, FlowIndex, protocolName, timeUs } from './flow-index.ts';
import { readLabelTable, rolesOf, splitEnd, type TableRoles } from './label-table.ts';
import {
  captureNamed,
  type FlowSelector,
  type LabelRule,
  type Manifest,
  type ManifestCapture,
  nearestFiles,
} from './manifest.ts';
import { type Condition, conditionOf } from './where.ts';

/** Columns that flows are found by. */
export const MATCHED_COLUMNS = [
  'src_ip',
  'src_port',
  'dst_ip',
  'dst_port',
  'protocol',
  'first_seen',
  'last_seen',
] as const;

/** Clocks of a capture and of a log that was made of it differ by less; microseconds. */
const SLACK_US = 1_000_000;

/** What a row is matched by. */
interface Flow {
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly protocol: string;
  readonly fromUs: number;
  readonly untilUs: number;
}

interface Matched {
  readonly label: string;
  readonly group: string | null;
}

interface Rule {
  /** As reports name it. */
  readonly text: string;
  /** Captures that it is of; null for all. */
  readonly paths: ReadonlySet<string> | null;
  readonly columns: readonly string[];
  /** Prepared for a batch of a capture. */
  readonly on: (capture: ManifestCapture, table: Table) => (row: number, flow: Flow) => Matched | null;
  /** Entries of a table of labels: those that have matched, and how to show one. */
  readonly entries: {
    readonly matched: Uint8Array;
    readonly show: (entry: number) => string;
    readonly selector: (entry: number) => FlowSelector;
  } | null;
}

export interface RowLabel {
  readonly label: string | null;
  /** Which part of the manifest gave it; null where none did. */
  readonly by: string | null;
  /** Site of the flow, where its entry says it. */
  readonly group: string | null;
}

/** How many flows a part of the manifest labelled, and how. */
export interface LabelCount {
  readonly label: string | null;
  readonly by: string | null;
  count: number;
}

export class Labeller {
  readonly manifest: Manifest;
  readonly #rules: readonly Rule[];
  readonly #hits: number[];
  readonly #counts = new Map<string, LabelCount>();
  readonly #captures = new Map<string, ManifestCapture | null>();
  readonly #entries = new Map<ManifestCapture, { readonly index: FlowIndex; readonly matched: Uint8Array }>();

  /** @throws FlowlampError MANIFEST_INVALID for a rule that cannot be understood */
  constructor(manifest: Manifest) {
    this.manifest = manifest;
    this.#rules = manifest.rules.map((rule, index) => compiled(manifest, rule, index));
    this.#hits = this.#rules.map(() => 0);
  }

  /** Columns that rows need. */
  get columns(): string[] {
    return [...new Set([...MATCHED_COLUMNS, ...this.#rules.flatMap(({ columns }) => columns)])];
  }

  /** Labels so far, and what gave them. */
  get counts(): readonly LabelCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count);
  }

  /** The manifest's capture that a file is, null if it names none of that place or name. */
  captureOf(file: string): ManifestCapture | null {
    let capture = this.#captures.get(file);
    if (capture === undefined) {
      capture = captureNamed(this.manifest, file);
      this.#captures.set(file, capture);
    }
    return capture;
  }

  /** Labels the rows of a batch of a capture, one after the other. */
  label(capture: ManifestCapture, table: Table, take: (row: number, label: RowLabel) => void): void {
    const rules = this.#rules.map((rule) =>
      rule.paths === null || rule.paths.has(resolve(capture.path)) ? rule.on(capture, table) : null,
    );
    const { index, matched } = this.#entriesOf(capture);
    const flowAt = flowReader(table);
    for (let row = 0; row < table.length; row++) {
      const flow = flowAt(row);
      const found = this.#labelOf(capture, flow, row, index, matched, rules);
      this.#count(found);
      take(row, found);
    }
  }

  #labelOf(
    capture: ManifestCapture,
    flow: Flow,
    row: number,
    index: FlowIndex,
    matched: Uint8Array,
    rules: readonly (((row: number, flow: Flow) => Matched | null) | null)[],
  ): RowLabel {
    const entry = index.find(endsOf(flow), flow.fromUs, flow.untilUs);
    if (entry !== null) {
      matched[entry.entry] = 1;
      return { label: entry.label, by: `captures[${capture.entry}].flows`, group: entry.group };
    }
    for (let i = 0; i < rules.length; i++) {
      const hit = rules[i]?.(row, flow) ?? null;
      if (hit === null) continue;
      this.#hits[i]!++;
      return { label: hit.label, by: `labels[${i}] (${this.#rules[i]!.text})`, group: hit.group };
    }
    if (capture.label !== null) {
      return { label: capture.label, by: `captures[${capture.entry}] (${capture.labelBy})`, group: null };
    }
    const { fallback } = this.manifest;
    return { label: fallback, by: fallback === null ? null : 'default', group: null };
  }

  #count({ label, by }: RowLabel): void {
    const key = `${label ?? ''}\0${by ?? ''}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { label, by, count: 1 });
    else known.count++;
  }

  #entriesOf(capture: ManifestCapture): { readonly index: FlowIndex; readonly matched: Uint8Array } {
    let entries = this.#entries.get(capture);
    if (entries === undefined) {
      entries = { index: new FlowIndex(), matched: new Uint8Array(capture.flows.length) };
      for (const [number, flow] of capture.flows.entries()) {
        const place = ['captures', capture.entry, 'flows', number];
        entries.index.add(
          {
            protocol: protocolName(flow.protocol),
            a: endOf(addressOf(this.manifest, [...place, 'src_ip'], flow.src_ip), flow.src_port),
            b: endOf(addressOf(this.manifest, [...place, 'dst_ip'], flow.dst_ip), flow.dst_port),
          },
          { label: flow.label, entry: number, group: flow.group ?? null, ...rangeOf(this.manifest, place, flow) },
        );
      }
      this.#entries.set(capture, entries);
    }
    return entries;
  }

  /** What matched nothing in all that was labelled. */
  unmatched(): Unmatched[] {
    const missing: Unmatched[] = [];
    for (const [capture, { matched }] of this.#entries) {
      const none = indicesOf(matched, 0);
      if (none.length === 0) continue;
      const first = none[0]!;
      const place = ['captures', capture.entry, 'flows', first];
      const selector = capture.flows[first]!;
      missing.push({
        place,
        text: `${placeText(place)} of ${capture.file}`,
        selector,
        where: null,
        count: none.length,
        isWhole: true,
      });
    }
    this.#rules.forEach((rule, index) => {
      const place = ['labels', index];
      const none = rule.entries === null ? [] : indicesOf(rule.entries.matched, 0);
      const isWhole = this.#hits[index] === 0;
      if (!isWhole && none.length === 0) return;
      const { flow = null, where = null } = this.manifest.rules[index]!;
      const entry = none.length === 0 ? null : { table: rule.entries!, first: none[0]! };
      missing.push({
        place,
        text: `${placeText(place)} (${rule.text})`,
        selector: entry === null ? flow : entry.table.selector(entry.first),
        where: where === null ? null : { expression: where, columns: rule.columns },
        count: Math.max(1, none.length),
        isWhole,
        ...(entry !== null && { shown: entry.table.show(entry.first) }),
      });
    });
    return missing;
  }
}

/** A part of the manifest that matched no flow. */
export interface Unmatched {
  readonly place: readonly (string | number)[];
  readonly text: string;
  /** The flow that was looked for, where it was one. */
  readonly selector: FlowSelector | null;
  /** The expression on columns, where it was one. */
  readonly where: { readonly expression: string; readonly columns: readonly string[] } | null;
  /** How many entries of it match nothing. */
  readonly count: number;
  /** Whether all of it does: an error. A table of labels that knows more flows than the captures hold is a warning. */
  readonly isWhole: boolean;
  /** One of the entries, where they are rows of a table. */
  readonly shown?: string;
}

function indicesOf(values: Uint8Array, wanted: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] === wanted) found.push(i);
  return found;
}

function compiled(manifest: Manifest, rule: LabelRule, index: number): Rule {
  const place = ['labels', index];
  const paths = rule.captures === undefined ? null : pathsOf(manifest, rule.captures, index);
  if (rule.flow !== undefined) return flowRule(manifest, rule, rule.flow, place, paths);
  if (rule.csv !== undefined) return tableRule(manifest, rule, rule.csv, place, paths);
  const matched: Matched = { label: rule.label!, group: null };
  if (rule.where === undefined) {
    return { text: `captures ${rule.captures}`, paths, columns: [], on: () => () => matched, entries: null };
  }
  const condition = conditionAt(manifest, rule.where, index);
  return {
    text: `where ${rule.where}`,
    paths,
    columns: condition.columns,
    on: (_, table) => {
      const fits = condition.on(table);
      return (row) => (fits(row) ? matched : null);
    },
    entries: null,
  };
}

function conditionAt(manifest: Manifest, where: string, index: number): Condition {
  try {
    return conditionOf(where);
  } catch (cause) {
    if (!(cause instanceof FlowlampError)) throw cause;
    throw manifest.wrong(['labels', index, 'where'], `labels[${index}].where: ${cause.happened}`, cause.expected);
  }
}

function pathsOf(manifest: Manifest, pattern: string, index: number): ReadonlySet<string> {
  const found = globSync(pattern, { cwd: manifest.root, absolute: true, dot: false, expandDirectories: false });
  const own = new Set(manifest.captures.map(({ path }) => resolve(path)));
  const paths = new Set(found.map((path) => resolve(path)).filter((path) => own.has(path)));
  if (paths.size > 0) return paths;
  const near = nearestFew(
    pattern,
    manifest.captures.map(({ file }) => file),
    3,
  );
  throw manifest.wrong(
    ['labels', index, 'captures'],
    `labels[${index}].captures: none of the captures matches ${pattern}`,
    near.length > 0 ? `perhaps ${near.join(' or ')}` : 'one of them at least',
  );
}

function flowRule(
  manifest: Manifest,
  rule: LabelRule,
  written: FlowSelector,
  place: (string | number)[],
  paths: ReadonlySet<string> | null,
): Rule {
  const selector = { ...written };
  for (const name of ['src_ip', 'dst_ip'] as const) {
    if (written[name] !== undefined) selector[name] = addressOf(manifest, [...place, 'flow', name], written[name]);
  }
  const { fromUs, untilUs } = rangeOf(manifest, [...place, 'flow'], selector);
  const matched: Matched = { label: rule.label!, group: null };
  const protocol = selector.protocol === undefined ? null : protocolName(selector.protocol);
  const fits = (flow: Flow, src: string, srcPort: number, dst: string, dstPort: number): boolean =>
    (selector.src_ip ?? src) === src &&
    (selector.src_port ?? srcPort) === srcPort &&
    (selector.dst_ip ?? dst) === dst &&
    (selector.dst_port ?? dstPort) === dstPort &&
    (protocol ?? flow.protocol) === flow.protocol &&
    flow.fromUs <= untilUs &&
    flow.untilUs >= fromUs;
  return {
    text: `flow ${selectorText(selector)}`,
    paths,
    columns: [],
    on: () => (_, flow) =>
      fits(flow, flow.src, flow.srcPort, flow.dst, flow.dstPort) ||
      fits(flow, flow.dst, flow.dstPort, flow.src, flow.srcPort)
        ? matched
        : null,
    entries: null,
  };
}

export function selectorText({ src_ip, src_port, dst_ip, dst_port, protocol }: FlowSelector): string {
  const end = (ip: string | undefined, port: number | undefined) => `${ip ?? '*'}:${port ?? '*'}`;
  return `${protocol === undefined ? '' : `${protocol} `}${end(src_ip, src_port)} - ${end(dst_ip, dst_port)}`;
}

function tableRule(
  manifest: Manifest,
  rule: LabelRule,
  csv: string,
  place: (string | number)[],
  paths: ReadonlySet<string> | null,
): Rule {
  const path = resolve(dirname(manifest.path), csv);
  const wrong = (what: string, expected: string) => manifest.wrong([...place, 'csv'], `${csv} ${what}`, expected);
  const { table, roles } = (() => {
    let expected = 'CSV with a header and a row per flow, or a Zeek log';
    try {
      const found = readAny([path, resolve(manifest.root, csv)]);
      expected = 'the names of its header in columns';
      return { table: found, roles: rolesOf(found.value, rule.columns) };
    } catch (cause) {
      if (!(cause instanceof FlowlampError)) throw wrong((cause as Error).message, expected);
      if (cause.code !== ErrorCode.FileNotFound) throw cause;
      throw wrong('does not exist', nearestFiles(dirname(manifest.path), csv));
    }
  })();
  if (roles.a < 0 || roles.b < 0) {
    throw wrong(
      `has no columns for both ends of a flow (it has ${table.value.columns.join(', ')})`,
      'columns: {a: ..., b: ...}',
    );
  }
  if (roles.label < 0 && rule.label === undefined)
    throw wrong('has no column of labels', 'columns: {label: ...}, or a label');
  const indices = indexTable(manifest, rule, table, roles, wrong);
  const { rows } = table.value;
  const matched = new Uint8Array(rows.length);
  return {
    text: `csv ${csv}`,
    paths,
    columns: [],
    on: (capture) => {
      const own = [indices.get(resolve(capture.path)), indices.get('')].filter((index) => index !== undefined);
      return (_, flow) => {
        for (const index of own) {
          const hit = index.find(endsOf(flow), flow.fromUs, flow.untilUs);
          if (hit === null) continue;
          matched[hit.entry] = 1;
          return { label: hit.label, group: null };
        }
        return null;
      };
    },
    entries: {
      matched,
      show: (entry) => rows[entry]!.slice(0, 5).join(', '),
      selector: (entry) => selectorOf(rows[entry]!, roles),
    },
  };
}

interface FoundTable {
  readonly path: string;
  readonly value: ReturnType<typeof readLabelTable>;
}

/** Beside the manifest, or else in its root. */
function readAny([beside, inRoot]: readonly string[]): FoundTable {
  try {
    return { path: beside!, value: readLabelTable(beside!) };
  } catch (cause) {
    if ((cause as { code?: string }).code !== ErrorCode.FileNotFound || beside === inRoot) throw cause;
    return { path: inRoot!, value: readLabelTable(inRoot!) };
  }
}

/** Rows by the path of the capture that they name; '' for those that name none. */
function indexTable(
  manifest: Manifest,
  rule: LabelRule,
  { path, value: { rows } }: FoundTable,
  roles: TableRoles,
  wrong: (what: string, expected: string) => Error,
): ReadonlyMap<string, FlowIndex> {
  const indices = new Map<string, FlowIndex>();
  const captures = captureFinder(manifest, path);
  let elsewhere: string | null = null;
  rows.forEach((row, entry) => {
    const a = endAt(row, roles.a, roles.a_port);
    const b = endAt(row, roles.b, roles.b_port);
    if (a === null || b === null) {
      throw wrong(
        `has no address with a port in row ${entry + 2}: ${row.slice(0, 5).join(', ')}`,
        'ADDRESS:PORT, or columns a_port and b_port',
      );
    }
    const written = rule.label ?? row[roles.label] ?? '';
    const label = rule.map === undefined ? written : Object.hasOwn(rule.map, written) ? rule.map[written]! : '';
    if (label === '') return;
    const startUs = roles.time < 0 ? null : timeUs(row[roles.time] ?? '');
    const lengthUs = roles.duration < 0 ? 0 : Number(row[roles.duration] ?? '') * 1e6 || 0;
    const flow = {
      label,
      entry,
      group: null,
      fromUs: startUs === null ? -Infinity : startUs - SLACK_US,
      untilUs: startUs === null ? Infinity : startUs + lengthUs + SLACK_US,
    };
    const protocol = protocolAt(row, roles);
    const capture = roles.file < 0 || !row[roles.file] ? '' : captures(row[roles.file]!);
    if (capture === null) {
      elsewhere ??= row[roles.file]!;
      return;
    }
    const index = indices.get(capture) ?? new FlowIndex();
    indices.set(capture, index);
    index.add({ protocol, a, b }, flow);
  });
  if (indices.size > 0) return indices;
  if (rows.length === 0) throw wrong('has a header and no rows', 'a row per flow');
  if (elsewhere === null) throw wrong('has no label that map names', `some of ${labelsOf(rows, roles).join(', ')}`);
  const near = nearestFew(
    elsewhere,
    manifest.captures.map(({ file }) => file),
    3,
    Infinity,
  );
  throw wrong(`names no capture of the manifest; the first that it names is ${elsewhere}`, near.join(' or '));
}

/** Some of the labels of a table, to show. */
function labelsOf(rows: readonly (readonly string[])[], { label }: TableRoles): string[] {
  return [...new Set(rows.map((row) => row[label] ?? ''))].slice(0, 5).map((text) => JSON.stringify(text));
}

/** Which capture a table means by a name: beside the table, in the root, or by the end of its path. Null: none here. */
function captureFinder(manifest: Manifest, table: string): (name: string) => string | null {
  const known = new Map(manifest.captures.map(({ path }) => [resolve(path), resolve(path)]));
  const found = new Map<string, string | null>();
  return (name) => {
    let path = found.get(name);
    if (path === undefined) {
      const ending = `/${name.replace(/^(\.?\/)+/, '')}`;
      path =
        known.get(resolve(dirname(table), name)) ??
        known.get(resolve(manifest.root, name)) ??
        [...known.keys()].find((own) => own.endsWith(ending)) ??
        null;
      found.set(name, path);
    }
    return path;
  };
}

/** The flow of a row, whose ends are known to be good. */
function selectorOf(row: readonly string[], roles: TableRoles): FlowSelector {
  const [src_ip = '', src_port] = endAt(row, roles.a, roles.a_port)!.split(' ');
  const [dst_ip = '', dst_port] = endAt(row, roles.b, roles.b_port)!.split(' ');
  const protocol = protocolAt(row, roles);
  const ends = { src_ip, src_port: Number(src_port), dst_ip, dst_port: Number(dst_port) };
  return protocol === null ? ends : { ...ends, protocol };
}

function protocolAt(row: readonly string[], { protocol }: TableRoles): string | null {
  return protocol < 0 || !row[protocol] ? null : protocolName(row[protocol]);
}

function endAt(row: readonly string[], address: number, port: number): string | null {
  const text = row[address] ?? '';
  const end = port >= 0 ? { address: text, port: row[port] || '0' } : splitEnd(text);
  const canonical = end === null ? null : canonicalAddress(end.address);
  return canonical === null ? null : endOf(canonical, end!.port);
}

function addressOf(manifest: Manifest, place: readonly (string | number)[], text: string): string {
  const address = canonicalAddress(text);
  if (address !== null) return address;
  throw manifest.wrong(place, `${placeText(place)} is ${JSON.stringify(text)}`, 'an IPv4 or IPv6 address');
}

function rangeOf(manifest: Manifest, place: readonly (string | number)[], { from, until }: FlowSelector) {
  const time = (name: 'from' | 'until', value: string | number | undefined, absent: number): number => {
    if (value === undefined) return absent;
    const us = timeUs(value);
    if (us !== null) return us;
    const at = [...place, name];
    throw manifest.wrong(
      at,
      `${placeText(at)} is ${JSON.stringify(value)}`,
      'a time such as 2024-05-01T12:00:00Z, or seconds since 1970',
    );
  };
  return { fromUs: time('from', from, -Infinity), untilUs: time('until', until, Infinity) };
}

function endsOf(flow: Flow) {
  return { protocol: flow.protocol, a: endOf(flow.src, flow.srcPort), b: endOf(flow.dst, flow.dstPort) };
}

/** Reads what rows are matched by; times where the table has them. */
export function flowReader(table: Table): (row: number) => Flow {
  const { columns } = table;
  const sourcePorts = (columns.get('src_port') as ScalarColumn<'uint16'>).values;
  const destinationPorts = (columns.get('dst_port') as ScalarColumn<'uint16'>).values;
  const first = columns.get('first_seen') as ScalarColumn<'timestamp_ns'> | undefined;
  const last = columns.get('last_seen') as ScalarColumn<'timestamp_ns'> | undefined;
  return (row) => ({
    src: textCell(table, 'src_ip', row) ?? '',
    dst: textCell(table, 'dst_ip', row) ?? '',
    srcPort: sourcePorts[row]!,
    dstPort: destinationPorts[row]!,
    protocol: textCell(table, 'protocol', row) ?? '',
    fromUs: first === undefined ? -Infinity : Number(first.values[row]!) / 1000,
    untilUs: last === undefined ? Infinity : Number(last.values[row]!) / 1000,
  });
}
