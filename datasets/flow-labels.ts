/**
 * Labels by flow, from a JSON manifest:
 *
 *     { "version": 1,
 *       "captures": [ { "file": "a.pcap", "label": "other",
 *                       "flows": [ { "src_ip": "10.0.0.1", "src_port": 40000, "dst_ip": "192.0.2.1", "dst_port": 443,
 *                                    "protocol": "tcp", "label": "mining" } ] } ] }
 *
 * A flow matches in either direction. A capture's own `label` is that of its flows that no entry names; without one
 * they stay unlabelled.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type ScalarColumn, type Table, textCell } from '../core/table.ts';
import { appendText, type TextColumn } from '../core/text-column.ts';
import { unreadable } from '../features/capture/input.ts';

const MANIFEST_VERSION = 1;

/** Columns that labels by flow are found by, and the one that they are written to. */
export const LABEL_COLUMNS = ['src_ip', 'src_port', 'dst_ip', 'dst_port', 'protocol', 'label'] as const;

export interface ManifestCapture {
  readonly file: string;
  /** `train`, `test` or `demo` in the manifests that the project generates. */
  readonly role: string | null;
  readonly label: string | null;
  readonly flows: ReadonlyMap<string, string>;
}

export class FlowLabels {
  readonly captures: readonly ManifestCapture[];
  readonly #path: string;

  constructor(path: string, captures: readonly ManifestCapture[]) {
    this.#path = path;
    this.captures = captures;
  }

  /** True if the manifest speaks of the capture `file`. */
  names(file: string): boolean {
    return this.#captureOf(file) !== null;
  }

  /** Fills the `label` column of rows that come from the capture `file`; they need LABEL_COLUMNS. */
  apply(file: string, table: Table): void {
    const capture = this.#captureOf(file);
    if (capture === null) return;
    const labels = table.columns.get('label') as TextColumn;
    const sourcePorts = (table.columns.get('src_port') as ScalarColumn<'uint16'>).values;
    const destinationPorts = (table.columns.get('dst_port') as ScalarColumn<'uint16'>).values;
    for (let row = 0; row < table.length; row++) {
      const source = `${textCell(table, 'src_ip', row)} ${sourcePorts[row]}`;
      const destination = `${textCell(table, 'dst_ip', row)} ${destinationPorts[row]}`;
      const key = pairKey(textCell(table, 'protocol', row)!, source, destination);
      appendText(labels, row, capture.flows.get(key) ?? capture.label);
    }
  }

  /**
   * @throws FlowlampError MANIFEST_INVALID if none of the captures is in the manifest: their rows would silently be
   *   without labels
   */
  requireAny(files: readonly string[]): void {
    if (files.some((file) => this.names(file))) return;
    throw invalid(this.#path, 'it names none of the captures given', 'the captures by their file names');
  }

  /** By its place beside the manifest; failing that by its name alone, for captures that were moved. */
  #captureOf(file: string): ManifestCapture | null {
    const beside = dirname(this.#path);
    const placed = this.captures.find((capture) => resolve(beside, capture.file) === resolve(file));
    if (placed !== undefined) return placed;
    const named = this.captures.filter((capture) => basename(capture.file) === basename(file));
    if (named.length <= 1) return named[0] ?? null;
    throw invalid(
      this.#path,
      `${file} may be ${named.map((capture) => capture.file).join(' or ')}`,
      'captures where the manifest says, or names that differ',
    );
  }
}

/** @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE or MANIFEST_INVALID */
export function loadFlowLabels(path: string): FlowLabels {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return new FlowLabels(path, parseManifest(path, text));
}

function parseManifest(path: string, text: string): ManifestCapture[] {
  const manifest = record(path, parseJson(path, text), 'the manifest');
  if (manifest['version'] !== MANIFEST_VERSION) {
    throw invalid(path, `its version is ${JSON.stringify(manifest['version'])}`, `version ${MANIFEST_VERSION}`);
  }
  return list(path, manifest['captures'], 'captures').map((value, index) => {
    const where = `captures[${index}]`;
    const capture = record(path, value, where);
    const flows = capture['flows'] === undefined ? [] : list(path, capture['flows'], `${where}.flows`);
    return {
      file: name(path, capture['file'], `${where}.file`),
      role: capture['role'] === undefined ? null : name(path, capture['role'], `${where}.role`),
      label: capture['label'] === undefined ? null : name(path, capture['label'], `${where}.label`),
      flows: new Map(flows.map((flow, at) => flowEntry(path, flow, `${where}.flows[${at}]`))),
    };
  });
}

function flowEntry(path: string, value: unknown, where: string): [string, string] {
  const flow = record(path, value, where);
  const source = `${name(path, flow['src_ip'], `${where}.src_ip`)} ${port(path, flow['src_port'], `${where}.src_port`)}`;
  const target = `${name(path, flow['dst_ip'], `${where}.dst_ip`)} ${port(path, flow['dst_port'], `${where}.dst_port`)}`;
  const protocol = name(path, flow['protocol'], `${where}.protocol`);
  return [pairKey(protocol, source, target), name(path, flow['label'], `${where}.label`)];
}

/** The same for both directions. */
function pairKey(protocol: string, one: string, other: string): string {
  return one < other ? `${protocol} ${one} ${other}` : `${protocol} ${other} ${one}`;
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `it is no JSON (${(cause as Error).message})`, 'a JSON manifest');
  }
}

function record(path: string, value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(path, `${where} is ${kindOf(value)}`, 'an object');
}

function list(path: string, value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(path, `${where} is ${kindOf(value)}`, 'a list');
}

function name(path: string, value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(path, `${where} is ${kindOf(value)}`, 'text');
}

function port(path: string, value: unknown, where: string): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff) return value as number;
  throw invalid(path, `${where} is ${kindOf(value)}`, 'a port number');
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === '') return 'empty';
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}

function invalid(path: string, what: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.ManifestInvalid, {
    happened: `${path} is no label manifest: ${what}`,
    expected,
    action: 'correct the manifest',
  });
}
