/**
 * Rows of columns to verdicts, by a model that is open: the part of scoring that every runtime has in common. engine.ts opens
 * models from files, and browser-model.ts from bytes.
 */
import type { Digests } from '../core/digest.ts';
import type { ColumnSpec, Table } from '../core/table.ts';
import type { ModelCard } from '../models/card.ts';
import { checkInputs, inputWidth, readInputRows } from '../models/inputs.ts';
import type { Predictor, Runtime } from '../models/predictor.ts';
import { EVIDENCE_LABEL, findAll } from './evidence/finders.ts';
import type { EvidenceFinder } from './evidence/source.ts';
import { judge, outOfScope, type Verdict } from './verdict.ts';

/** Rows of a table that go to the model together: 3 MB of inputs at 180 columns. */
const CHUNK_ROWS = 4096;

/** Called with the rows [from, from + count) of a table, whose probabilities are rows 0 onwards of a matrix; borrowed. */
type TakeChunk = (probabilities: Float32Array, from: number, count: number) => void;

/** Rows of a table. */
interface Rows {
  readonly from: number;
  readonly count: number;
}

export class TableScorer {
  readonly card: ModelCard;
  protected readonly predictor: Predictor;
  readonly #finders: readonly EvidenceFinder[];
  readonly #digests: Pick<Digests, 'sha256Hex'>;
  readonly #checked = new WeakSet<readonly ColumnSpec[]>();
  /** Matrices that no call is using. */
  readonly #spare: Float32Array[] = [];

  /**
   * @param predictor closed with the scorer
   * @param finders the sources of evidence besides the model, asked where it is on the look-out for mining
   */
  constructor(
    card: ModelCard,
    predictor: Predictor,
    finders: readonly EvidenceFinder[],
    digests: Pick<Digests, 'sha256Hex'>,
  ) {
    this.card = card;
    this.predictor = predictor;
    this.#finders = card.positive === EVIDENCE_LABEL ? finders : [];
    this.#digests = digests;
  }

  /** What runs the model. */
  get engine(): Runtime {
    return this.predictor.engine;
  }

  /**
   * Scores all rows of a table.
   *
   * @param name what to call the table in errors
   * @param specs the table's columns; checked once for each list
   * @param table left alone until the verdicts are there
   * @returns one verdict per row
   * @throws FlowlampError SCHEMA_MISMATCH
   */
  async score(name: string, specs: readonly ColumnSpec[], table: Table): Promise<Verdict[]> {
    const verdicts = new Array<Verdict>(table.length);
    await this.#chunks(name, specs, table, (probabilities, from, count) => {
      this.judgeRows(table, probabilities, 0, { from, count }, verdicts);
    });
    return verdicts;
  }

  /** Row-major [table.length, card.labels.length] calibrated probabilities. */
  async probabilities(name: string, specs: readonly ColumnSpec[], table: Table): Promise<Float32Array> {
    const width = this.card.labels.length;
    const all = new Float32Array(table.length * width);
    await this.#chunks(name, specs, table, (probabilities, from, count) => {
      for (let i = 0; i < count * width; i++) all[from * width + i] = probabilities[i]!;
    });
    return all;
  }

  /** Frees what runs the model, and its thread. */
  close(): Promise<void> {
    return this.predictor.release();
  }

  /** Lets events in between two chunks, where there is a way to. */
  protected async breathe(): Promise<void> {}

  /** @throws FlowlampError SCHEMA_MISMATCH for columns that do not mean what the model learnt */
  protected check(name: string, specs: readonly ColumnSpec[]): void {
    if (this.#checked.has(specs)) return;
    const { card } = this;
    checkInputs(`the model ${card.name}@${card.version}`, card.inputs, name, specs, this.#digests);
    this.#checked.add(specs);
  }

  async #chunks(name: string, specs: readonly ColumnSpec[], table: Table, take: TakeChunk): Promise<void> {
    this.check(name, specs);
    const { inputs } = this.card;
    const needed = Math.min(CHUNK_ROWS, table.length) * inputWidth(inputs);
    let matrix = this.#spare.pop() ?? new Float32Array(0);
    if (matrix.length < needed) matrix = new Float32Array(needed);
    for (let from = 0; from < table.length; from += CHUNK_ROWS) {
      if (from > 0) await this.breathe();
      const count = Math.min(CHUNK_ROWS, table.length - from);
      readInputRows(table, inputs, { from, count }, matrix, 0);
      take(await this.predictor.predict(matrix, count), from, count);
    }
    if (this.#spare.length === 0) this.#spare.push(matrix);
  }

  /** @param at the row of `probabilities` that is the first of the rows' */
  protected judgeRows(
    table: Table,
    probabilities: Float32Array,
    at: number,
    { from, count }: Rows,
    verdicts: Verdict[],
  ): void {
    const { card } = this;
    for (let i = 0; i < count; i++) {
      const row = from + i;
      const findings = findAll(this.#finders, table, row);
      verdicts[row] = judge(card, probabilities, at + i, outOfScope(card, table, row), findings);
    }
  }
}
