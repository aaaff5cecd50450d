/** One row after the other of a table of ours, with what other flow meters make of several of its cells. */
import { numberCell, type Table, textCell } from '../../../core/table.ts';
import { Protocol } from '../../packet/packet.ts';
import { type Moments, NO_MOMENTS, pooled, scaled } from './moments.ts';

export type Direction = 'fwd' | 'bwd';
const BOTH: readonly Direction[] = ['fwd', 'bwd'];

const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = {
  tcp: Protocol.Tcp,
  udp: Protocol.Udp,
  sctp: Protocol.Sctp,
  icmp: Protocol.Icmp,
  icmp6: Protocol.Icmp6,
};
const NS_PER_MS = 1_000_000n;

export class FlowCells {
  readonly #table: Table;
  readonly #before: number;
  #row = 0;
  /** What has been made of the row; most of it is asked for four times and more. */
  readonly #moments = new Map<string, Moments>();

  /** @param before rows of tables before this one */
  constructor(table: Table, before: number) {
    this.#table = table;
    this.#before = before;
  }

  turnTo(row: number): void {
    this.#row = row;
    this.#moments.clear();
  }

  /** Counts rows from 0. */
  get ordinal(): number {
    return this.#before + this.#row;
  }

  /** The number in a column, null where there is none. */
  number(name: string): number | null {
    return numberCell(this.#table, name, this.#row);
  }

  /** The same of a column that is never null, or where null stands for none. */
  count(name: string): number {
    return this.number(name) ?? 0;
  }

  /** Both directions together. */
  sum(name: string): number {
    return this.count(`fwd_${name}`) + this.count(`bwd_${name}`);
  }

  text(name: string): string | null {
    return textCell(this.#table, name, this.#row);
  }

  /** Nanoseconds since 1970. */
  time(name: 'first_seen' | 'last_seen'): bigint {
    return (this.#table.columns.get(name) as { values: BigInt64Array }).values[this.#row]!;
  }

  /** Milliseconds since 1970, rounded down; null before it. */
  milliseconds(name: 'first_seen' | 'last_seen'): number | null {
    const ns = this.time(name);
    return ns < 0n ? null : Number(ns / NS_PER_MS);
  }

  list(name: string): readonly number[] {
    const { items, offsets } = this.#table.columns.get(name) as { items: Float64Array; offsets: Int32Array };
    return Array.from(items.subarray(offsets[this.#row], offsets[this.#row + 1]));
  }

  /** Its IANA number. */
  get protocolNumber(): number | null {
    return PROTOCOL_NUMBERS[this.text('protocol') ?? ''] ?? null;
  }

  /** 0 for ICMP, which has no ports: there ours hold types. */
  port(name: 'src_port' | 'dst_port'): number {
    return this.text('protocol')?.startsWith('icmp') === true ? 0 : this.count(name);
  }

  /** IP lengths of packets. */
  sizes(direction: Direction): Moments {
    return this.#once(`${direction} sizes`, () => {
      const packets = this.count(`${direction}_packets`);
      return this.#stored(`${direction}_packet_size_`, '', packets, this.count(`${direction}_bytes`));
    });
  }

  sizesOfBoth(): Moments {
    return this.#once('sizes', () => pooled(BOTH.map((direction) => this.sizes(direction))));
  }

  /** Payloads of packets, of those without payload too. */
  payloads(direction: Direction): Moments {
    return this.#once(`${direction} payloads`, () => {
      const some = this.count(`${direction}_payload_packets`);
      const empty = this.count(`${direction}_packets`) - some;
      const bytes = this.count(`${direction}_payload_bytes`);
      const filled = this.#stored(`${direction}_payload_size_`, '', some, bytes);
      return pooled([filled, { ...NO_MOMENTS, count: empty }]);
    });
  }

  payloadsOfBoth(): Moments {
    return this.#once('payloads', () => pooled(BOTH.map((direction) => this.payloads(direction))));
  }

  /** Gaps between packets, in units of so many microseconds. */
  gaps(of: Direction | 'flow', unitUs = 1): Moments {
    return this.#once(`${of} gaps ${unitUs}`, () => {
      const packets = of === 'flow' ? this.sum('packets') : this.count(`${of}_packets`);
      return scaled(this.#times(`${of}_iat_`, packets - 1), 1 / unitUs);
    });
  }

  /** Microseconds. */
  actives(): Moments {
    return this.#once('actives', () => this.#times('active_', this.count('active_periods')));
  }

  /** Microseconds. */
  idles(): Moments {
    return this.#once('idles', () => this.#times('idle_', this.count('active_periods') - 1));
  }

  #once(what: string, make: () => Moments): Moments {
    let made = this.#moments.get(what);
    if (made === undefined) {
      made = make();
      this.#moments.set(what, made);
    }
    return made;
  }

  #times(name: string, count: number): Moments {
    return this.#stored(name, '_us', count, count * this.count(`${name}mean_us`));
  }

  /** Moments as columns of ours hold them, deviations divided by n. */
  #stored(name: string, unit: string, count: number, sum: number): Moments {
    if (count < 1) return NO_MOMENTS;
    const at = (moment: string) => this.count(`${name}${moment}${unit}`);
    return { count, min: at('min'), max: at('max'), sum, squares: count * at('std') ** 2 };
  }
}
