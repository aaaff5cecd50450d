/**
 * What lies in a watched folder. All names are listed each time; of a hundred thousand files not all are asked for their size:
 * the new, the named, and of the others some thousands in turn.
 */
import { type BigIntStats, lstatSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { unreadable } from '../../features/capture/input.ts';

/** A file as it was seen. */
export interface Sighting {
  readonly name: string;
  /** Device and inode. */
  readonly id: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Changes with content and name. */
  readonly changedMs: number;
}

/** Files that are kept in mind; others wait until some are gone. */
export const MOST_FILES = 200_000;
/** Files asked for their size in one go, out of turn those that were named. */
const IN_TURN = 2_000;
const AT_ONCE = 500;

export class FolderScan {
  readonly #folder: string;
  readonly #followLinks: boolean;
  /** By name; null for what is no file. */
  #seen = new Map<string, Sighting | null>();
  #turn = 0;
  /** Files beyond the bound. */
  beyond = 0;

  constructor(folder: string, followLinks: boolean) {
    this.#folder = folder;
    this.#followLinks = followLinks;
  }

  /**
   * @param named names to look at in any case
   * @returns all files, by name
   * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE of the folder
   */
  async look(named: ReadonlySet<string>): Promise<ReadonlyMap<string, Sighting | null>> {
    const names = await this.#names();
    const before = this.#seen;
    const seen = new Map<string, Sighting | null>();
    const first = this.#turn % Math.max(1, names.length);
    let asked = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const known = before.get(name);
      const isTurn = (i - first + names.length) % names.length < IN_TURN;
      if (known !== undefined && !isTurn && !named.has(name)) {
        seen.set(name, known);
        continue;
      }
      const sighting = this.#sight(name);
      if (sighting !== undefined) seen.set(name, sighting);
      if (++asked % AT_ONCE === 0) await setImmediate();
    }
    this.#turn = first + IN_TURN;
    this.#seen = seen;
    return seen;
  }

  /** Hidden files are left alone: a copy that is being made is hidden by custom, and so may a journal be. */
  async #names(): Promise<string[]> {
    try {
      const names = (await readdir(this.#folder)).filter((name) => !name.startsWith('.'));
      this.beyond = Math.max(0, names.length - MOST_FILES);
      return this.beyond > 0 ? names.sort().slice(0, MOST_FILES) : names;
    } catch (cause) {
      throw unreadable(this.#folder, cause);
    }
  }

  /** Null for what is no file, undefined for what is gone. */
  #sight(name: string): Sighting | null | undefined {
    let status: BigIntStats;
    try {
      const path = join(this.#folder, name);
      status = this.#followLinks ? statSync(path, { bigint: true }) : lstatSync(path, { bigint: true });
    } catch {
      return undefined;
    }
    return status.isFile() ? sightingOf(name, status) : null;
  }
}

export function sightingOf(name: string, status: BigIntStats): Sighting {
  const { dev, ino, size, mtimeMs, ctimeMs } = status;
  return { name, id: `${dev}:${ino}`, size: Number(size), modifiedMs: Number(mtimeMs), changedMs: Number(ctimeMs) };
}
