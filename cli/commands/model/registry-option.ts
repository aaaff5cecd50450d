/** Where the models of the user lie, as commands ask for it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import type { ModelCard } from '../../../models/card.ts';
import { type LoadedModel, loadModelFolder } from '../../../models/folder.ts';
import { registryRoot } from '../../../models/locate.ts';

export interface RegistryOptions {
  readonly registry?: string;
  readonly quiet?: boolean;
}

export function addRegistryOption(command: Command): Command {
  return command
    .option('--registry <folder>', 'the registry (default: FLOWLAMP_MODELS, or flowlamp/models in the data folder)')
    .option('--quiet', 'no summary on standard error');
}

export function rootOf({ registry }: RegistryOptions): string {
  return registry === undefined ? registryRoot() : resolve(registry);
}

/** A model that says what it is. @throws FlowlampError MODEL_NOT_FOUND or MODEL_INVALID */
export function loadCarded(request: string, options: RegistryOptions): LoadedModel & { readonly card: ModelCard } {
  const model = loadModelFolder(request, rootOf(options));
  if (model.card !== null) return { ...model, card: model.card };
  throw new FlowlampError(ErrorCode.ModelInvalid, {
    happened: `${model.path} has no card.json beside it`,
    expected: 'a model folder with model.onnx and card.json, which says what the inputs mean',
    action: 'import it with a map (`flowlamp model import MODEL.onnx --map MAP.json`)',
  });
}
