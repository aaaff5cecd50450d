/** The machine: Node, cores, WebAssembly, folders. */
import { accessSync, constants, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { byteText, counted } from '../numbers.ts';
import { packageManifest } from '../package-root.ts';
import { type Check, sound, unsound } from './check.ts';

/** Of every JavaScript engine, and no type of the language itself. */
declare const WebAssembly: { validate(bytes: Uint8Array): boolean };

export function systemChecks(): Check[] {
  const { engines } = packageManifest();
  return [
    nodeCheck(process.versions.node, engines.node),
    sound('processor', counted(availableParallelism(), 'core'), 'extract, score, train: --jobs'),
    sound('memory', byteText(totalmem()), 'serve, extract: --max-flows'),
    simdCheck(WebAssembly.validate(SIMD_MODULE)),
    folderCheck(
      'temporary folder',
      tmpdir(),
      'serve --interface, dataset record',
      'set TMPDIR to a folder that can be',
    ),
    folderCheck(
      'working folder',
      workingFolder(),
      'commands without -o, or with a plain name',
      'choose another with -o',
    ),
  ];
}

/** Where plain names lead; the folder may have been removed meanwhile. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '.';
  }
}

/** @param wanted as `engines` of package.json has it: `>=MAJOR.MINOR` */
export function nodeCheck(version: string, wanted: string): Check {
  const numbers = (text: string) => text.split('.').map(Number);
  const [major = 0, minor = 0] = numbers(version);
  const [leastMajor = 0, leastMinor = 0] = numbers(wanted.replace('>=', ''));
  const least = `${leastMajor}.${leastMinor} or later`;
  const use = 'everything';
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) {
    return sound('Node.js', `${version} (${least} is needed)`, use, true);
  }
  return unsound('Node.js', 'broken', `${version}, too old`, use, `install Node.js ${least}`, true);
}

/** A function that returns a vector of zeros: (v128.const 0), WebAssembly 2.0, 5.4.7. */
const SIMD_MODULE = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 22, 1, 20, 0, 0xfd, 12, ...new Array<number>(16).fill(0), 0x0b],
]);

export function simdCheck(isThere: boolean): Check {
  const use = 'score, serve: trees; train: nets';
  if (isThere) return sound('WebAssembly SIMD', 'there', use);
  return unsound(
    'WebAssembly SIMD',
    'missing',
    'not on this processor',
    use,
    'nothing: trees are walked in JavaScript, slower and with the same result',
  );
}

/** Nothing is written: the system is asked whether one might. */
export function folderCheck(name: string, path: string, use: string, next: string): Check {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(path);
    return sound(name, `${path}, ${byteText(bavail * bsize)} free`, use);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    return unsound(name, 'broken', `${path} cannot be written to (${why})`, use, next);
  }
}
