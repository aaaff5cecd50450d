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
import { fileURLToPath } from 'node:url';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { CARD_FORMAT, hashInputs, type ModelCard, readCard, writeCard } from './card.ts';
import { ModelLimits } from './limits.ts';

export const CARD_FILE = 'card.json';
export const ONNX_FILE = 'model.onnx';
/** For people; nothing reads it. */
export const REPORT_FILE = 'report.html';

export interface LoadedModel {
  /** Null for a bare .onnx file. */
  readonly card: ModelCard | null;
  readonly onnx: Uint8Array;
  /** The folder, or the .onnx file. */
  readonly path: string;
}

/** What saveModelFolder adds by itself. */
export type CardDraft = Omit<ModelCard, 'formatVersion' | 'files'>;

const sha256Hex = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

/**
 * Writes `card.json`, `model.onnx` and, if there is one, `report.html` beside the folder and renames them into place
 * together, so that a reader finds the old model, the new one or (between two renames) none, but never half of one.
 * Returns the card as written.
 *
 * An existing folder is replaced only if it holds a model or nothing.
 */
export function saveModelFolder(
  dir: string,
  model: { readonly card: CardDraft; readonly onnx: Uint8Array; readonly report?: string | null },
): ModelCard {
  checkModelFolder(dir);
  const target = resolve(dir);
  const report = model.report == null ? null : new TextEncoder().encode(model.report);
  const files = [{ name: ONNX_FILE, sha256: sha256Hex(model.onnx) }];
  if (report !== null) files.push({ name: REPORT_FILE, sha256: sha256Hex(report) });
  const card = readCard(writeCard({ ...model.card, formatVersion: CARD_FORMAT, files }), 'the card to write');
  const fresh = `${target}.new-${process.pid}`;
  const old = `${target}.old-${process.pid}`;
  try {
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    writeDurably(join(fresh, ONNX_FILE), model.onnx);
    if (report !== null) writeDurably(join(fresh, REPORT_FILE), report);
    writeDurably(join(fresh, CARD_FILE), new TextEncoder().encode(writeCard(card)));
    swap(fresh, target, old);
    return card;
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true });
    throw new FlowlampError(ErrorCode.OutputUnwritable, {
      happened: `the model folder ${dir} could not be written`,
      expected: 'a place with room and permission to write',
      action: 'choose another folder',
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
  const foreign = statSync(target).isDirectory()
    ? readdirSync(target).filter((name) => ![CARD_FILE, ONNX_FILE, REPORT_FILE].includes(name))
    : [basename(target)];
  if (foreign.length === 0) return;
  throw new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `${target} holds ${foreign[0]}, which is no part of a model`,
    expected: 'a new folder, an empty one or one with a model to replace',
    action: 'choose another folder',
  });
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
 * Loads a model by folder, by the path of an .onnx file or by the name of one that ships with the package. A bare name
 * means the shipped model first, so that a folder that happens to lie in the working directory cannot take its place.
 * The model must match the checksum on its card.
 */
export function loadModelFolder(dirOrNameOrOnnxPath: string): LoadedModel {
  const path = locate(dirOrNameOrOnnxPath);
  const isFile = statSync(path).isFile();
  const dir = isFile ? dirname(path) : path;
  if (isFile && !(basename(path) === ONNX_FILE && existsSync(join(dir, CARD_FILE)))) {
    return { card: null, onnx: readBounded(path, ModelLimits.fileBytes), path };
  }
  const cardPath = join(dir, CARD_FILE);
  const card = readCard(new TextDecoder().decode(readBounded(cardPath, ModelLimits.cardBytes)), cardPath);
  const onnx = readBounded(join(dir, ONNX_FILE), ModelLimits.fileBytes);
  verify(card, onnx, dir);
  return { card, onnx, path: dir };
}

/** Names of the models that ship with the package. */
export function listShippedModels(): string[] {
  const zoo = zooPath();
  if (!existsSync(zoo)) return [];
  return readdirSync(zoo)
    .filter((name) => existsSync(join(zoo, name, CARD_FILE)))
    .sort();
}

function verify(card: ModelCard, onnx: Uint8Array, dir: string): void {
  const expected = card.files.find(({ name }) => name === ONNX_FILE)?.sha256;
  const found = sha256Hex(onnx);
  if (expected !== found) {
    throw mismatch(
      `${join(dir, ONNX_FILE)} has sha256 ${found.slice(0, 12)}...`,
      expected === undefined ? 'a checksum of it on the card' : `${expected.slice(0, 12)}... as its card says`,
    );
  }
  const hash = hashInputs(card.inputs, { sha256Hex });
  if (hash !== card.inputsHash) {
    throw mismatch(`${join(dir, CARD_FILE)} lists inputs that do not match its inputsHash`, 'an unaltered card');
  }
}

function mismatch(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened,
    expected,
    action: 'take the model folder from where it was made again',
  });
}

const SHIPPED_NAME = /^[a-z0-9][a-z0-9._-]*$/i;

function locate(request: string): string {
  if (SHIPPED_NAME.test(request)) {
    const shipped = join(zooPath(), request);
    if (existsSync(join(shipped, CARD_FILE))) return shipped;
  }
  if (existsSync(request)) return resolve(request);
  const shipped = listShippedModels();
  throw new FlowlampError(ErrorCode.ModelNotFound, {
    happened: `there is no model ${request}`,
    expected:
      shipped.length > 0 ? `a folder, an .onnx file or one of ${shipped.join(', ')}` : 'a folder or an .onnx file',
    action: 'check the path',
  });
}

/** models/zoo under the package root: the first folder upwards with a package.json, from models/ and dist/models/ alike. */
function zooPath(): string {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'package.json')) && dirname(root) !== root) root = dirname(root);
  return join(root, 'models', 'zoo');
}

function readBounded(path: string, limit: number): Uint8Array {
  if (!existsSync(path)) throw mismatch(`${path} is missing`, `a folder with ${CARD_FILE} and ${ONNX_FILE}`);
  const { size } = statSync(path);
  if (size > limit) throw mismatch(`${path} has ${size} bytes`, `at most ${limit}`);
  return readFileSync(path);
}
