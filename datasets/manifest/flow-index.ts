/** Flows found by both ends and transport, in either direction, and by time where it is given. */
import { isIP } from 'node:net';
import { parseTime } from '../../features/text/cell.ts';

/** A flow that somebody labelled. */
export interface IndexedFlow {
  readonly label: string;
  /** Microseconds since 1970; -Infinity and Infinity where no time is given. */
  readonly fromUs: number;
  readonly untilUs: number;
  /** Number of the entry or row that it was read from. */
  readonly entry: number;
  readonly group: string | null;
}

export interface Ends {
  /** Null where it is not known: it then matches any. */
  readonly protocol: string | null;
  readonly a: string;
  readonly b: string;
}

export class FlowIndex {
  readonly #flows = new Map<string, IndexedFlow[]>();
  #anyProtocol = false;

  add({ protocol, a, b }: Ends, flow: IndexedFlow): void {
    if (protocol === null) this.#anyProtocol = true;
    const key = endsKey(protocol ?? '', a, b);
    const known = this.#flows.get(key);
    if (known === undefined) this.#flows.set(key, [flow]);
    else known.push(flow);
  }

  /** The entry for a flow that was seen from `fromUs` to `untilUs`: of several the one that begins nearest. */
  find({ protocol, a, b }: Ends, fromUs: number, untilUs: number): IndexedFlow | null {
    const exact = this.#flows.get(endsKey(protocol ?? '', a, b));
    const loose = this.#anyProtocol ? this.#flows.get(endsKey('', a, b)) : undefined;
    let best: IndexedFlow | null = null;
    let distance = Infinity;
    for (const flows of [exact, loose]) {
      for (const flow of flows ?? []) {
        if (flow.fromUs > untilUs || flow.untilUs < fromUs) continue;
        const apart = flow.fromUs === -Infinity ? Number.MAX_VALUE : Math.abs(flow.fromUs - fromUs);
        if (apart >= distance) continue;
        best = flow;
        distance = apart;
      }
    }
    return best;
  }
}

/** The same for both directions. */
function endsKey(protocol: string, one: string, other: string): string {
  return one < other ? `${protocol} ${one} ${other}` : `${protocol} ${other} ${one}`;
}

/** An end of a flow: `ADDRESS PORT`. */
export function endOf(address: string, port: number | string): string {
  return `${address} ${port}`;
}

/** An address as rows write it (RFC 5952), null for what is none. */
export function canonicalAddress(text: string): string | null {
  const kind = isIP(text);
  // The URL standard writes IPv6 addresses as RFC 5952 does.
  return kind === 0 || text.includes('%')
    ? null
    : kind === 4
      ? text
      : new URL(`http://[${text}]`).hostname.slice(1, -1);
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmp6',
  '132': 'sctp',
};

/** `6`, `TCP` and `tcp` are one. */
export function protocolName(text: string): string {
  const name = text.trim().toLowerCase();
  return PROTOCOLS[name] ?? name;
}

/** A time as manifests and tables write it, in microseconds since 1970; null if it is none. */
export function timeUs(value: string | number): number | null {
  const seconds = typeof value === 'number' ? value : /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : null;
  if (seconds !== null) return Number.isFinite(seconds) ? Math.round(seconds * 1e6) : null;
  const ns = parseTime(String(value).trim());
  return ns === null ? null : Number(ns / 1000n);
}
