/** Flow rows turned into what other tools' records say, so that both can be laid side by side. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ExtractOptions } from '../../../../features/extractor.ts';
import type { ExtractCounters } from '../../../../features/flow-extractor.ts';
import { extractRows, type Row } from '../../../support/rows.ts';
import { addressBytes, addressText } from '../../protocol/pcap-helper.ts';

export type Pair = readonly [number, number];

/** What both sides of a conversation sent, as somebody counted it; pairs are [from, to]. */
export interface Conversation {
  readonly protocol: number;
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
  readonly packets: Pair;
  readonly payloadBytes: Pair;
  /** Microseconds since 1970, exact to the microsecond. */
  readonly firstUs: number;
  readonly lastUs: number;
}

/** A conversation by a row of ours. */
export interface Ours extends Conversation {
  readonly ipBytes: Pair;
  readonly row: Row;
}

const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmp6: 58, sctp: 132 };

/** No timeouts: a 5-tuple is one flow unless FIN, RST or a new SYN says otherwise. */
export const NO_TIMEOUTS = { idleTimeout: 0, activeTimeout: 0 } as const;

export function readCapture(path: string): Uint8Array {
  const bytes = readFileSync(path);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}

export function conversations(
  path: string,
  options: ExtractOptions,
): { readonly ours: readonly Ours[]; readonly counters: ExtractCounters } {
  const { rows, counters } = extractRows(readCapture(path), options);
  return { ours: rows.map(conversationOf), counters };
}

function conversationOf(row: Row): Ours {
  const pair = (name: string): Pair => [Number(row[`fwd_${name}`]), Number(row[`bwd_${name}`])];
  return {
    protocol: PROTOCOL_NUMBERS[String(row['protocol'])]!,
    from: canonicalIp(String(row['src_ip'])),
    fromPort: Number(row['src_port']),
    to: canonicalIp(String(row['dst_ip'])),
    toPort: Number(row['dst_port']),
    packets: pair('packets'),
    ipBytes: pair('bytes'),
    payloadBytes: pair('payload_bytes'),
    firstUs: microseconds(String(row['first_seen'])),
    lastUs: microseconds(String(row['last_seen'])),
    row,
  };
}

/** Microseconds since 1970 of an RFC 3339 time; nanoseconds beyond are cut off. A time without a zone is UTC. */
export function microseconds(time: string): number {
  const [whole = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return Date.parse(`${whole}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** One notation for each address, IPv4 within IPv6 included. */
export function canonicalIp(ip: string): string {
  const mapped = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip);
  if (mapped === null) return addressText(addressBytes(ip));
  const [a, b, c, d] = mapped.slice(2).map(Number) as [number, number, number, number];
  return addressText(addressBytes(`${mapped[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`));
}

/** The same text for both directions. ICMP has no ports on which all tools agree, so its key has none. */
export type Ends = Pick<Conversation, 'protocol' | 'from' | 'fromPort' | 'to' | 'toPort'>;

export function keyOf({ protocol, from, fromPort, to, toPort }: Ends): string {
  const isIcmp = protocol === PROTOCOL_NUMBERS['icmp'] || protocol === PROTOCOL_NUMBERS['icmp6'];
  const ends = isIcmp ? [from, to] : [`${from} ${fromPort}`, `${to} ${toPort}`];
  return `${protocol} ${ends.sort().join(' ')}`;
}

export function byKey<T extends Ends>(all: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

/** True if `one` calls the same side `from` as `other` does. */
export function sameDirection(one: Ends, other: Ends): boolean {
  return one.from === other.from && (one.from !== one.to || one.fromPort === other.fromPort);
}

/** A pair as seen from the other side, where the sides are swapped. */
export function turned(pair: Pair, isSame: boolean): Pair {
  return isSame ? pair : [pair[1], pair[0]];
}

export function add(pairs: readonly Pair[]): Pair {
  return pairs.reduce<Pair>(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
}
