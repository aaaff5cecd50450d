/** Tables of labelled flows: CSV with a header, or a Zeek log such as the labelled conn.log of IoT-23. */
import { readFileSync, statSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { nearestFew } from '../../core/json-schema.ts';
import { unreadable } from '../../features/capture/input.ts';

export interface LabelTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Which column says what; a number of a column, -1 where no column does. */
export interface TableRoles {
  readonly file: number;
  readonly a: number;
  readonly a_port: number;
  readonly b: number;
  readonly b_port: number;
  readonly protocol: number;
  readonly time: number;
  readonly duration: number;
  readonly label: number;
}

/** What columns are called in tables that people have: ours, flows.csv, Zeek, CICFlowMeter, nfstream. */
const KNOWN: Readonly<Record<keyof TableRoles, readonly string[]>> = {
  file: ['file', 'capture', 'pcap', 'filename'],
  a: ['src_ip', 'endpoint_a', 'client', 'id.orig_h', 'source ip', 'src ip', 'srcip', 'saddr'],
  a_port: ['src_port', 'id.orig_p', 'source port', 'src port', 'sport', 'client_port'],
  b: ['dst_ip', 'endpoint_b', 'server', 'id.resp_h', 'destination ip', 'dst ip', 'dstip', 'daddr'],
  b_port: ['dst_port', 'id.resp_p', 'destination port', 'dst port', 'dport', 'server_port'],
  protocol: ['protocol', 'proto', 'l4'],
  time: ['first_seen', 'ts', 'start', 'stime'],
  duration: ['duration'],
  label: ['label', 'class', 'category'],
};

/** Bytes of a table: all of it is looked up for every flow, so that it must fit the memory. Some two million flows. */
const MAX_BYTES = 256 * 1024 * 1024;

/** @throws FlowlampError FILE_NOT_FOUND or FILE_UNREADABLE; Error with a sentence for what is no table */
export function readLabelTable(path: string): LabelTable {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new Error(`has ${size} bytes, more than ${MAX_BYTES}: keep its ends and labels only`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw 'code' in (cause as Error) ? unreadable(path, cause) : cause;
  }
  if (text.trim() === '') throw new Error('is empty');
  return text.startsWith('#separator') || text.startsWith('#fields') ? zeekTable(text) : csvTable(text);
}

function csvTable(text: string): LabelTable {
  try {
    const options = { bom: true, skip_empty_lines: true, relax_column_count: true, trim: true };
    const [columns = [], ...rows] = parse(text, options) as string[][];
    return { columns, rows };
  } catch (cause) {
    throw new Error(`does not parse (${(cause as Error).message})`);
  }
}

/** Tab-separated, with the names in `#fields`. IoT-23 puts its labels behind them by blanks in place of tabs. */
function zeekTable(text: string): LabelTable {
  let columns: string[] = [];
  const rows: string[][] = [];
  for (const line of text.split('\n')) {
    const cells = line.replace(/\r$/, '').split(/\t| {3}/);
    if (line.startsWith('#fields')) columns = cells.slice(1);
    else if (!line.startsWith('#') && line !== '') rows.push(cells.map((cell) => (cell === '-' ? '' : cell)));
  }
  return { columns, rows };
}

/**
 * Finds the columns by the names that the manifest gives them, or those that are known.
 *
 * @throws Error with what is missing, and what may have been meant
 */
export function rolesOf({ columns }: LabelTable, named: Readonly<Record<string, string>> = {}): TableRoles {
  const places = new Map(columns.map((name, index) => [name.trim().toLowerCase(), index]));
  const roles = Object.entries(KNOWN).map(([role, names]) => {
    const given = named[role];
    if (given === undefined) return [role, names.map((name) => places.get(name)).find((at) => at !== undefined) ?? -1];
    const at = places.get(given.toLowerCase());
    if (at !== undefined) return [role, at];
    const near = nearestFew(given, columns, 2);
    throw new Error(
      `has no column ${given}; ${near.length > 0 ? `perhaps ${near.join(' or ')}` : `it has ${columns.join(', ')}`}`,
    );
  });
  return Object.fromEntries(roles) as TableRoles;
}

/** `ADDRESS:PORT` in its parts; of an IPv6 address with or without brackets. */
export function splitEnd(text: string): { address: string; port: string } | null {
  const match = /^\[?([^\]]+?)\]?:(\d+)$/.exec(text.trim());
  return match === null ? null : { address: match[1]!, port: match[2]! };
}
