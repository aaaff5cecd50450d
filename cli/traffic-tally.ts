/** Who talks most: sums over flow rows by host, server name and server port. */
import type { ScalarColumn, Table } from '../core/table.ts';
import { type TextColumn, textsOf } from '../core/text-column.ts';

export interface TallyRow {
  readonly key: string;
  flows: number;
  packets: number;
  bytes: number;
}

export interface TallySection {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly TallyRow[];
}

/** Keys kept per list: a scan over millions of addresses must not fill the memory. Later ones count as `others`. */
const MAX_KEYS = 100_000;
const OTHERS = '(others)';

export class TrafficTally {
  /** Flows by transport, and of those the ones with a TLS handshake. */
  readonly kinds: Record<string, number> = {};
  readonly #hosts = new Map<string, TallyRow>();
  readonly #names = new Map<string, TallyRow>();
  readonly #ports = new Map<string, TallyRow>();

  add(table: Table): void {
    const text = (name: string) => textsOf(table.columns.get(name) as TextColumn, table.length);
    const numbers = (name: string) => (table.columns.get(name) as ScalarColumn<'uint53'>).values;
    const [sources, destinations, protocols, names, ja4s] = ['src_ip', 'dst_ip', 'protocol', 'sni', 'ja4'].map(text);
    const [ports, fwdPackets, bwdPackets, fwdBytes, bwdBytes] = [
      'dst_port',
      'fwd_packets',
      'bwd_packets',
      'fwd_bytes',
      'bwd_bytes',
    ].map(numbers);
    for (let row = 0; row < table.length; row++) {
      const packets = fwdPackets![row]! + bwdPackets![row]!;
      const bytes = fwdBytes![row]! + bwdBytes![row]!;
      const protocol = protocols![row]!;
      this.#count(protocol);
      if (ja4s![row] !== null) this.#count('with a TLS handshake');
      enter(this.#hosts, sources![row]!, packets, bytes);
      if (destinations![row] !== sources![row]) enter(this.#hosts, destinations![row]!, packets, bytes);
      enter(this.#ports, `${protocol}/${ports![row]}`, packets, bytes);
      const name = names![row];
      if (name !== null && name !== undefined) enter(this.#names, name, packets, bytes);
    }
  }

  /** The lists, each with its `top` rows by bytes. */
  sections(top: number): TallySection[] {
    return [
      { name: 'hosts', title: 'host', rows: largest(this.#hosts, top) },
      { name: 'ports', title: 'server port', rows: largest(this.#ports, top) },
      { name: 'names', title: 'server name (SNI)', rows: largest(this.#names, top) },
    ];
  }

  #count(kind: string): void {
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
  }
}

function enter(rows: Map<string, TallyRow>, key: string, packets: number, bytes: number): void {
  const kept = rows.has(key) || rows.size < MAX_KEYS ? key : OTHERS;
  let row = rows.get(kept);
  if (row === undefined) {
    row = { key: kept, flows: 0, packets: 0, bytes: 0 };
    rows.set(kept, row);
  }
  row.flows++;
  row.packets += packets;
  row.bytes += bytes;
}

function largest(rows: ReadonlyMap<string, TallyRow>, top: number): TallyRow[] {
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes || (a.key < b.key ? -1 : 1)).slice(0, top);
}
