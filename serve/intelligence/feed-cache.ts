/**
 * Last good copies of feeds that come over the network: one file each, a line of JSON and then the bytes, written beside
 * and renamed, readable by its owner alone. A copy whose checksum is wrong is none.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Validators } from './fetch-feed.ts';
import { FEED_LIMITS } from './limits.ts';

export interface FeedCopy extends Validators {
  /** When the server last said that this is its content, ms since 1970. */
  readonly fetchedAt: number;
  /** Indicators kept of it. */
  readonly kept: number;
  readonly bytes: Uint8Array;
}

const VERSION = 1;
const LINE_FEED = 0x0a;
/** Room for the line before the bytes. */
const HEAD_BYTES = 16 * 1024;
const OWNER_ONLY = 0o600;
const OWNER_FOLDER = 0o700;

/** XDG_CACHE_HOME where it is an absolute path, else ~/.cache (XDG Base Directory Specification 0.8). */
export function defaultFeedFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: cache = '' } = environment;
  return join(isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'flowlamp', 'feeds');
}

export class FeedCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The copy of a feed; null if there is none that can be read. */
  load(source: string): FeedCopy | null {
    try {
      const path = this.#pathOf(source);
      if (statSync(path).size > FEED_LIMITS.bytes + HEAD_BYTES) return null;
      return copyOf(readFileSync(path), source);
    } catch {
      return null; // Never fetched, or not readable: it is fetched again.
    }
  }

  /** @returns whether it could be written: a feed is used without a copy, too */
  save(source: string, copy: FeedCopy): boolean {
    const path = this.#pathOf(source);
    const beside = `${path}.${process.pid}.partial`;
    const { bytes, ...head } = copy;
    const line = { version: VERSION, source, sha256: sha256(bytes), ...head };
    try {
      mkdirSync(this.#folder, { recursive: true, mode: OWNER_FOLDER });
      removeIfThere(beside);
      const content = Buffer.concat([Buffer.from(`${JSON.stringify(line)}\n`), bytes]);
      writeFileSync(beside, content, { mode: OWNER_ONLY, flag: 'wx' });
      renameSync(beside, path);
      return true;
    } catch {
      removeIfThere(beside);
      return false;
    }
  }

  #pathOf(source: string): string {
    return join(this.#folder, `${sha256(Buffer.from(source)).slice(0, 32)}.feed`);
  }
}

function copyOf(file: Uint8Array, source: string): FeedCopy | null {
  const end = file.indexOf(LINE_FEED);
  const head = JSON.parse(new TextDecoder().decode(file.subarray(0, end))) as Record<string, unknown>;
  const bytes = file.subarray(end + 1);
  if (head['version'] !== VERSION || head['source'] !== source || head['sha256'] !== sha256(bytes)) return null;
  const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    bytes,
    fetchedAt: Number(head['fetchedAt']),
    kept: Number(head['kept']),
    etag: textOrNull(head['etag']),
    lastModified: textOrNull(head['lastModified']),
  };
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder is none, so that nothing can lie in it.
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
