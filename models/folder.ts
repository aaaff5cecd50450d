/** Model folders: written whole, and read only as they were written. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { hashInputs, type ModelCard, readCard, writeCard } from './card.ts';
import { ModelLimits } from './limits.ts';
import { CARD_FILE, locate, ONNX_FILE, SIGNATURE_FILE } from './locate.ts';
import { checkSignature, publicKeyFingerprint } from './signature.ts';

export { CARD_FILE, ONNX_FILE, REPORT_FILE, SIGNATURE_FILE, shippedNames as listShippedModels } from './locate.ts';

export interface LoadedModel {
  /** Null for a bare .onnx file. */
  readonly card: ModelCard | null;
  readonly onnx: Uint8Array;
  /** The folder, or the .onnx file. */
  readonly path: string;
  /** Fingerprint of the key that signed the card, null where nobody did. */
  readonly signedBy: string | null;
  readonly isShipped: boolean;
}

/** What saveModelFolder adds by itself. */
export type CardDraft = Omit<ModelCard, 'formatVersion' | 'files' | 'adapter'> & Partial<Pick<ModelCard, 'adapter'>>;

/** Files of a model folder by name. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

const sha256Hex = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

/**
 * Writes `card.json`, `model.onnx` and whatever else belongs to the model beside the folder and renames them into place
 * together, so that a reader finds the old model, the new one or (between two renames) none, but never half of one.
 * Returns the card as written.
 *
 * An existing folder is replaced only if it holds a model or nothing.
 *
 * @param model others: more files by name, such as a report; the card holds their SHA-256 too
 */
export function saveModelFolder(
  dir: string,
  model: { readonly card: CardDraft; readonly onnx: Uint8Array; readonly others?: ModelFiles },
): ModelCard {
  const files = modelFiles(model);
  writeModelFiles(dir, files);
  return readCard(new TextDecoder().decode(files.get(CARD_FILE)!));
}

/** The files of a model folder, the card with the checksums of all others among them. */
export function modelFiles(model: {
  readonly card: CardDraft;
  readonly onnx: Uint8Array;
  readonly others?: ModelFiles;
}): ModelFiles {
  const contents = new Map([[ONNX_FILE, model.onnx], ...(model.others ?? [])]);
  const files = [...contents].map(([name, bytes]) => ({ name, sha256: sha256Hex(bytes) }));
  const adapter = model.card.adapter ?? null;
  const draft = { ...model.card, adapter, formatVersion: adapter === null ? (1 as const) : (2 as const), files };
  const card = readCard(writeCard(draft), 'the card to write');
  return new Map([[CARD_FILE, new TextEncoder().encode(writeCard(card))], ...contents]);
}

/**
 * Writes files as a model folder.
 *
 * @param mayReplace whether a model that is there gives way
 * @throws FlowlampError OUTPUT_UNWRITABLE
 */
export function writeModelFiles(dir: string, files: ModelFiles, mayReplace = true): void {
  checkModelFolder(dir);
  const target = resolve(dir);
  const fresh = `${target}.new-${process.pid}`;
  const old = `${target}.old-${process.pid}`;
  try {
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    for (const [name, bytes] of files) writeDurably(join(fresh, name), bytes);
    // Renaming fails where a folder has come to be since: of two who file one version, one is told.
    if (mayReplace) swap(fresh, target, old);
    else renameSync(fresh, target);
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true });
    throw new FlowlampError(ErrorCode.OutputUnwritable, {
      happened: `the model folder ${dir} could not be written (${(cause as NodeJS.ErrnoException).code ?? cause})`,
      expected: 'a place with room and permission to write',
      action: 'make room or choose another folder',
      cause,
    });
  }
}

function swap(fresh: string, target: string, old: string): void {
  if (!existsSync(target)) {
    renameSync(fresh, target);
    return;
  }
  rmSync(old, { recursive: true, force: true });
  renameSync(target, old);
  try {
    renameSync(fresh, target);
  } catch (cause) {
    renameSync(old, target);
    throw cause;
  }
  rmSync(old, { recursive: true, force: true });
}

/**
 * Refuses a folder that holds anything but a model; worth asking before a long training.
 *
 * @throws FlowlampError OUTPUT_UNWRITABLE
 */
export function checkModelFolder(dir: string): void {
  const target = resolve(dir);
  if (!existsSync(target)) return;
  const foreign = statSync(target).isDirectory() ? foreignNames(target) : [basename(target)];
  if (foreign.length === 0) return;
  throw new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `${target} holds ${foreign[0]}, which is no part of a model`,
    expected: 'a new folder, an empty one or one with a model to replace',
    action: 'choose another folder',
  });
}

/** Names in a folder that its card, if it has one, does not list. */
function foreignNames(dir: string): string[] {
  const own = new Set([CARD_FILE, ONNX_FILE, SIGNATURE_FILE]);
  if (existsSync(join(dir, CARD_FILE))) {
    try {
      const { files } = JSON.parse(readFileSync(join(dir, CARD_FILE), 'utf8')) as Pick<ModelCard, 'files'>;
      for (const { name } of files) own.add(name);
    } catch {
      // A card that cannot be read lists nothing.
    }
  }
  return readdirSync(dir).filter((name) => !own.has(name));
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Loads a model by folder, by the path of an .onnx file, by `name@version` of the registry or by the name of one that
 * ships with the package (see locate). Every file must match its checksum on the card, and the card its signature where
 * it has one. Where FLOWLAMP_MODEL_KEY names a public key, a model that does not ship must be signed by it.
 *
 * @param root the registry
 * @throws FlowlampError MODEL_NOT_FOUND or MODEL_INVALID
 */
export function loadModelFolder(request: string, root?: string): LoadedModel {
  const { path, isShipped } = locate(request, root);
  const isFile = statSync(path).isFile();
  const dir = isFile ? dirname(path) : path;
  if (isFile && !(basename(path) === ONNX_FILE && existsSync(join(dir, CARD_FILE)))) {
    const onnx = readBounded(path, ModelLimits.fileBytes);
    return { card: null, onnx, path, signedBy: null, isShipped };
  }
  const files = readModelFiles(dir);
  const checked = checkModelFiles(files, dir);
  if (!isShipped) requireTrusted(checked.signedBy, dir);
  return { ...checked, onnx: files.get(ONNX_FILE)!, path: dir, isShipped };
}

/** The card, what it lists, and its signature where it has one; nothing is checked yet but sizes. */
export function readModelFiles(dir: string): ModelFiles {
  const cardBytes = readBounded(join(dir, CARD_FILE), ModelLimits.cardBytes);
  const card = readCard(new TextDecoder().decode(cardBytes), join(dir, CARD_FILE));
  const files = new Map([[CARD_FILE, cardBytes]]);
  for (const name of new Set([ONNX_FILE, ...card.files.map((file) => file.name)])) {
    files.set(name, readBounded(join(dir, name), ModelLimits.fileBytes));
  }
  if (existsSync(join(dir, SIGNATURE_FILE))) {
    files.set(SIGNATURE_FILE, readBounded(join(dir, SIGNATURE_FILE), ModelLimits.cardBytes));
  }
  return files;
}

/**
 * Refuses files that are not as they were written.
 *
 * @param where what to call their folder in errors
 * @throws FlowlampError MODEL_INVALID
 */
export function checkModelFiles(files: ModelFiles, where: string): { card: ModelCard; signedBy: string | null } {
  const cardBytes = files.get(CARD_FILE);
  if (cardBytes === undefined) throw mismatch(`${where} has no ${CARD_FILE}`, 'a model folder');
  const card = readCard(new TextDecoder().decode(cardBytes), join(where, CARD_FILE));
  const expected = new Map(card.files.map(({ name, sha256 }) => [name, sha256]));
  for (const name of new Set([ONNX_FILE, ...expected.keys()])) {
    const bytes = files.get(name);
    if (bytes === undefined) throw mismatch(`${join(where, name)} is missing`, 'every file that the card lists');
    const found = sha256Hex(bytes);
    const listed = expected.get(name);
    if (listed !== found) {
      throw mismatch(
        `${join(where, name)} has sha256 ${found.slice(0, 12)}...`,
        listed === undefined ? 'a checksum of it on the card' : `${listed.slice(0, 12)}... as its card says`,
      );
    }
  }
  for (const name of files.keys()) {
    if (expected.has(name) || name === CARD_FILE || name === SIGNATURE_FILE) continue;
    throw mismatch(`${where} holds ${name}, which its card does not list`, 'a model and nothing else');
  }
  if (hashInputs(card.inputs, { sha256Hex }) !== card.inputsHash) {
    throw mismatch(`${join(where, CARD_FILE)} lists inputs that do not match its inputsHash`, 'an unaltered card');
  }
  const signature = files.get(SIGNATURE_FILE);
  const signedBy =
    signature === undefined
      ? null
      : checkSignature(cardBytes, new TextDecoder().decode(signature), join(where, SIGNATURE_FILE));
  return { card, signedBy };
}

function requireTrusted(signedBy: string | null, where: string): void {
  const keyPath = process.env['FLOWLAMP_MODEL_KEY'] ?? '';
  if (keyPath !== '') requireSignedBy(signedBy, keyPath, where);
}

/**
 * Refuses a model that was not signed by a key.
 *
 * @param keyPath of a public key in PEM
 * @throws FlowlampError MODEL_INVALID, or KEY_INVALID for another kind of key
 */
export function requireSignedBy(signedBy: string | null, keyPath: string, where: string): void {
  const trusted = publicKeyFingerprint(readKey(keyPath), keyPath);
  if (signedBy === trusted) return;
  throw mismatch(
    signedBy === null ? `${where} is not signed` : `${where} is signed by the key ${signedBy}`,
    `a signature by ${trusted} (${keyPath})`,
  );
}

/** The text of a key file. @throws FlowlampError KEY_INVALID */
export function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FlowlampError(ErrorCode.KeyInvalid, {
      happened: `the key ${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      expected: 'a PEM file',
      action: 'name another file with --key',
      cause,
    });
  }
}

function mismatch(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened,
    expected,
    action: 'take the model folder from where it was made again',
  });
}

function readBounded(path: string, limit: number): Uint8Array {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status?.isFile() !== true) throw mismatch(`${path} is missing`, `a folder with ${CARD_FILE} and ${ONNX_FILE}`);
    if (status.size > limit) throw mismatch(`${path} has ${status.size} bytes`, `at most ${limit}`);
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof FlowlampError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw mismatch(
      `${path} cannot be read (${code})`,
      `a folder with ${CARD_FILE} and ${ONNX_FILE} that this user may read`,
    );
  }
}
