/**
 * Scoring from a program. Two doors to one engine: `score` yields plain objects, one a flow, at some 10 us each for a
 * member per column; `scoreTables` yields columns, and `scoreTable` the verdicts of a table at hand. What all three cost
 * besides is the same: the extractor, and the model by the batch.
 */
import type { Table } from '../core/table.ts';
import { type FlowInput, type FlowInputOptions, flowBatches } from '../features/flow-input.ts';
import { type Flow, rowsOf } from '../features/rows-of.ts';
import type { ModelCard } from '../models/card.ts';
import { DEFAULT_MODEL, type Runtime, Scorer } from './engine.ts';
import type { Verdict } from './verdict.ts';
import { withVerdicts } from './verdict-columns.ts';

export interface ModelOptions {
  /** What runs the model; default as `flowlamp score`. */
  readonly runtime?: Runtime;
}

export interface ScoreOptions extends FlowInputOptions, ModelOptions {
  /** A loaded model, or what loadModel takes: that one is closed at the end. Default `mining`, which ships. */
  readonly model?: Model | string;
}

/** A flow with its verdict: the columns of the flow, and those of Verdict. */
export type ScoredFlow = Flow & Verdict;

/**
 * A model, ready to score. It may be asked by several at once. While it is open it holds a few MB of native memory; it keeps no
 * process alive that has nothing else to do.
 */
export class Model {
  readonly #scorer: Scorer;

  /** @param scorer closed with the model */
  constructor(scorer: Scorer) {
    this.#scorer = scorer;
  }

  /** What it is, what it was made from, its labels, inputs and thresholds. */
  get card(): ModelCard {
    return this.#scorer.card;
  }

  /** `name@version`. */
  get name(): string {
    return `${this.card.name}@${this.card.version}`;
  }

  /**
   * The flows of an input with their verdicts, in the order in which they end.
   *
   * @throws FlowlampError SCHEMA_MISMATCH for a table without the columns that the model reads, and as extract
   */
  async *score(input: FlowInput, options: FlowInputOptions = {}): AsyncGenerator<ScoredFlow> {
    for await (const table of this.scoreTables(input, options)) yield* rowsOf(table) as ScoredFlow[];
  }

  /** The same in tables, whose `specs` are the columns of the flows and those of verdicts. */
  async *scoreTables(input: FlowInput, options: FlowInputOptions = {}): AsyncGenerator<Table> {
    for await (const { name, table } of flowBatches(input, options)) {
      yield withVerdicts(table.specs, table, await this.#scorer.score(name, table.specs, table));
    }
  }

  /**
   * One verdict for each row of a table.
   *
   * @param name what to call it in errors
   * @throws FlowlampError SCHEMA_MISMATCH
   */
  scoreTable(table: Table, name = 'the table'): Promise<Verdict[]> {
    return this.#scorer.score(name, table.specs, table);
  }

  /** Frees native memory and ends what runs the model; it cannot be asked afterwards. */
  close(): Promise<void> {
    return this.#scorer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Loads a model.
 *
 * @param model a model folder, `name@version` of the registry, or the name of a model that ships with the package
 * @throws FlowlampError MODEL_NOT_FOUND; MODEL_INVALID for a model that is damaged or contradicts its card; UNSUPPORTED where
 *   what runs it is missing
 */
export async function loadModel(model: string = DEFAULT_MODEL, { runtime }: ModelOptions = {}): Promise<Model> {
  return new Model(await Scorer.open(model, runtime));
}

/**
 * The flows of an input with their verdicts: `Model.score` of a model that is loaded for it, unless one is given.
 *
 * @throws FlowlampError as loadModel and Model.score
 */
export async function* score(input: FlowInput, options: ScoreOptions = {}): AsyncGenerator<ScoredFlow> {
  for await (const table of scoreTables(input, options)) yield* rowsOf(table) as ScoredFlow[];
}

/** The same in tables. */
export async function* scoreTables(input: FlowInput, options: ScoreOptions = {}): AsyncGenerator<Table> {
  const { model } = options;
  if (model instanceof Model) {
    yield* model.scoreTables(input, options);
    return;
  }
  const loaded = await loadModel(model, options);
  try {
    yield* loaded.scoreTables(input, options);
  } finally {
    await loaded.close();
  }
}
