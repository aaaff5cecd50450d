/** How far live traffic is from what the model learnt on, hour by hour. docs/drift.md says how to read it. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import type { ModelInput } from '../../models/card.ts';
import { inputWidth, placeNames, readInputRows } from '../../models/inputs.ts';
import {
  histogramOf,
  type InputHistogram,
  readHistogram,
  stabilityIndex,
  writeHistogram,
} from '../../models/reference.ts';
import { EvidenceSource } from '../evidence/source.ts';
import type { JudgedRows, SidecarRecord } from '../live/items.ts';
import { isoSeconds, secondsOf } from '../live/moments.ts';
import { Row } from '../records/row.ts';
import { outOfScope, UNKNOWN } from '../verdict.ts';
import { BinCounts } from './bin-counts.ts';
import { compare, type DriftOfInput, rounded } from './comparison.ts';
import { inputReferences, type NamedHistogram, type ReferenceCard, scoreReference } from './reference.ts';
import { RowSample } from './row-sample.ts';

export interface DriftOptions {
  readonly card: ReferenceCard;
  /** Packet time from one comparison to the next. Default 3,600. */
  readonly windowSeconds?: number;
  /** After so many windows a row counts half. Default 6. */
  readonly halfLifeWindows?: number;
  /** Rows looked at before anything is said. Default 1,000. */
  readonly minRows?: number;
  /** Inputs told of in a record. Default 5. */
  readonly most?: number;
  /** Rows of a window that are looked at before only some are. Default 4,096. */
  readonly sampleRows?: number;
}

const DEFAULTS = { windowSeconds: 3_600, halfLifeWindows: 6, minRows: 1_000, most: 5, sampleRows: 4_096 } as const;
/** A clock that goes back further was set: the window ends, and time goes on from there. */
const STEP_SECONDS = 86_400;
/** Windows without a row, beyond which there is nothing left to decay. */
const MOST_WINDOWS = 1_000;
/** Scores that the reference is made of where the card tells of none: the first ones seen here. */
const OWN_SCORES = 4_096;

/** What `toJSON` gives and `restore` takes: the reference of scores, where the card has none. */
export interface DriftState {
  readonly version: 1;
  readonly model: string;
  readonly scores: string | null;
}

/** The inputs that a table has, and the reference of each place; -1 where there is none. */
interface Layout {
  readonly inputs: readonly ModelInput[];
  readonly references: Int32Array;
  readonly scratch: Float32Array;
}

export class DriftWatch {
  #options!: Required<DriftOptions>;
  #references: readonly NamedHistogram[] = [];
  #inputs = new BinCounts([]);
  #scoreReference: InputHistogram | null = null;
  #isOwnReference = false;
  #scores = new BinCounts([]);
  /** Until there are enough of them to be the reference. */
  #firstScores: number[] = [];
  #layouts = new WeakMap<readonly ColumnSpec[], Layout>();
  #sample = new RowSample(1);
  #windowBegan: number | null = null;
  #latest = 0;
  /** Rows, decayed; those looked at; unknown ones; ones that the model does not speak of. */
  #rows = 0;
  #looked = 0;
  #spoken = 0;
  #unknown = 0;
  #silent = 0;
  #facts: Readonly<Record<string, number>> = { windows: 0 };
  #inputDrift: readonly DriftOfInput[] = [];
  #windows = 0;

  /** @throws FlowlampError OPTION_INVALID */
  constructor(options: DriftOptions) {
    this.#begin(options);
  }

  /** Of another model all that was counted is forgotten. */
  reconfigure(options: DriftOptions): void {
    const [before, after] = [this.#options.card, options.card];
    if (before.name !== after.name || before.version !== after.version) this.#begin(options);
    else {
      this.#options = checked(options);
      this.#sample = new RowSample(this.#options.sampleRows);
    }
  }

  /**
   * Counts rows, and compares where a window is over.
   *
   * @returns a record for each window that ended and had enough rows
   */
  take({ rows: table }: JudgedRows): SidecarRecord[] {
    const records: SidecarRecord[] = [];
    for (let i = 0; i < table.length; i++) {
      const row = new Row(table, i);
      this.#turnTo(secondsOf(row), records);
      this.#rows++;
      const weight = this.#sample.next();
      if (weight > 0) this.#look(table, i, row, weight);
    }
    return records;
  }

  /** Compares what there is of the window that goes on: before the end. */
  finish(): SidecarRecord[] {
    return this.#windowBegan === null ? [] : this.#close(this.#latest);
  }

  /** Plain numbers of the last comparison, for gauges; what there were too few rows for is left out. */
  facts(): Readonly<Record<string, number>> {
    return this.#facts;
  }

  /** Every input at the last comparison, those that moved most first. */
  inputs(): readonly DriftOfInput[] {
    return this.#inputDrift;
  }

  toJSON(): DriftState {
    const scores = this.#isOwnReference && this.#scoreReference !== null ? writeHistogram(this.#scoreReference) : null;
    return { version: 1, model: this.#model, scores };
  }

  /** @returns false where the state is of another model, or none: then the reference is made anew */
  restore(state: unknown): boolean {
    if (typeof state !== 'object' || state === null) return false;
    const { version, model, scores } = state as Partial<DriftState>;
    const reference = readHistogram(scores ?? undefined);
    if (version !== 1 || model !== this.#model || reference === null) return false;
    if (scoreReference(this.#options.card) === null) this.#compareScoresWith(reference, true);
    return true;
  }

  get #model(): string {
    const { name, version } = this.#options.card;
    return `${name}@${version}`;
  }

  #begin(options: DriftOptions): void {
    this.#options = checked(options);
    const { card } = options;
    this.#references = inputReferences(card);
    this.#inputs = new BinCounts(this.#references.map(({ histogram }) => histogram));
    this.#layouts = new WeakMap();
    this.#firstScores = [];
    this.#compareScoresWith(scoreReference(card), false);
    this.#sample = new RowSample(this.#options.sampleRows);
    this.#windowBegan = null;
    this.#rows = this.#looked = this.#spoken = this.#unknown = this.#silent = this.#windows = 0;
    this.#facts = { windows: 0 };
    this.#inputDrift = [];
  }

  #compareScoresWith(reference: InputHistogram | null, isOwn: boolean): void {
    this.#scoreReference = reference;
    this.#isOwnReference = isOwn;
    this.#scores = new BinCounts(reference === null ? [] : [reference]);
  }

  #turnTo(seconds: number, records: SidecarRecord[]): void {
    const { windowSeconds } = this.#options;
    this.#windowBegan ??= Math.floor(seconds / windowSeconds) * windowSeconds;
    const since = seconds - this.#windowBegan;
    // Rows come in the order in which flows end: those of the window before are counted to this one.
    if (since >= 0 && since < windowSeconds) this.#latest = Math.max(this.#latest, seconds);
    if (since < windowSeconds && since > -STEP_SECONDS) return;
    const end = this.#windowBegan + windowSeconds;
    records.push(...this.#close(end));
    const windows = since < 0 ? 1 : Math.floor(since / windowSeconds);
    this.#decay(0.5 ** (Math.min(windows, MOST_WINDOWS) / this.#options.halfLifeWindows));
    this.#windowBegan = Math.floor(seconds / windowSeconds) * windowSeconds;
    this.#latest = seconds;
    this.#sample.begin();
  }

  #decay(factor: number): void {
    this.#inputs.decay(factor);
    this.#scores.decay(factor);
    this.#rows *= factor;
    this.#looked *= factor;
    this.#spoken *= factor;
    this.#unknown *= factor;
    this.#silent *= factor;
  }

  #look(table: Table, i: number, row: Row, weight: number): void {
    this.#looked += weight;
    if (row.text('verdict') === UNKNOWN) this.#unknown += weight;
    // The reference is of flows that the model speaks of.
    if (outOfScope(this.#options.card, table, i) !== null) {
      this.#silent += weight;
      return;
    }
    this.#spoken++;
    const { inputs, references, scratch } = this.#layoutOf(table);
    readInputRows(table, inputs, { from: i, count: 1 }, scratch, 0);
    for (let place = 0; place < references.length; place++) {
      if (references[place]! >= 0) this.#inputs.add(references[place]!, scratch[place]!, weight);
    }
    this.#lookAtScore(row, weight);
  }

  /** The model's own word: what lists and messages add to it is no drift of the model. */
  #lookAtScore(row: Row, weight: number): void {
    const word = row.findings('evidence').find(({ source }) => source === EvidenceSource.Behaviour);
    if (word === undefined) return;
    if (this.#scoreReference !== null) this.#scores.add(0, word.weight, weight);
    else if (this.#firstScores.push(word.weight) === OWN_SCORES) {
      this.#compareScoresWith(histogramOf(Float32Array.from(this.#firstScores)), true);
      this.#firstScores = [];
    }
  }

  #layoutOf({ specs, columns }: Table): Layout {
    const known = this.#layouts.get(specs);
    if (known !== undefined) return known;
    const inputs = this.#options.card.inputs.filter(({ name, type }) => columns.get(name)?.type === type);
    const names = this.#references.map(({ name }) => name);
    const layout = {
      inputs,
      references: Int32Array.from(placeNames(inputs), (name) => names.indexOf(name)),
      scratch: new Float32Array(inputWidth(inputs)),
    };
    this.#layouts.set(specs, layout);
    return layout;
  }

  /** Compares, and says what was found if there were enough rows. */
  #close(end: number): SidecarRecord[] {
    const { minRows, most, windowSeconds } = this.#options;
    this.#windows++;
    const shares = { unknown_share: this.#unknown / this.#looked, silent_share: this.#silent / this.#looked };
    if (this.#spoken < minRows) {
      this.#facts = { windows: this.#windows, rows: this.#rows, ...(this.#looked > 0 ? shares : {}) };
      this.#inputDrift = [];
      return [];
    }
    const comparison = compare(this.#references, this.#inputs, this.#scorePsi());
    this.#inputDrift = comparison.inputs;
    this.#facts = { windows: this.#windows, rows: this.#rows, ...shares, ...comparison.facts };
    const body = {
      model: this.#model,
      window_seconds: windowSeconds,
      rows: Math.round(this.#rows),
      unknown_share: rounded(shares.unknown_share),
      silent_share: rounded(shares.silent_share),
      ...comparison.told(most, this.#isOwnReference),
      sentence: `${comparison.sentence(this.#model)}; ${Math.round(100 * shares.unknown_share)} % of rows are unknown.`,
    };
    return [{ kind: 'record', record: 'drift', time: isoSeconds(end), body }];
  }

  #scorePsi(): number | null {
    const now = this.#scoreReference === null ? null : this.#scores.shares(0);
    return now === null ? null : stabilityIndex(this.#scoreReference!, now);
  }
}

function checked(options: DriftOptions): Required<DriftOptions> {
  const whole = { ...DEFAULTS, ...options };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    if (whole[name] > 0 && Number.isFinite(whole[name])) continue;
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: `${name} of the drift watch is ${whole[name]}`,
      expected: 'a number above 0',
      action: 'correct the option',
    });
  }
  return whole;
}
