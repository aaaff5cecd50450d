/** Feature rows in, verdicts out, by models from files: docs/scoring.md. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { ColumnSpec, Table } from '../core/table.ts';
import { nodeDigests } from '../features/digests-node.ts';
import { loadModelFolder } from '../models/folder.ts';
import { readInputRows } from '../models/inputs.ts';
import { openPredictor, type Runtime } from '../models/predictor.ts';
import { type BatchOptions, MicroBatcher, type Submission } from './engine/micro-batcher.ts';
import { openThreadSession } from './engine/session-client.ts';
import { evidenceFinders } from './evidence/shipped.ts';
import type { EvidenceFinder } from './evidence/source.ts';
import { TableScorer } from './table-scorer.ts';
import type { Verdict } from './verdict.ts';

export { RUNTIMES, type Runtime } from '../models/predictor.ts';

export const DEFAULT_MODEL = 'mining';

export class Scorer extends TableScorer {
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
    const predictor = await openPredictor({ card, onnx, path }, runtime, openThreadSession);
    return new Scorer(card, predictor, finders, nodeDigests);
  }

  /**
   * Probabilities for rows that are at hand as a matrix already.
   *
   * @param rows row-major [count, inputWidth(card.inputs)], NaN where a value is null or a list ends
   */
  predict(rows: Float32Array, count: number): Promise<Float32Array> {
    return this.predictor.predict(rows, count);
  }

  /**
   * For rows that come a few at a time: those of many callers are scored together.
   *
   * @throws FlowlampError OPTION_INVALID
   */
  live(options: BatchOptions = {}): LiveScorer {
    return new LiveScorer(new MicroBatcher(this.predictor, options), (name, specs, table, verdicts) => {
      this.check(name, specs);
      return {
        rows: table.length,
        read: (from, count, matrix, at) => readInputRows(table, this.card.inputs, { from, count }, matrix, at),
        take: (from, count, probabilities, at) => this.judgeRows(table, probabilities, at, { from, count }, verdicts),
      };
    });
  }

  protected override breathe(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
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

function noCard(path: string): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened: `${path} has no card.json beside it`,
    expected: 'a model folder with model.onnx and card.json, which says what the inputs mean',
    action: 'use a folder written by `flowlamp train`',
  });
}
