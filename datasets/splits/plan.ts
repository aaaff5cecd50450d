/**
 * Which side of a split each row is on. Rows are shown batch by batch; what is kept of a row are four numbers, so that
 * tables of millions fit.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { ScalarColumn, Table } from '../../core/table.ts';
import { type TextColumn, textAt } from '../../core/text-column.ts';
import { Dictionary, Growing } from '../growing.ts';
import { sidesByGroup } from '../split.ts';
import { groupColumns, groupReaders, LinkedGroups } from './groups.ts';
import { SEQUENCE_COLUMN, sequenceReader, VECTOR_COLUMNS } from './sequence.ts';

export interface SplitOptions {
  /** Groups to keep whole, those of all names together. */
  readonly by: readonly string[];
  /** Names of the sides and how large each is to be, relative to the others; the first is what is learnt from. */
  readonly sides: readonly { readonly name: string; readonly share: number }[];
  /** `groups` at random, `forward` in time, or `each` group a side of its own. */
  readonly kind: 'groups' | 'forward' | 'each';
  /** Whether each side is to get its share of each class, not of all rows only. */
  readonly stratify: boolean;
  readonly seed: number;
  readonly target: string;
  /** Packets with payload that a sequence must have to count as a duplicate; Infinity keeps all. */
  readonly shortestSequence: number;
}

/** Why a row is on no side. */
export const Left = { Unlabelled: -1, Duplicate: -2, Straddling: -3 } as const;

export interface SplitPlan {
  /** Per row in the order of the input: number of its side, or one of Left. */
  readonly sides: Int32Array;
  readonly sideNames: readonly string[];
  readonly groupNames: readonly string[];
  /** Per group: number of its side; -1 for groups whose rows are all left out. */
  readonly sideOfGroup: Int32Array;
  readonly classNames: readonly string[];
  /** Rows per side and class, row-major [sides, classes]. */
  readonly counts: Float64Array;
  readonly unlabelled: number;
  /** Rows left out since their sequence stands on an earlier side. */
  readonly duplicates: number;
  /** Rows that have a sequence that is long enough to be compared. */
  readonly comparable: number;
  /** Rows left out since their group begins on an earlier side of the time, or since their time is not known. */
  readonly straddling: number;
  /** Moments that part the sides of a forward split, microseconds since 1970. */
  readonly cutoffsUs: readonly number[];
}

export class SplitPlanner {
  readonly #options: SplitOptions;
  readonly #groups = new Dictionary();
  readonly #links = new LinkedGroups();
  readonly #classes = new Dictionary();
  readonly #labels = new Growing(new Int32Array(0));
  readonly #group = new Growing(new Int32Array(0));
  readonly #times = new Growing(new Float64Array(0));
  readonly #sequences = new Growing(new Float64Array(0));
  #row = 0;

  constructor(options: SplitOptions) {
    this.#options = options;
  }

  /** Columns that it reads. */
  get columns(): ReadonlySet<string> {
    const { by, target } = this.#options;
    return new Set([target, 'first_seen', SEQUENCE_COLUMN, ...VECTOR_COLUMNS, ...groupColumns(by)]);
  }

  add(from: string, table: Table): void {
    const { by, target, shortestSequence } = this.#options;
    const labels = table.columns.get(target);
    if (labels?.type !== 'utf8') throw noLabels(from, target);
    const readers = groupReaders(by, table, from);
    const sequence = Number.isFinite(shortestSequence) ? sequenceReader(table, shortestSequence) : () => 0;
    const times = table.columns.get('first_seen') as ScalarColumn<'timestamp_ns'> | undefined;
    for (let row = 0; row < table.length; row++, this.#row++) {
      const label = textAt(labels as TextColumn, row);
      this.#labels.push(label === null || label === '' ? Left.Unlabelled : this.#classes.numberOf(label));
      this.#group.push(this.#groupOf(readers, row));
      const hasTime = times !== undefined && times.valid[row] !== 0;
      this.#times.push(hasTime ? Number(times.values[row]!) / 1000 : Number.NaN);
      this.#sequences.push(sequence(row));
    }
  }

  #groupOf(readers: readonly ((row: number) => string)[], row: number): number {
    const { by } = this.#options;
    let first = -1;
    for (let i = 0; i < readers.length; i++) {
      const text = by[i] === 'row' ? String(this.#row) : readers[i]!(row);
      const group = this.#groups.numberOf(by.length === 1 ? text : `${by[i]} ${text}`);
      this.#links.grow(this.#groups.size);
      if (first < 0) first = group;
      else this.#links.link(first, group);
    }
    return first;
  }

  /** @throws FlowlampError LABELS_UNUSABLE or OPTION_INVALID where no split is possible */
  plan(): SplitPlan {
    const { kind } = this.#options;
    const labels = this.#labels.values;
    const { groups, names } = this.#joinedGroups();
    const labelled = labels.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0);
    if (labelled === 0) throw nothingLabelled(this.#options.target);
    const sideNames = kind === 'each' ? names : this.#options.sides.map(({ name }) => name);
    const count = new Set(groups.filter((_, row) => labels[row]! >= 0)).size;
    if (count < 2 || (kind === 'groups' && count < sideNames.length)) throw tooFewGroups(this.#options.by, count);
    const { sides, cutoffsUs, straddling } = this.#assigned(groups, names.length, labels);
    for (let row = 0; row < sides.length; row++) if (labels[row]! < 0) sides[row] = Left.Unlabelled;
    const { duplicates, comparable } = this.#removeDuplicates(sides, sideNames.length);
    const counts = new Float64Array(sideNames.length * this.#classes.size);
    const sideOfGroup = new Int32Array(names.length).fill(-1);
    for (let row = 0; row < sides.length; row++) {
      const side = sides[row]!;
      if (side < 0) continue;
      counts[side * this.#classes.size + labels[row]!]!++;
      const group = groups[row]!;
      if (sideOfGroup[group]! >= 0 && sideOfGroup[group] !== side) throw new Error(`group ${names[group]} crosses`);
      sideOfGroup[group] = side;
    }
    return {
      sides,
      sideNames,
      groupNames: names,
      sideOfGroup,
      classNames: this.#classes.texts,
      counts,
      unlabelled: labels.length - labelled,
      duplicates,
      comparable,
      straddling,
      cutoffsUs,
    };
  }

  /** Groups that have a row in common as one, numbered in the order of their first rows. */
  #joinedGroups(): { readonly groups: Int32Array; readonly names: string[] } {
    const texts = this.#groups.texts;
    const numbers = new Int32Array(texts.length).fill(-1);
    const names: string[] = [];
    const groups = this.#group.values.map((group) => {
      const root = this.#links.rootOf(group);
      if (numbers[root]! < 0) numbers[root] = names.push(texts[root]!) - 1;
      return numbers[root]!;
    });
    return { groups, names };
  }

  #assigned(groups: Int32Array, groupCount: number, labels: Int32Array) {
    const { kind, sides, stratify, seed } = this.#options;
    if (kind === 'each') return { sides: groups.slice(), cutoffsUs: [], straddling: 0 };
    const shares = sides.map(({ share }) => share);
    if (kind === 'forward') return this.#forward(groups, groupCount, labels, shares);
    // Unlabelled rows weigh nothing, and keep their group whole.
    const classes = stratify ? this.#classes.size : 1;
    const rows = labels.map((label) => (label < 0 ? -1 : stratify ? label : 0));
    const known = indicesOf(rows);
    const { numbers, count } = numbered(take(groups, known), groupCount);
    const sideOfKnown = sidesByGroup(numbers, count, take(rows, known), classes, shares, seed);
    const all = new Int32Array(groups.length);
    known.forEach((row, i) => {
      all[row] = sideOfKnown[i]!;
    });
    return { sides: all, cutoffsUs: [], straddling: 0 };
  }

  /** Earlier rows to learn from, later ones to judge by; of a group that lasts into a later side only what is before. */
  #forward(groups: Int32Array, groupCount: number, labels: Int32Array, shares: readonly number[]) {
    const times = this.#times.values;
    const sorted = times.filter((time, row) => labels[row]! >= 0 && !Number.isNaN(time)).sort();
    if (sorted.length === 0) throw noTimes();
    const total = shares.reduce((sum, share) => sum + share, 0);
    let before = 0;
    const cutoffsUs = shares.slice(0, -1).map((share) => {
      before += share;
      return sorted[Math.min(sorted.length - 1, Math.round((before / total) * sorted.length))]!;
    });
    const sideAt = (time: number) => cutoffsUs.filter((cutoff) => time >= cutoff).length;
    const first = new Float64Array(groupCount).fill(Infinity);
    for (let row = 0; row < groups.length; row++) {
      if (labels[row]! >= 0 && times[row]! < first[groups[row]!]!) first[groups[row]!] = times[row]!;
    }
    let straddling = 0;
    const sides = groups.map((group, row) => {
      const side = sideAt(times[row]!);
      const isKnown = !Number.isNaN(times[row]!);
      if ((isKnown && side === sideAt(first[group]!)) || labels[row]! < 0) return side;
      straddling++;
      return Left.Straddling;
    });
    for (const [side, share] of shares.entries()) {
      if (!sides.some((own, row) => own === side && labels[row]! >= 0)) throw nothingLater(this.#options, side, share);
    }
    return { sides, cutoffsUs, straddling };
  }

  /** Leaves out rows whose sequence stands on an earlier side: what was learnt must not be asked. */
  #removeDuplicates(
    sides: Int32Array,
    sideCount: number,
  ): { readonly duplicates: number; readonly comparable: number } {
    const sequences = this.#sequences.values;
    const firstSide = new Map<number, number>();
    let comparable = 0;
    for (let row = 0; row < sides.length; row++) {
      const sequence = sequences[row]!;
      if (sides[row]! < 0 || sequence === 0) continue;
      comparable++;
      const known = firstSide.get(sequence) ?? sideCount;
      if (sides[row]! < known) firstSide.set(sequence, sides[row]!);
    }
    let duplicates = 0;
    for (let row = 0; row < sides.length; row++) {
      const sequence = sequences[row]!;
      if (sides[row]! < 0 || sequence === 0 || firstSide.get(sequence) === sides[row]) continue;
      sides[row] = Left.Duplicate;
      duplicates++;
    }
    return { duplicates, comparable };
  }
}

function indicesOf(values: Int32Array): Int32Array {
  const found = new Growing(new Int32Array(0));
  for (let row = 0; row < values.length; row++) if (values[row]! >= 0) found.push(row);
  return found.values;
}

/** Groups numbered without gaps: one of unlabelled rows only must not fill a side. */
function numbered(groups: Int32Array, groupCount: number): { readonly numbers: Int32Array; readonly count: number } {
  const own = new Int32Array(groupCount).fill(-1);
  let count = 0;
  const numbers = groups.map((group) => {
    if (own[group]! < 0) own[group] = count++;
    return own[group]!;
  });
  return { numbers, count };
}

function take(values: Int32Array, rows: Int32Array): Int32Array {
  return rows.map((row) => values[row]!);
}

function noLabels(from: string, target: string): FlowlampError {
  return new FlowlampError(ErrorCode.ColumnMissing, {
    happened: `${from} has no column of text called ${target}`,
    expected: 'labelled flows',
    action: 'build or extract them with labels, or name the column with --target',
  });
}

function nothingLabelled(target: string): FlowlampError {
  return new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: `no row has a value in ${target}`,
    expected: 'labelled flows',
    action: 'build or extract them with labels, or name the column with --target',
  });
}

function tooFewGroups(by: readonly string[], count: number): FlowlampError {
  const linked = by.length > 1 ? ' once those that share a row are joined' : '';
  return new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: `there are labelled flows of only ${count} groups by ${by.join(', ')}${linked}`,
    expected: 'at least one for each side',
    action: 'split by something else, or get more captures',
  });
}

function noTimes(): FlowlampError {
  return new FlowlampError(ErrorCode.ColumnMissing, {
    happened: 'the flows have no times (first_seen)',
    expected: 'times to split by',
    action: 'leave out --forward',
  });
}

function nothingLater({ by, sides }: SplitOptions, side: number, share: number): FlowlampError {
  return new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: `no group by ${by.join(', ')} begins in the time of ${sides[side]!.name}`,
    expected: `groups that begin late enough for a share of ${share}`,
    action: 'split by another group, or by time with another --test',
  });
}
