/** The model that judges, and how another takes its place: whoever is using the old one goes on with it until it is done. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import type { ModelCard } from '../../models/card.ts';
import { checkInputs } from '../../models/inputs.ts';
import { type LiveScorer, Scorer } from '../engine.ts';
import type { EvidenceFinder } from '../evidence/source.ts';
import type { ModelLease, ReloadOutcome } from '../http/service.ts';
import type { Verdict } from '../verdict.ts';

/** The finders of evidence that a model works with; `close` ends what keeps their lists up to date. */
export interface OpenedFinders {
  readonly finders: readonly EvidenceFinder[];
  close(): void;
}

/** Reads lists and feeds anew each time. */
export type OpenFinders = () => Promise<OpenedFinders>;

/** A model in use, closed when the last who uses it gives it back. */
class Held {
  readonly scorer: Scorer;
  readonly live: LiveScorer;
  readonly #finders: OpenedFinders;
  #users = 1;

  constructor(scorer: Scorer, finders: OpenedFinders) {
    this.scorer = scorer;
    this.live = scorer.live();
    this.#finders = finders;
  }

  take(): void {
    this.#users++;
  }

  async giveBack(): Promise<void> {
    if (--this.#users > 0) return;
    this.#finders.close();
    await this.live.close();
    await this.scorer.close();
  }
}

export class ModelHolder {
  readonly #reference: string;
  readonly #openFinders: OpenFinders;
  #held: Held;
  #reloading: Promise<ReloadOutcome> | null = null;

  private constructor(reference: string, openFinders: OpenFinders, held: Held) {
    this.#reference = reference;
    this.#openFinders = openFinders;
    this.#held = held;
  }

  /**
   * @param reference as `Scorer.open`
   * @throws FlowlampError MODEL_NOT_FOUND, MODEL_INVALID or SCHEMA_MISMATCH, and what the finders throw
   */
  static async open(reference: string, openFinders: OpenFinders): Promise<ModelHolder> {
    return new ModelHolder(reference, openFinders, await opened(reference, openFinders));
  }

  get card(): ModelCard {
    return this.#held.scorer.card;
  }

  /** Verdicts on rows of this process's own making. */
  async score(name: string, specs: readonly ColumnSpec[], table: Table): Promise<Verdict[]> {
    const held = this.#held;
    held.take();
    try {
      return await held.scorer.score(name, specs, table);
    } finally {
      void held.giveBack();
    }
  }

  lease(): ModelLease {
    const held = this.#held;
    held.take();
    return {
      card: held.scorer.card,
      submit: (name, specs, table) => held.live.submit(name, specs, table),
      release: () => void held.giveBack(),
    };
  }

  /** Reads the model and the lists again. One that fails its check changes nothing; two calls at once are one. */
  reload(): Promise<ReloadOutcome> {
    this.#reloading ??= this.#replace().finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  close(): Promise<void> {
    return this.#held.giveBack();
  }

  async #replace(): Promise<ReloadOutcome> {
    const before = nameOf(this.card);
    try {
      const fresh = await opened(this.#reference, this.#openFinders);
      const old = this.#held;
      this.#held = fresh;
      void old.giveBack();
      return { isReplaced: true, before, after: nameOf(fresh.scorer.card) };
    } catch (error) {
      const code = error instanceof FlowlampError ? error.code : ErrorCode.ModelInvalid;
      return { isReplaced: false, code, reason: String((error as Error)?.message ?? error), kept: before };
    }
  }
}

/** Opens, and checks that the rows made here are what the model reads, before anything depends on it. */
async function opened(reference: string, openFinders: OpenFinders): Promise<Held> {
  const finders = await openFinders();
  let scorer: Scorer | null = null;
  try {
    scorer = await Scorer.open(reference, 'kernel', finders.finders);
    const { card } = scorer;
    checkInputs(`the model ${nameOf(card)}`, card.inputs, 'live rows', FEATURES, nodeDigests);
    return new Held(scorer, finders);
  } catch (error) {
    finders.close();
    await scorer?.close();
    throw error;
  }
}

const nameOf = ({ name, version }: ModelCard) => `${name}@${version}`;
