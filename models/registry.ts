/** The user's models by name and version: ROOT/NAME/VERSION is a model folder, and once it is there it does not change. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { ModelCard } from './card.ts';
import {
  CARD_FILE,
  checkModelFiles,
  loadModelFolder,
  type ModelFiles,
  readModelFiles,
  writeModelFiles,
} from './folder.ts';
import { isModelName, isModelVersion, registeredNames, registeredVersions, shippedNames } from './locate.ts';

/** A model as a list shows it. */
export interface RegistryEntry {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly isShipped: boolean;
  readonly signedBy: string | null;
  /** Null where the model is refused. */
  readonly card: ModelCard | null;
  /** Why it is refused; null where it is sound. */
  readonly problem: string | null;
}

/** The models that ship, then those in the registry by name and version. Damaged ones are listed with what is wrong. */
export function listModels(root: string): RegistryEntry[] {
  const shipped = shippedNames().map((name) => entryOf(name, name, '', root));
  const own = registeredNames(root).flatMap((name) =>
    registeredVersions(root, name).map((version) => entryOf(`${name}@${version}`, name, version, root)),
  );
  // A version that ships as well is the one that ships.
  const taken = new Set(shipped.map(({ name, version }) => `${name}@${version}`));
  return [...shipped, ...own.filter(({ name, version }) => !taken.has(`${name}@${version}`))];
}

function entryOf(reference: string, name: string, version: string, root: string): RegistryEntry {
  const path = join(root, name, version);
  try {
    const { card, signedBy, isShipped, path: found } = loadModelFolder(reference, root);
    const filed = version === '' || (card?.name === name && card.version === version);
    const problem = filed ? null : `its card says ${card?.name}@${card?.version}`;
    return { name, version: card?.version ?? version, path: found, isShipped, signedBy, card, problem };
  } catch (error) {
    if (!(error instanceof FlowlampError)) throw error;
    return { name, version, path, isShipped: false, signedBy: null, card: null, problem: error.happened };
  }
}

/**
 * Puts a model into the registry, under the name and version on its card.
 *
 * @param files as modelFiles makes or readModelFiles reads them; checked
 * @returns the folder, and whether it was there already, with the same card
 * @throws FlowlampError MODEL_INVALID, or OPTION_INVALID for a name or version that is taken or cannot be a folder
 */
export function registerModel(root: string, files: ModelFiles, where: string): { path: string; wasThere: boolean } {
  const { card } = checkModelFiles(files, where);
  const { name, version } = card;
  if (!isModelName(name) || !isModelVersion(version)) {
    throw unfit(`the model ${name}@${version} cannot be filed under its name`, 'letters, digits, dots, dashes', where);
  }
  const path = join(root, name, version);
  const isShipped = shippedNames().includes(name) && loadModelFolder(name).card?.version === version;
  if (isShipped) throw unfit(`${name}@${version} is the name of a model that ships`, 'another name or version', where);
  if (existsSync(path)) {
    if (sameFiles(readModelFiles(path), files)) return { path, wasThere: true };
    throw unfit(`${name}@${version} is in the registry already, and is another model`, 'a version of its own', where);
  }
  writeModelFiles(path, files, false);
  return { path, wasThere: false };
}

/** The card holds the checksums of the others; a signature may come and go. */
function sameFiles(a: ModelFiles, b: ModelFiles): boolean {
  return Buffer.compare(a.get(CARD_FILE)!, b.get(CARD_FILE)!) === 0;
}

function unfit(happened: string, expected: string, where: string): FlowlampError {
  const action = `import ${where} under another --name or --model-version`;
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action });
}
