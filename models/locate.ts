/** Where models lie: those that ship with the package, and the versions in the user's registry. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ErrorCode, FlowlampError } from '../core/errors.ts';

export const CARD_FILE = 'card.json';
export const ONNX_FILE = 'model.onnx';
/** For people; nothing reads it. */
export const REPORT_FILE = 'report.html';
export const SIGNATURE_FILE = 'signature.json';

/** Names and versions become folders: nothing that a file system, a shell or a reader could take for anything else. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/;
const REFERENCE = /^([^@/\\]+)@([^@/\\]+)$/;

export function isModelName(text: string): boolean {
  return NAME.test(text);
}

export function isModelVersion(text: string): boolean {
  return VERSION.test(text);
}

/** A folder that should hold a model. */
export interface Located {
  readonly path: string;
  /** Part of the package: as trustworthy as the program itself. */
  readonly isShipped: boolean;
}

/**
 * The registry: FLOWLAMP_MODELS, or `flowlamp/models` in the user's data folder (XDG Base Directory Specification 0.8:
 * XDG_DATA_HOME where it is an absolute path, else ~/.local/share).
 */
export function registryRoot(environment: NodeJS.ProcessEnv = process.env): string {
  const { FLOWLAMP_MODELS: chosen = '', XDG_DATA_HOME: data = '' } = environment;
  if (chosen !== '') return resolve(chosen);
  return join(isAbsolute(data) ? data : join(homedir(), '.local', 'share'), 'flowlamp', 'models');
}

/**
 * The folder or .onnx file that a user means:
 *
 *     mining              a model that ships, so that a folder that happens to lie here cannot take its place
 *     name@version        that version, of a model that ships or in the registry
 *     name                a folder here; failing that, the highest version in the registry
 *     anything/else       a path
 *
 * @throws FlowlampError MODEL_NOT_FOUND
 */
export function locate(request: string, root = registryRoot()): Located {
  const [, name, version] = REFERENCE.exec(request) ?? [];
  const wanted = name ?? request;
  if (isModelName(wanted)) {
    const shipped = join(zooPath(), wanted);
    if (existsSync(join(shipped, CARD_FILE)) && (version === undefined || shippedVersion(shipped) === version)) {
      return { path: shipped, isShipped: true };
    }
    if (version !== undefined && isModelVersion(version)) {
      const path = join(root, wanted, version);
      if (existsSync(path)) return { path, isShipped: false };
    }
  }
  if (existsSync(request)) return { path: resolve(request), isShipped: false };
  const newest = isModelName(wanted) && version === undefined ? registeredVersions(root, wanted).at(-1) : undefined;
  if (newest !== undefined) return { path: join(root, wanted, newest), isShipped: false };
  throw notFound(request, wanted, root);
}

function notFound(request: string, wanted: string, root: string): FlowlampError {
  const versions = isModelName(wanted) ? registeredVersions(root, wanted).map((version) => `${wanted}@${version}`) : [];
  const shipped = shippedNames();
  const known = [...versions, ...shipped];
  return new FlowlampError(ErrorCode.ModelNotFound, {
    happened: `there is no model ${request}`,
    expected: known.length > 0 ? `a folder, an .onnx file or one of ${known.join(', ')}` : 'a folder or an .onnx file',
    action: 'check the path, or see `flowlamp model list`',
  });
}

/** Names of the models that ship with the package. */
export function shippedNames(): string[] {
  const zoo = zooPath();
  if (!existsSync(zoo)) return [];
  return readdirSync(zoo)
    .filter((name) => existsSync(join(zoo, name, CARD_FILE)))
    .sort();
}

function shippedVersion(dir: string): unknown {
  return (JSON.parse(readFileSync(join(dir, CARD_FILE), 'utf8')) as { version: unknown }).version;
}

/** models/zoo under the package root: the first folder upwards with a package.json, from models/ and dist/models/ alike. */
export function zooPath(): string {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'package.json')) && dirname(root) !== root) root = dirname(root);
  return join(root, 'models', 'zoo');
}

export function registeredNames(root: string): string[] {
  return folders(root).filter(isModelName).sort();
}

/** Versions of a model in the registry, the highest last. */
export function registeredVersions(root: string, name: string): string[] {
  return folders(join(root, name)).filter(isModelVersion).sort(compareVersions);
}

function folders(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return (
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      // What saveModelFolder leaves if it is killed.
      .filter((name) => !/\.(new|old)-\d+$/.test(name))
  );
}

/**
 * Negative if a is lower. As in Semantic Versioning 2.0, section 11: numbers by value, more parts above fewer, and what has a
 * pre-release below what has none; build metadata decides last.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => {
    const [, core, pre] = /^([^+-]*)(?:-([^+]*))?/.exec(version)!;
    return { core: core!.split('.'), pre: pre?.split('.') ?? null };
  });
  const byCore = compareParts(left!.core, right!.core);
  if (byCore !== 0) return byCore;
  if ((left!.pre === null) !== (right!.pre === null)) return left!.pre === null ? 1 : -1;
  return compareParts(left!.pre ?? [], right!.pre ?? []) || (a < b ? -1 : a > b ? 1 : 0);
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [one, other] = [a[i]!, b[i]!];
    const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    const order = isNumber ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0;
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
