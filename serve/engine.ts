/** Feature rows in, verdicts out. */

import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { ColumnSpec, Table } from '../core/table.ts';
import { nodeDigests } from '../features/digests-node.ts';
import type { ModelCard } from '../models/card.ts';
import { loadModelFolder } from '../models/folder.ts';
import { checkInputs, readInputs } from '../models/inputs.ts';
import { openPredictor, type Predictor, type Runtime } from '../models/predictor.ts';
import { judge, outOfScope, type Verdict } from './verdict.ts';

export { RUNTIMES, type Runtime } from '../models/predictor.ts';

export const DEFAULT_MODEL = 'mining';

export class Scorer {
  readonly card: ModelCard;
  readonly #predictor: Predictor;
  readonly #checked = new WeakSet<readonly ColumnSpec[]>();

  private constructor(card: ModelCard, predictor: Predictor) {
    this.card = card;
    this.#predictor = predictor;
  }

  /**
   * @param model a model folder, `name@version` of the registry, or the name of a model that ships with the package
   * @throws FlowlampError MODEL_NOT_FOUND or MODEL_INVALID
   */
  static async open(model: string, runtime: Runtime = 'onnxruntime'): Promise<Scorer> {
    const { card, onnx, path } = loadModelFolder(model);
    if (card === null) throw noCard(path);
    return new Scorer(card, await openPredictor({ card, onnx, path }, runtime));
  }

  /**
   * Scores all rows of a table.
   *
   * @param name what to call the table in errors
   * @param specs the table's columns; checked once for each list
   * @returns one verdict per row
   * @throws FlowlampError SCHEMA_MISMATCH
   */
  async score(name: string, specs: readonly ColumnSpec[], table: Table): Promise<Verdict[]> {
    const probabilities = await this.probabilities(name, specs, table);
    return Array.from({ length: table.length }, (_, row) =>
      judge(this.card, probabilities, row, outOfScope(this.card, table, row)),
    );
  }

  /** Row-major [table.length, card.labels.length] calibrated probabilities. */
  async probabilities(name: string, specs: readonly ColumnSpec[], table: Table): Promise<Float32Array> {
    const { card } = this;
    if (!this.#checked.has(specs)) {
      checkInputs(`the model ${card.name}@${card.version}`, card.inputs, name, specs, nodeDigests);
      this.#checked.add(specs);
    }
    if (table.length === 0) return new Float32Array(0);
    return this.#predictor.predict(readInputs(table, card.inputs), table.length);
  }

  /**
   * Probabilities for rows that are at hand as a matrix already.
   *
   * @param rows row-major [count, inputWidth(card.inputs)], NaN where a value is null or a list ends
   */
  predict(rows: Float32Array, count: number): Promise<Float32Array> {
    return this.#predictor.predict(rows, count);
  }

  /** Frees native memory. */
  close(): Promise<void> {
    return this.#predictor.release();
  }
}

function noCard(path: string): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened: `${path} has no card.json beside it`,
    expected: 'a model folder with model.onnx and card.json, which says what the inputs mean',
    action: 'use a folder written by `flowlamp train`',
  });
}
