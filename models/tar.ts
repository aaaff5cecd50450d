/**
 * Model folders as one file: the ustar form of POSIX.1-2017 pax (interchange format, "ustar Interchange Format"), regular
 * files only, without times or owners, so that equal models give equal bytes.
 */
import { ModelLimits } from './limits.ts';
import { invalidModel } from './trees/forest.ts';

const BLOCK = 512;
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
/** Entries that a model's archive may hold. */
const MAX_FILES = 100;

const NAME = { at: 0, length: 100 };
const MODE = { at: 100, length: 8 };
const SIZE = { at: 124, length: 12 };
const CHECKSUM = { at: 148, length: 8 };
const TYPE = { at: 156, length: 1 };
const MAGIC = { at: 257, length: 8 };
/** Before the name of a path that is longer than NAME. */
const PREFIX = { at: 345, length: 155 };

export function writeTar(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sizes = [...files.values()].map(({ length }) => BLOCK + padded(length));
  const out = new Uint8Array(sizes.reduce((sum, size) => sum + size, 2 * BLOCK));
  let at = 0;
  for (const [name, bytes] of files) {
    out.set(header(name, bytes.length), at);
    out.set(bytes, at + BLOCK);
    at += BLOCK + padded(bytes.length);
  }
  return out;
}

function header(name: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = ({ at }: { at: number }, text: string) => block.set(new TextEncoder().encode(text), at);
  put(NAME, name);
  put(MODE, '0000644\0');
  for (const field of [108, 116]) put({ at: field }, '0000000\0');
  put(SIZE, `${size.toString(8).padStart(11, '0')}\0`);
  put({ at: 136 }, '00000000000\0');
  put(TYPE, '0');
  put(MAGIC, 'ustar\x0000');
  put(CHECKSUM, `${checksum(block).toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** The sum of the header's bytes, its own field taken for blanks. */
function checksum(block: Uint8Array): number {
  return block.reduce((sum, byte, i) => sum + (i >= CHECKSUM.at && i < CHECKSUM.at + CHECKSUM.length ? 32 : byte), 0);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/**
 * The files of an archive, without the folder that they may lie in. Anything but regular files with plain names (and that
 * folder) is refused: links and paths are how archives reach where they should not.
 *
 * @throws FlowlampError MODEL_INVALID
 */
export function readTar(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let isWhole = false;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const block = bytes.subarray(at, at + BLOCK);
    if (block.every((byte) => byte === 0)) {
      isWhole = true;
      break;
    }
    const size = octal(block, SIZE);
    if (text(block, { at: MAGIC.at, length: 5 }) !== 'ustar' || octal(block, CHECKSUM) !== checksum(block)) {
      throw invalidModel(
        'the archive is damaged or of another kind',
        'a .tar file as `flowlamp model export` writes it',
      );
    }
    const type = text(block, TYPE);
    const from = at + BLOCK;
    at = from + padded(size);
    if (at > bytes.length || size > ModelLimits.fileBytes)
      throw invalidModel('the archive is cut off', 'a whole .tar file');
    // Folders, and the notes of pax and GNU tar about the entry that follows.
    if (type === '5' || type === 'x' || type === 'g') continue;
    const path = text(block, NAME);
    const name = path.split('/').at(-1)!;
    if ((type !== '0' && type !== '') || text(block, PREFIX) !== '' || !FILE_NAME.test(name)) {
      throw invalidModel(
        `the archive holds ${path.slice(0, 60)}, which is no plain file`,
        'the files of a model folder',
      );
    }
    if (files.has(name) || files.size >= MAX_FILES) {
      throw invalidModel(`the archive holds ${name} twice, or too much`, `at most ${MAX_FILES} files, each once`);
    }
    files.set(name, bytes.subarray(from, from + size));
  }
  if (!isWhole) throw invalidModel('the archive is cut off', 'a whole .tar file');
  if (files.size === 0) throw invalidModel('the archive holds no file', 'the files of a model folder');
  return files;
}

function text(block: Uint8Array, { at, length }: { at: number; length: number }): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder('latin1').decode(end < 0 ? field : field.subarray(0, end));
}

function octal(block: Uint8Array, field: { at: number; length: number }): number {
  const digits = text(block, field).trim();
  if (!/^[0-7]{1,12}$/.test(digits)) throw invalidModel('the archive has a header that is no number', 'a .tar file');
  return Number.parseInt(digits, 8);
}
