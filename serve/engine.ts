/** Feature rows in, verdicts out: docs/scoring.md. */

import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { ColumnSpec, Table } from '../core/table.ts';
import { nodeDigests } from '../features/digests-node.ts';
import type { ModelCard } from '../models/card.ts';
import { loadModelFolder } from '../models/folder.ts';
import { checkInputs, inputWidth, readInputRows } from '../models/inputs.ts';
import { openPredictor, type Predictor, type Runtime } from '../models/predictor.ts';
import { type BatchOptions, MicroBatcher, type Submission } from './engine/micro-batcher.ts';
import { openThreadSession } from './engine/session-client.ts';
import { EVIDENCE_LABEL, evidenceFinders, findAll } from './evidence/finders.ts';
import type { EvidenceFinder } from './evidence/source.ts';
import { judge, outOfScope, type Verdict } from './verdict.ts';

export { RUNTIMES, type Runtime } from '../models/predictor.ts';

export const DEFAULT_MODEL = 'mining';

/** Rows of a table that go to the model together: 3 MB of inputs at 180 columns. */
const CHUNK_ROWS = 4096;

/** Called with the rows [from, from + count) of a table, whose probabilities are rows 0 onwards of a matrix; borrowed. */
type TakeChunk = (probabilities: Float32Array, from: number, count: number) => void;

export class Scorer {
  readonly card: ModelCard;
  readonly #predictor: Predictor;
  readonly #finders: readonly EvidenceFinder[];
  readonly #checked = new WeakSet<readonly ColumnSpec[]>();
  /** Matrices that no call is using. */
  readonly #spare: Float32Array[] = [];

  private constructor(card: ModelCard, predictor: Predictor, finders: readonly EvidenceFinder[]) {
    this.card = card;
    this.#predictor = predictor;
    this.#finders = card.positive === EVIDENCE_LABEL ? finders : [];
  }

  /**
   * @param model a model folder, `name@version` of the registry, or the name of a model that ships with the package
   * @param runtime `kernel` runs trees on the project's own kernel, in this thread, and everything else on ONNX Runtime, in
   *   a thread of its own; `onnxruntime` runs trees there, too
   * @param finders the sources of evidence besides the model, where it is on the look-out for mining; they are shown all rows,
   *   in the order in which they are scored
   * @throws FlowlampError MODEL_NOT_FOUND or MODEL_INVALID
   */
  static async open(
    model: string,
    runtime: Runtime = 'kernel',
    finders: readonly EvidenceFinder[] = evidenceFinders(),
  ): Promise<Scorer> {
    const { card, onnx, path } = loadModelFolder(model);
    if (card === null) throw noCard(path);
    return new Scorer(card, await openPredictor({ card, onnx, path }, runtime, openThreadSession), finders);
  }

  /** What runs the model. */
  get engine(): Runtime {
    return this.#predictor.engine;
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
      this.#judgeRows(table, probabilities, 0, { from, count }, verdicts);
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

  /**
   * Probabilities for rows that are at hand as a matrix already.
   *
   * @param rows row-major [count, inputWidth(card.inputs)], NaN where a value is null or a list ends
   */
  predict(rows: Float32Array, count: number): Promise<Float32Array> {
    return this.#predictor.predict(rows, count);
  }

  /**
   * For rows that come a few at a time: those of many callers are scored together.
   *
   * @throws FlowlampError OPTION_INVALID
   */
  live(options: BatchOptions = {}): LiveScorer {
    return new LiveScorer(new MicroBatcher(this.#predictor, options), (name, specs, table, verdicts) => {
      this.#check(name, specs);
      return {
        rows: table.length,
        read: (from, count, matrix, at) => readInputRows(table, this.card.inputs, { from, count }, matrix, at),
        take: (from, count, probabilities, at) => this.#judgeRows(table, probabilities, at, { from, count }, verdicts),
      };
    });
  }

  /** Frees what runs the model, and its thread. */
  close(): Promise<void> {
    return this.#predictor.release();
  }

  #check(name: string, specs: readonly ColumnSpec[]): void {
    if (this.#checked.has(specs)) return;
    const { card } = this;
    checkInputs(`the model ${card.name}@${card.version}`, card.inputs, name, specs, nodeDigests);
    this.#checked.add(specs);
  }

  async #chunks(name: string, specs: readonly ColumnSpec[], table: Table, take: TakeChunk): Promise<void> {
    this.#check(name, specs);
    const { inputs } = this.card;
    const needed = Math.min(CHUNK_ROWS, table.length) * inputWidth(inputs);
    let matrix = this.#spare.pop() ?? new Float32Array(0);
    if (matrix.length < needed) matrix = new Float32Array(needed);
    for (let from = 0; from < table.length; from += CHUNK_ROWS) {
      if (from > 0) await breathe();
      const count = Math.min(CHUNK_ROWS, table.length - from);
      readInputRows(table, inputs, { from, count }, matrix, 0);
      take(await this.#predictor.predict(matrix, count), from, count);
    }
    if (this.#spare.length === 0) this.#spare.push(matrix);
  }

  /** @param at the row of `probabilities` that is the first of the rows' */
  #judgeRows(
    table: Table,
    probabilities: Float32Array,
    at: number,
    { from, count }: { readonly from: number; readonly count: number },
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

type Submit = (name: string, specs: readonly ColumnSpec[], table: Table, verdicts: Verdict[]) => Submission;

/** Verdicts on rows that come a few at a time, from any number of callers; MicroBatcher says when and how many wait. */
export class LiveScorer {
  readonly #batcher: MicroBatcher;
  readonly #submission: Submit;

  constructor(batcher: MicroBatcher, submission: Submit) {
    this.#batcher = batcher;
    this.#submission = submission;
  }

  /** Rows held that have no verdict yet. */
  get waiting(): number {
    return this.#batcher.waiting;
  }

  /**
   * Verdicts on the rows of a table, as `Scorer.score`. Callers that await them cannot fill the memory: where too many rows
   * wait already, theirs are read only when there is room.
   *
   * @param table left alone until the verdicts are there; one that is only lent must be copied (copyTable)
   * @throws FlowlampError SCHEMA_MISMATCH, LIMIT_EXCEEDED where too many callers wait, UNSUPPORTED after `close`
   */
  async submit(name: string, specs: readonly ColumnSpec[], table: Table): Promise<Verdict[]> {
    const verdicts = new Array<Verdict>(table.length);
    await this.#batcher.submit(this.#submission(name, specs, table, verdicts));
    return verdicts;
  }

  /** As `submit`, or null at once where there is no room: for a source that cannot be slowed down, which counts them. */
  offer(name: string, specs: readonly ColumnSpec[], table: Table): Promise<Verdict[]> | null {
    const verdicts = new Array<Verdict>(table.length);
    const taken = this.#batcher.offer(this.#submission(name, specs, table, verdicts));
    return taken?.then(() => verdicts) ?? null;
  }

  /** Scores what waits, without waiting for more. */
  flush(): Promise<void> {
    return this.#batcher.flush();
  }

  /** Scores what waits, and takes no more; the scorer stays open. */
  close(): Promise<void> {
    return this.#batcher.close();
  }
}

/** Lets events in between two chunks. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function noCard(path: string): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened: `${path} has no card.json beside it`,
    expected: 'a model folder with model.onnx and card.json, which says what the inputs mean',
    action: 'use a folder written by `flowlamp train`',
  });
}
