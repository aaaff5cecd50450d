/** What flows are matched by: ends, protocol and time, of rows and as manifests write them. */

import { placeText } from '../../core/json-schema.ts';
import type { ScalarColumn, Table } from '../../core/table.ts';
import { textCell } from '../../core/table.ts';
import { canonicalAddress, endOf, timeUs } from './flow-index.ts';
import type { FlowSelector, Manifest } from './manifest.ts';

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

/** What a row is matched by. */
export interface MatchedFlow {
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly protocol: string;
  readonly fromUs: number;
  readonly untilUs: number;
}

/** Both ends as a FlowIndex has them. */
export function endsOf(flow: MatchedFlow) {
  return { protocol: flow.protocol, a: endOf(flow.src, flow.srcPort), b: endOf(flow.dst, flow.dstPort) };
}

/** Reads what rows are matched by; times where the table has them. */
export function flowReader(table: Table): (row: number) => MatchedFlow {
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

/** An address as rows write it. */
export function addressOf(manifest: Manifest, place: readonly (string | number)[], text: string): string {
  const address = canonicalAddress(text);
  if (address !== null) return address;
  throw manifest.wrong(place, `${placeText(place)} is ${JSON.stringify(text)}`, 'an IPv4 or IPv6 address');
}

/** The time that a flow must touch, us since 1970. */
export function rangeOf(manifest: Manifest, place: readonly (string | number)[], { from, until }: FlowSelector) {
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
