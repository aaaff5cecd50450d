/** Feature rows in, verdicts out. */

import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { ColumnSpec, Table } from '../core/table.ts';
import { nodeDigests } from '../features/digests-node.ts';
import type { ModelCard } from '../models/card.ts';
import { type LoadedModel, loadModelFolder } from '../models/folder.ts';
import { checkInputs, readInputs } from '../models/inputs.ts';
import { createPredictor, type Predictor } from '../models/predictor.ts';
import { createSession } from '../models/session.ts';
import { judge, outOfScope, type Verdict } from './verdict.ts';

/** What runs the model: ONNX Runtime, or for tree ensembles the project's own kernel. */
export const RUNTIMES = ['onnxruntime', 'kernel'] as const;
export type Runtime = (typeof RUNTIMES)[number];

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
   * @param model a model folder, or the name of a model that ships with the package
   * @throws FlowlampError MODEL_NOT_FOUND or MODEL_INVALID
   */
  static async open(model: string, runtime: Runtime = 'onnxruntime'): Promise<Scorer> {
    const { card, onnx, path } = loadModelFolder(model);
    if (card === null) throw noCard(path);
    const predictor = runtime === 'kernel' ? await createPredictor(onnx) : await onnxRuntime({ card, onnx, path });
    if (predictor.featureCount !== card.inputs.length || predictor.classCount !== card.labels.length) {
      await predictor.release();
      throw contradiction(path, card, predictor);
    }
    return new Scorer(card, predictor);
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
   * @param rows row-major [count, card.inputs.length], NaN where a value is null
   */
  predict(rows: Float32Array, count: number): Promise<Float32Array> {
    return this.#predictor.predict(rows, count);
  }

  /** Frees native memory. */
  close(): Promise<void> {
    return this.#predictor.release();
  }
}

async function onnxRuntime({ onnx }: LoadedModel): Promise<Predictor> {
  return { engine: 'onnxruntime', ...(await createSession(onnx)) };
}

function noCard(path: string): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened: `${path} has no card.json beside it`,
    expected: 'a model folder with model.onnx and card.json, which says what the inputs mean',
    action: 'use a folder written by `flowlamp train`',
  });
}

function contradiction(path: string, card: ModelCard, predictor: Predictor): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened: `${path} takes ${predictor.featureCount} inputs and gives ${predictor.classCount} classes`,
    expected: `${card.inputs.length} inputs and ${card.labels.length} classes as its card says`,
    action: 'take the model folder from where it was made again',
  });
}
