/** The models that ship: whether they are as they were made. */
import { FlowlampError } from '../../core/errors.ts';
import { type LoadedModel, listShippedModels, loadModelFolder } from '../../models/folder.ts';
import { counted } from '../numbers.ts';
import { type Check, sound, unsound } from './check.ts';

const USE = 'score, explain, serve: without -m';
const AGAIN = 'install flowlamp again';

export function modelChecks(
  names: readonly string[] = listShippedModels(),
  load: (name: string) => LoadedModel = loadModelFolder,
): Check[] {
  if (names.length === 0) return [unsound('models', 'broken', 'none is there', USE, AGAIN, true)];
  return names.map((name) => modelCheck(name, load));
}

function modelCheck(name: string, load: (name: string) => LoadedModel): Check {
  const title = `model ${name}`;
  try {
    const { card } = load(name);
    const files = counted(card?.files.length ?? 0, 'file');
    return sound(title, `${card?.version}, ${files} as on the card (SHA-256)`, USE, true);
  } catch (error) {
    if (!(error instanceof FlowlampError)) throw error;
    return unsound(title, 'broken', error.happened, USE, `${AGAIN}, or name another model with -m`, true);
  }
}
