/**
 * Takes a labelled table batch by batch and keeps what an audit needs: counts of all rows, and of each class a sample of
 * rows with every column. Memory is bounded by the number of groups and of different sequences, not by the rows.
 */

import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import { isNull, type ScalarColumn, type Table, textCell } from '../../core/table.ts';
import { textAt } from '../../core/text-column.ts';
import { plainCell } from '../../features/text/cell.ts';
import { Dictionary } from '../growing.ts';
import { groupReaders } from '../splits/groups.ts';
import { SHORTEST_SEQUENCE, sequenceReader } from '../splits/sequence.ts';
import { type Scanned, scannedOf } from './columns.ts';

/** Rows of each class whose columns are kept: the error of an AUC is then below 0.004. */
const SAMPLE = 20_000;

export const COUNTED_GROUPS = ['capture', 'client', 'server'] as const;
export type CountedGroup = (typeof COUNTED_GROUPS)[number];

/** What was seen of a class. */
export interface ClassFacts {
  flows: number;
  readonly groups: Record<CountedGroup, Set<number>>;
  tcp: number;
  /** TCP flows whose first packets were seen. */
  withSyn: number;
  /** Flows by how their captures were made, by artefact and value. */
  readonly artefacts: Map<string, Map<string, number>>;
}

/** What was seen of a capture. */
export interface CaptureTraits {
  /** Finest unit of time: 0 s, 1 ms, 2 us, 3 ns. */
  clock: number;
  largest: number;
  readonly rowsPerClass: Map<number, number>;
}

/** Sequences by the sides and classes that they were seen on: bit sets of the first 30. */
interface SeenSequence {
  sides: number;
  firstClass: number;
  isMixed: boolean;
  firstCapture: number;
  isElsewhere: boolean;
  rows: number;
}

/** Sequences that are remembered: those beyond are counted as new. */
const MOST_SEQUENCES = 4_000_000;

export class AuditCollector {
  readonly target: string;
  readonly classes = new Dictionary();
  readonly sides = new Dictionary();
  readonly facts: ClassFacts[] = [];
  readonly captures = new Map<number, CaptureTraits>();
  readonly groups: Readonly<Record<CountedGroup, Dictionary>> = {
    capture: new Dictionary(),
    client: new Dictionary(),
    server: new Dictionary(),
  };
  /** Per group: the sides that its rows are on, as bits. */
  readonly sidesOfGroup: Readonly<Record<CountedGroup, Map<number, number>>> = {
    capture: new Map(),
    client: new Map(),
    server: new Map(),
  };
  readonly sequences = new Map<number, SeenSequence>();
  rows = 0;
  unlabelled = 0;
  compared = 0;
  forgotten = 0;

  scanned: readonly Scanned[] = [];
  /** Values of the sample, by the order of `scanned`. */
  #values: Float64Array[] = [];
  #sampleLabels = new Int32Array(0);
  #sampleCaptures = new Int32Array(0);
  #used = 0;
  readonly #slots: number[][] = [];
  readonly #random = new Prng(1);

  constructor(target: string) {
    this.target = target;
  }

  /** @throws FlowlampError COLUMN_MISSING for a table without labels */
  add(from: string, table: Table, side: string): void {
    const labels = table.columns.get(this.target);
    if (labels?.type !== 'utf8') throw noLabels(from, this.target);
    if (this.scanned.length === 0) {
      this.scanned = scannedOf(table, this.target);
      this.#values = this.scanned.map(() => new Float64Array(0));
    }
    const readers = this.scanned.map(({ column, type, read }) =>
      table.columns.get(column)?.type === type ? read(table) : () => Number.NaN,
    );
    const groups = COUNTED_GROUPS.map((name) => ({ name, read: readerOrNone(name, table, from) }));
    const sequence = sequenceReader(table, SHORTEST_SEQUENCE);
    const seen = traitsReader(table);
    const sideBit = 1 << Math.min(30, this.sides.numberOf(side));
    for (let row = 0; row < table.length; row++) {
      this.rows++;
      const text = textAt(labels, row);
      if (text === null || text === '') {
        this.unlabelled++;
        continue;
      }
      const label = this.classes.numberOf(text);
      const own = this.#factsOf(label);
      own.flows++;
      let capture = 0;
      for (const { name, read } of groups) {
        const group = this.groups[name].numberOf(read(row));
        if (name === 'capture') capture = group;
        own.groups[name].add(group);
        const on = this.sidesOfGroup[name];
        on.set(group, (on.get(group) ?? 0) | sideBit);
      }
      this.#countTraits(seen, row, label, capture, own);
      this.#countSequence(sequence(row), sideBit, label, capture);
      this.#sample(label, capture, row, readers);
    }
  }

  #factsOf(label: number): ClassFacts {
    let own = this.facts[label];
    if (own === undefined) {
      const groups = { capture: new Set<number>(), client: new Set<number>(), server: new Set<number>() };
      own = { flows: 0, groups, tcp: 0, withSyn: 0, artefacts: new Map() };
      this.facts[label] = own;
    }
    return own;
  }

  #countTraits(seen: Traits, row: number, label: number, capture: number, own: ClassFacts): void {
    if (seen.isTcp(row)) {
      own.tcp++;
      if (seen.syns(row) > 0) own.withSyn++;
    }
    let traits = this.captures.get(capture);
    if (traits === undefined) {
      traits = { clock: 0, largest: 0, rowsPerClass: new Map() };
      this.captures.set(capture, traits);
    }
    traits.clock = Math.max(traits.clock, seen.clock(row));
    traits.largest = Math.max(traits.largest, seen.largest(row));
    traits.rowsPerClass.set(label, (traits.rowsPerClass.get(label) ?? 0) + 1);
    for (const [name, value] of seen.written(row)) {
      const counts = own.artefacts.get(name) ?? new Map<string, number>();
      own.artefacts.set(name, counts);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }

  #countSequence(hash: number, sideBit: number, label: number, capture: number): void {
    if (hash === 0) return;
    this.compared++;
    const known = this.sequences.get(hash);
    if (known !== undefined) {
      known.sides |= sideBit;
      known.isMixed ||= known.firstClass !== label;
      known.isElsewhere ||= known.firstCapture !== capture;
      known.rows++;
    } else if (this.sequences.size < MOST_SEQUENCES) {
      const fresh = {
        sides: sideBit,
        firstClass: label,
        isMixed: false,
        firstCapture: capture,
        isElsewhere: false,
        rows: 1,
      };
      this.sequences.set(hash, fresh);
    } else this.forgotten++;
  }

  /** Each row of a class has the same chance to be in its sample (algorithm R, Waterman). */
  #sample(label: number, capture: number, row: number, readers: readonly ((row: number) => number)[]): void {
    this.#slots[label] ??= [];
    const slots = this.#slots[label]!;
    let slot: number;
    if (slots.length < SAMPLE) {
      slot = this.#used++;
      slots.push(slot);
      if (slot >= this.#sampleLabels.length) this.#grow();
    } else {
      const chosen = this.#random.below(this.facts[label]!.flows);
      if (chosen >= SAMPLE) return;
      slot = slots[chosen]!;
    }
    this.#sampleLabels[slot] = label;
    this.#sampleCaptures[slot] = capture;
    for (let i = 0; i < readers.length; i++) this.#values[i]![slot] = readers[i]!(row);
  }

  #grow(): void {
    const length = Math.max(4096, this.#sampleLabels.length * 2);
    const larger = <T extends Int32Array | Float64Array>(values: T, made: T): T => {
      made.set(values as never);
      return made;
    };
    this.#sampleLabels = larger(this.#sampleLabels, new Int32Array(length));
    this.#sampleCaptures = larger(this.#sampleCaptures, new Int32Array(length));
    this.#values = this.#values.map((values) => larger(values, new Float64Array(length)));
  }

  get sampleLabels(): Int32Array {
    return this.#sampleLabels.subarray(0, this.#used);
  }

  get sampleCaptures(): Int32Array {
    return this.#sampleCaptures.subarray(0, this.#used);
  }

  sampleValues(index: number): Float64Array {
    return this.#values[index]!.subarray(0, this.#used);
  }

  /** How many rows of its class a row of the sample stands for. */
  get weights(): Float64Array {
    return Float64Array.from(this.facts, ({ flows }, label) => flows / this.#slots[label]!.length);
  }
}

/** How flows were seen, as far as the table tells. */
interface Traits {
  readonly isTcp: (row: number) => boolean;
  readonly syns: (row: number) => number;
  readonly clock: (row: number) => number;
  readonly largest: (row: number) => number;
  readonly written: (row: number) => [string, string][];
}

const NOTHING = () => 0;

/** How captures were made, by the columns that a build gives rows. */
const ARTEFACT_COLUMNS = [
  ['snaplen', 'capture_snaplen'],
  ['link type', 'capture_link_type'],
  ['format', 'capture_format'],
] as const;

function traitsReader(table: Table): Traits {
  const numbers = (name: string) => {
    const column = table.columns.get(name) as ScalarColumn<'float64'> | undefined;
    return column === undefined ? NOTHING : (row: number) => (column.valid[row] === 0 ? 0 : column.values[row]!);
  };
  // Tables of text do not know that these are numbers.
  const written = ARTEFACT_COLUMNS.flatMap(([name, of]) => {
    const column = table.columns.get(of);
    return column === undefined
      ? []
      : [{ name, at: (row: number) => (isNull(column, row) ? 'unknown' : plainCell(column, row)) }];
  });
  const syns = numbers('fwd_syn_packets');
  const fwd = numbers('fwd_packet_size_max');
  const bwd = numbers('bwd_packet_size_max');
  const times = table.columns.get('first_seen') as ScalarColumn<'timestamp_ns'> | undefined;
  const hasSyns = table.columns.has('fwd_syn_packets');
  return {
    isTcp: (row) => hasSyns && textCell(table, 'protocol', row) === 'tcp',
    syns,
    largest: (row) => Math.max(fwd(row), bwd(row)),
    clock: (row) => (times === undefined || times.valid[row] === 0 ? 0 : unitOf(times.values[row]!)),
    written: (row) => written.map(({ name, at }) => [name, at(row)]),
  };
}

/** 3 if a time needs nanoseconds, 2 microseconds, 1 milliseconds, 0 none of them. */
function unitOf(ns: bigint): number {
  const below = Number(ns % 1_000_000_000n);
  if (below === 0) return 0;
  return below % 1000 !== 0 ? 3 : below % 1_000_000 !== 0 ? 2 : 1;
}

function readerOrNone(name: string, table: Table, from: string): (row: number) => string {
  try {
    return groupReaders([name], table, from)[0]!;
  } catch {
    return () => '';
  }
}

function noLabels(from: string, target: string): FlowlampError {
  return new FlowlampError(ErrorCode.ColumnMissing, {
    happened: `${from} has no column of text called ${target}`,
    expected: 'labelled flows',
    action: 'build or extract them with labels, or name the column with --target',
  });
}
