/** Files that a log was rotated to: `verdicts.jsonl` becomes `verdicts-20260203T040506Z.jsonl`, and perhaps `.gz`. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface RotationOptions {
  /** Rotated files that are kept; 0 for all. */
  readonly keep: number;
  readonly gzip: boolean;
}

/** `20260203T040506Z`: sorts by time. */
export function stampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Several may be of the same second. */
interface Place {
  readonly name: string;
  readonly stamp: string;
  readonly number: number;
}

export class RotatedFiles {
  readonly #folder: string;
  readonly #stem: string;
  readonly #ending: string;
  readonly #options: RotationOptions;

  constructor(path: string, options: RotationOptions) {
    this.#folder = dirname(path);
    ({ name: this.#stem, ext: this.#ending } = parse(basename(path)));
    this.#options = options;
  }

  /** A name behind those of all that there are. */
  async next(ms: number): Promise<string> {
    const stamp = stampOf(ms);
    const numbers = (await this.#places()).filter((place) => place.stamp === stamp).map(({ number }) => number);
    const number = Math.max(-1, ...numbers) + 1;
    return join(this.#folder, `${this.#stem}-${stamp}${number === 0 ? '' : `-${number}`}${this.#ending}`);
  }

  /** Compresses those that are not, and removes the oldest beyond those that are kept. */
  async tidy(): Promise<void> {
    const { keep, gzip } = this.#options;
    const names = (await this.#places()).map(({ name }) => name);
    const old = keep === 0 ? [] : names.slice(0, Math.max(0, names.length - keep));
    for (const name of old) await rm(join(this.#folder, name), { force: true });
    if (!gzip) return;
    for (const name of names.slice(old.length)) if (!name.endsWith('.gz')) await this.#compress(name);
  }

  /** Oldest first. */
  async #places(): Promise<Place[]> {
    const places = (await readdir(this.#folder)).flatMap((name) => this.#placeOf(name) ?? []);
    return places.sort((a, b) => (a.stamp === b.stamp ? a.number - b.number : a.stamp < b.stamp ? -1 : 1));
  }

  #placeOf(name: string): Place | null {
    const whole = name.endsWith('.gz') ? name.slice(0, -3) : name;
    if (!whole.startsWith(`${this.#stem}-`) || !whole.endsWith(this.#ending)) return null;
    const middle = whole.slice(this.#stem.length + 1, whole.length - this.#ending.length);
    const match = /^(\d{8}T\d{6}Z)(?:-(\d+))?$/.exec(middle);
    return match === null ? null : { name, stamp: match[1]!, number: Number(match[2] ?? 0) };
  }

  /** The compressed file appears whole, then the other goes. */
  async #compress(name: string): Promise<void> {
    const path = join(this.#folder, name);
    const partial = join(this.#folder, `.${name}.gz.partial`);
    try {
      await pipeline(createReadStream(path), createGzip(), createWriteStream(partial, { mode: 0o640 }));
      await rename(partial, `${path}.gz`);
      await rm(path, { force: true });
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }
}
