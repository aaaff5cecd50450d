/**
 * A folder beside the model to be, with one journal for each of its trainings: a run that is stopped, however rudely, is
 * gone on with by the next that has the same data and options.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FitJournal } from './learner.ts';

const ABOUT = 'checkpoint.json';
const FORMAT = 'flowlamp checkpoint 1';
const SUFFIX = '.journal';

/** An entry: its length and its place as uint32, the start of its SHA-256, its bytes. Little-endian. */
const PLACE = 4;
const DIGEST = 8;
const DIGEST_BYTES = 8;
const HEADER = DIGEST + DIGEST_BYTES;

/** Tells a user what has become of the checkpoint. */
export interface CheckpointNews {
  /** There are this many rounds of an earlier run to go on from. */
  onResume?(entries: number): void;
  /** It cannot be kept; the training goes on without it. Called once. */
  onTrouble?(why: string): void;
}

export class Checkpoint {
  readonly #folder: string;
  readonly #news: CheckpointNews;
  readonly #files: number[] = [];
  #isKept: boolean;

  /**
   * @param folder is made; one that holds anything else is left alone
   * @param fingerprint of data and options: what was noted under another is thrown away
   */
  constructor(folder: string, fingerprint: string, news: CheckpointNews = {}) {
    this.#folder = folder;
    this.#news = news;
    this.#isKept = true;
    this.#try(() => {
      mkdirSync(folder, { recursive: true });
      const names = readdirSync(folder);
      const stranger = names.find((name) => name !== ABOUT && !name.endsWith(SUFFIX));
      if (stranger !== undefined || (names.length > 0 && !names.includes(ABOUT))) {
        throw new Error(`it holds ${stranger ?? names[0]}, which is no part of one`);
      }
      const about = `${JSON.stringify({ format: FORMAT, fingerprint })}\n`;
      if (!names.includes(ABOUT) || readFileSync(join(folder, ABOUT), 'utf8') !== about) {
        for (const name of names) rmSync(join(folder, name));
        writeFileSync(join(folder, ABOUT), about);
      }
      const found = this.#names().reduce((sum, name) => sum + entriesOf(readFileSync(join(folder, name))).length, 0);
      if (found > 0) news.onResume?.(found);
    });
  }

  /** @param name of the training, the same in every run */
  journal(name: string): FitJournal {
    let file: number | null = null;
    let entries: Uint8Array[] = [];
    this.#try(() => {
      const path = join(this.#folder, `${name}${SUFFIX}`);
      const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
      entries = entriesOf(bytes);
      file = openSync(path, 'a');
      this.#files.push(file);
      // The last entry may have been cut off.
      ftruncateSync(
        file,
        entries.reduce((sum, entry) => sum + HEADER + entry.length, 0),
      );
    });
    let place = entries.length;
    return {
      entries,
      note: (entry) => this.#try(() => file !== null && writeWhole(file, framed(entry, place++))),
    };
  }

  /** Once the model is safe. */
  remove(): void {
    for (const file of this.#files.splice(0)) closeSync(file);
    if (!this.#isKept) return;
    this.#try(() => {
      for (const name of [...this.#names(), ABOUT]) rmSync(join(this.#folder, name), { force: true });
      rmdirSync(this.#folder);
    });
  }

  #names(): string[] {
    return readdirSync(this.#folder).filter((name) => name.endsWith(SUFFIX));
  }

  /** A checkpoint is a convenience: where it fails, once is enough. */
  #try(work: () => unknown): void {
    if (!this.#isKept) return;
    try {
      work();
    } catch (error) {
      this.#isKept = false;
      const { code, message } = error as NodeJS.ErrnoException;
      this.#news.onTrouble?.(`no checkpoint is kept in ${this.#folder} (${code ?? message})`);
    }
  }
}

function framed(entry: Uint8Array, place: number): Uint8Array {
  const bytes = new Uint8Array(HEADER + entry.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, entry.length, true);
  view.setUint32(PLACE, place, true);
  bytes.set(digestOf(entry), DIGEST);
  bytes.set(entry, HEADER);
  return bytes;
}

/** Those before the first that is cut off, altered or out of place. */
function entriesOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const end = at + HEADER + view.getUint32(at, true);
    if (end > bytes.length || view.getUint32(at + PLACE, true) !== entries.length) break;
    const entry = Uint8Array.from(bytes.subarray(at + HEADER, end));
    const digest = digestOf(entry);
    if (digest.some((byte, i) => byte !== bytes[at + DIGEST + i])) break;
    entries.push(entry);
    at = end;
  }
  return entries;
}

function digestOf(entry: Uint8Array): Uint8Array {
  return createHash('sha256').update(entry).digest().subarray(0, DIGEST_BYTES);
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
