/** Which flow is meant: the forms in which people name one, and which rows they fit. */
import { numberCell, type Table, textCell } from '../../core/table.ts';
import { parseAddress, textOfAddress } from '../../features/rows/address.ts';

/** One side of a flow; what is null may be anything. */
export interface Endpoint {
  /** As columns have it: dotted decimal, or RFC 5952. */
  readonly address: string;
  readonly port: number | null;
}

export type FlowSelector =
  | { readonly kind: 'flow_id'; readonly id: number }
  | { readonly kind: 'community_id'; readonly id: string }
  /** One or two endpoints, whichever of them began the flow. */
  | { readonly kind: 'endpoints'; readonly ends: readonly Endpoint[] };

/** What a table must have for each kind to be found. */
export const SELECTOR_COLUMNS: Readonly<Record<FlowSelector['kind'], readonly string[]>> = {
  flow_id: ['flow_id'],
  community_id: ['community_id'],
  endpoints: ['src_ip', 'src_port', 'dst_ip', 'dst_port'],
};

export const SELECTOR_FORMS =
  'a flow_id, a community_id (1:...=), an address, ADDRESS:PORT ([...]:PORT for IPv6), or two of these with - between';

/** A SHA-1 in base 64 behind the version and seed (https://github.com/corelight/community-id-spec). */
const COMMUNITY_ID = /^1:[A-Za-z0-9+/]{27}=$/;

/** Null for a text that names no flow. */
export function parseSelector(text: string): FlowSelector | null {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) {
    const id = Number(trimmed);
    return Number.isSafeInteger(id) ? { kind: 'flow_id', id } : null;
  }
  if (COMMUNITY_ID.test(trimmed)) return { kind: 'community_id', id: trimmed };
  const parts = trimmed.split(/\s*->?\s*/);
  const ends = parts.map(parseEndpoint).filter((end) => end !== null);
  if (ends.length !== parts.length || ends.length > 2) return null;
  return { kind: 'endpoints', ends };
}

function parseEndpoint(text: string): Endpoint | null {
  const match = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? /^([\d.]+):(\d{1,5})$/.exec(text);
  const bytes = parseAddress(match?.[1] ?? text);
  const port = match?.[2] === undefined ? null : Number(match[2]);
  if (bytes === null || (port !== null && port > 65_535)) return null;
  return { address: textOfAddress(bytes), port };
}

/** How well a row fits: 1 where it is meant, less than 1 where it only resembles what is meant, 0 for any other. */
export function fitOf(selector: FlowSelector, table: Table, row: number): number {
  switch (selector.kind) {
    case 'flow_id':
      return likeness(String(selector.id), String(numberCell(table, 'flow_id', row) ?? ''));
    case 'community_id':
      return likeness(selector.id.slice(2), (textCell(table, 'community_id', row) ?? '').slice(2));
    case 'endpoints': {
      const [one, two] = [sideOf(table, 'src', row), sideOf(table, 'dst', row)];
      const { ends } = selector;
      return Math.max(fitOfEnds(ends, [one, two]), fitOfEnds(ends, [two, one]));
    }
  }
}

/** The share of characters that two texts begin and end with alike: a name that was cut off or mistyped. */
function likeness(wanted: string, found: string): number {
  if (wanted === found) return 1;
  const most = Math.min(wanted.length, found.length);
  let head = 0;
  while (head < most && wanted[head] === found[head]) head++;
  let tail = 0;
  while (tail < most - head && wanted.at(-1 - tail) === found.at(-1 - tail)) tail++;
  return Math.min(0.99, (head + tail) / Math.max(wanted.length, found.length));
}

function fitOfEnds(wanted: readonly Endpoint[], found: readonly Endpoint[]): number {
  const fits = wanted.map((end, i) => fitOfEnd(end, found[i]!));
  return fits.reduce((sum, fit) => sum + fit, 0) / fits.length;
}

function fitOfEnd(wanted: Endpoint, found: Endpoint): number {
  const hasAddress = wanted.address === found.address;
  const hasPort = wanted.port === null || wanted.port === found.port;
  if (hasAddress && hasPort) return 1;
  return hasAddress ? 0.7 : hasPort && wanted.port !== null ? 0.3 : 0;
}

function sideOf(table: Table, side: 'src' | 'dst', row: number): Endpoint {
  return { address: textCell(table, `${side}_ip`, row) ?? '', port: numberCell(table, `${side}_port`, row) };
}
