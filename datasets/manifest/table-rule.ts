/** The rule that labels flows by a table: CSV or a log of Zeek, a row per flow. */
import { dirname, resolve } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { nearestFew } from '../../core/json-schema.ts';
import { canonicalAddress, endOf, FlowIndex, protocolName, timeUs } from './flow-index.ts';
import { readLabelTable, rolesOf, splitEnd, type TableRoles } from './label-table.ts';
import { type FlowSelector, type LabelRule, type Manifest, nearestFiles } from './manifest.ts';
import { endsOf } from './matched-flow.ts';
import type { Rule } from './rule.ts';

/** Clocks of a capture and of a log that was made of it differ by less; microseconds. */
const SLACK_US = 1_000_000;

/** @throws FlowlampError MANIFEST_INVALID for a table that is not there, or says nothing of the captures */
export function tableRule(
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
