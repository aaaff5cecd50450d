/** Models of bytes at hand, where there is no Node: trees run on the project's own kernel, other models on what is handed in. */
import type { Ciphers } from '../core/ciphers.ts';
import type { Digests } from '../core/digest.ts';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { Table } from '../core/table.ts';
import { type BrowserExtractOptions, type CaptureBytes, extract } from '../features/browser-extract.ts';
import { rowsOf } from '../features/rows-of.ts';
import { hashInputs, type ModelCard, readCard } from '../models/card.ts';
import { NameJudge, type NameModel } from '../models/names/ngram.ts';
import { openPredictor } from '../models/predictor.ts';
import type { OpenSession } from '../models/session.ts';
import { standingFinders } from './evidence/finders.ts';
import { parsePoolList } from './evidence/names/pool-list.ts';
import type { ScoredFlow } from './model.ts';
import { TableScorer } from './table-scorer.ts';
import type { Verdict } from './verdict.ts';
import { withVerdicts } from './verdict-columns.ts';

/** A model folder, read by the caller. */
export interface ModelBytes {
  /** Text of `card.json`. */
  readonly card: string;
  /** `model.onnx`. */
  readonly onnx: Uint8Array;
}

export interface BrowserModelOptions {
  readonly crypto: Digests & Ciphers;
  /**
   * Texts that evidence of names and certificates rests on, `serve/lists/pools.txt` and `models/names/host-names.json` of the
   * package; null for the model's word alone.
   */
  readonly evidence: { readonly pools: string; readonly hostNames: string } | null;
  /** Runs what is not trees; refused without it. */
  readonly openSession?: OpenSession;
}

/** A model, ready to score. */
export class BrowserModel {
  readonly #scorer: TableScorer;
  readonly #crypto: Digests & Ciphers;

  /** @param scorer closed with the model */
  constructor(scorer: TableScorer, crypto: Digests & Ciphers) {
    this.#scorer = scorer;
    this.#crypto = crypto;
  }

  /** What it is, what it was made from, its labels, inputs and thresholds. */
  get card(): ModelCard {
    return this.#scorer.card;
  }

  /** The flows of a capture with their verdicts, in the order in which they end. @throws FlowlampError as extract */
  async *score(input: CaptureBytes, options: Omit<BrowserExtractOptions, 'crypto'> = {}): AsyncGenerator<ScoredFlow> {
    for await (const table of this.scoreTables(input, options)) yield* rowsOf(table) as ScoredFlow[];
  }

  /** The same in tables, whose `specs` are the columns of the flows and those of verdicts. */
  async *scoreTables(input: CaptureBytes, options: Omit<BrowserExtractOptions, 'crypto'> = {}): AsyncGenerator<Table> {
    for await (const table of extract(input, { ...options, crypto: this.#crypto })) {
      yield withVerdicts(table.specs, table, await this.scoreTable(table));
    }
  }

  /** One verdict for each row of a table. @throws FlowlampError SCHEMA_MISMATCH */
  scoreTable(table: Table, name = 'the table'): Promise<Verdict[]> {
    return this.#scorer.score(name, table.specs, table);
  }

  close(): Promise<void> {
    return this.#scorer.close();
  }
}

/**
 * Opens a model of its bytes. Checksums of the card are checked, signatures are not.
 *
 * @throws FlowlampError MODEL_INVALID; UNSUPPORTED for a model that is no trees, where nothing was handed in that runs it
 */
export async function openModel({ card: text, onnx }: ModelBytes, options: BrowserModelOptions): Promise<BrowserModel> {
  const { crypto, evidence, openSession = noSession } = options;
  const card = readCard(text);
  checkFiles(card, onnx, crypto);
  const predictor = await openPredictor({ card, onnx, path: card.name }, 'kernel', openSession);
  const finders = evidence === null ? [] : standingFinders(namesOf(evidence));
  return new BrowserModel(new TableScorer(card, predictor, finders, crypto), crypto);
}

function namesOf({ pools, hostNames }: { readonly pools: string; readonly hostNames: string }) {
  try {
    return { pools: parsePoolList(pools), judge: new NameJudge(JSON.parse(hostNames) as NameModel) };
  } catch (cause) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: 'evidence.hostNames is no model of host names',
      expected: 'the text of models/names/host-names.json',
      action: 'take it from the package of this version',
      cause,
    });
  }
}

function checkFiles(card: ModelCard, onnx: Uint8Array, crypto: Digests): void {
  const listed = card.files.find(({ name }) => name === 'model.onnx')?.sha256;
  const found = crypto.sha256HexOf(onnx);
  if (listed === found && hashInputs(card.inputs, crypto) === card.inputsHash) return;
  throw new FlowlampError(ErrorCode.ModelInvalid, {
    happened:
      listed === found
        ? `the card of ${card.name} lists inputs that do not match its inputsHash`
        : `the model ${card.name} has sha256 ${found.slice(0, 12)}...`,
    expected: listed === found ? 'an unaltered card' : `${String(listed).slice(0, 12)}... as its card says`,
    action: 'take the card and the model from one folder',
  });
}

const noSession: OpenSession = () => {
  throw new FlowlampError(ErrorCode.Unsupported, {
    happened: 'the model is no ensemble of trees',
    expected: 'trees, which need no other runtime',
    action: 'hand in openSession, made with a runtime of ONNX for browsers',
  });
};
