/** Training from a program: labelled flows of any input to a model, by the code of `flowlamp train`. */
import { loadFlowLabels } from '../datasets/flow-labels.ts';
import { specOf } from '../features/custom-feature.ts';
import { packageVersion } from '../features/files/package-files.ts';
import { type FlowBatch, type FlowInput, type FlowInputOptions, flowBatches } from '../features/flow-input.ts';
import type { ModelCard } from '../models/card.ts';
import { saveModelFolder } from '../models/folder.ts';
import type { TrainProgress } from './fits.ts';
import { GBDT } from './gbdt/learner.ts';
import type { GbdtOptions } from './gbdt/options.ts';
import { LabelledRows } from './labelled-rows.ts';
import type { Learner, LearnerOptions } from './learner.ts';
import { chosenInputs } from './model-inputs.ts';
import { type TrainedModel, trainModel } from './train-model.ts';

/** Where labelled flows come from. */
export type TrainingInput =
  | {
      readonly input: FlowInput;
      /** Of all its flows; not needed for tables that have the target column. */
      readonly label?: string;
      /** What the input is called where it is no path: rows of one name stay on one side of every split. */
      readonly name?: string;
    }
  | {
      /** The path of a manifest (docs/datasets.md): its captures of the role `train`, or all where they have no roles. */
      readonly manifest: string;
    };

/** How flows are read, and what is learnt. Defaults are those of `flowlamp train`. */
export interface TrainRequest<Options extends LearnerOptions> extends Omit<FlowInputOptions, 'label' | 'name'> {
  /** Of the model. */
  readonly name: string;
  /** Of the model. Default `1`. */
  readonly version?: string;
  readonly learner: Learner<Options>;
  /** Over the learner's defaults. */
  readonly learnerOptions?: Partial<Options>;
  /** Columns to learn from: by default those that docs/features.md marks as model inputs, and the `features`. */
  readonly inputs?: readonly string[];
  /** The column that holds the label. Default `label`. */
  readonly target?: string;
  /** The label whose probability is the risk of a flow, where it occurs. Default `mining`. */
  readonly positive?: string;
  /** Rows of one value never stand on both sides of a split. Default `capture`. */
  readonly groupBy?: string;
  /** Parts for cross-validation by group, 2 or more. Default 5. */
  readonly folds?: number;
  /** Packets with payload of a flow that the model will speak of. Default 5. */
  readonly minPayloadPackets?: number;
  /** Where the traffic came from, in words, and whether it was generated: for the card. */
  readonly origin?: string;
  readonly generated?: boolean;
  readonly limitations?: readonly string[];
  readonly onProgress?: (progress: TrainProgress) => void;
}

/**
 * Learns from labelled flows. Rounds, calibration and thresholds are chosen on groups that were held out; the model then
 * learns from all rows.
 *
 * @throws FlowlampError as extract; COLUMN_MISSING, COLUMN_UNKNOWN, SCHEMA_MISMATCH, MANIFEST_INVALID, or LABELS_UNUSABLE where
 *   there is nothing to learn from
 */
export async function train<Options extends LearnerOptions = GbdtOptions>(
  inputs: readonly TrainingInput[],
  request: Omit<TrainRequest<Options>, 'learner'> & Partial<Pick<TrainRequest<Options>, 'learner'>>,
): Promise<TrainedModel> {
  const learner = request.learner ?? (GBDT as unknown as Learner<Options>);
  const { target = 'label', groupBy = 'capture', minPayloadPackets = 5, features = [], version = '1' } = request;
  const columns = chosenInputs(request.inputs, learner.lists ?? {}, features.map(specOf));
  const collected = new LabelledRows(columns, target, groupBy, { minPayloadPackets }, null);
  for (const input of inputs) {
    for await (const { name, table } of labelled(input, request)) collected.add(name, table.specs, table);
  }
  const rows = collected.finish();
  const settings = {
    name: request.name,
    version,
    created: new Date().toISOString(),
    target,
    positive: request.positive ?? 'mining',
    minPayloadPackets,
    groupBy,
    folds: request.folds ?? 5,
    origin: request.origin ?? `${rows.captures.length} captures given by a program`,
    generated: request.generated ?? false,
    limitations: request.limitations ?? [],
    programVersion: packageVersion(),
    learner,
    learnerOptions: request.learnerOptions ?? {},
  };
  return trainModel(rows, collected.inputs, settings, request.onProgress);
}

async function* labelled(input: TrainingInput, options: Omit<FlowInputOptions, 'name'>): AsyncGenerator<FlowBatch> {
  if ('manifest' in input) {
    const labels = loadFlowLabels(input.manifest);
    for (const file of labels.filesOf('train')) {
      for await (const batch of flowBatches(file, { ...options, name: file })) {
        labels.apply(batch.table);
        yield batch;
      }
    }
    return;
  }
  const { input: source, label, name } = input;
  yield* flowBatches(source, {
    ...options,
    name: name ?? 'input',
    ...(label === undefined ? {} : { label }),
  });
}

/**
 * Writes a model as a folder that `loadModel`, `flowlamp score -m` and `flowlamp model` take; one that is there is replaced if it
 * holds a model.
 *
 * @returns the card as written
 * @throws FlowlampError OUTPUT_UNWRITABLE
 */
export function saveModel(folder: string, { card, onnx }: Pick<TrainedModel, 'card' | 'onnx'>): ModelCard {
  return saveModelFolder(folder, { card, onnx });
}
