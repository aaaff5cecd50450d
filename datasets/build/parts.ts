/**
 * What a build has extracted so far: a table per capture in a folder beside the output, so that a build that was stopped
 * goes on where it was. Labels are given later, when the parts are joined: a corrected rule costs no new extraction.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ColumnSpec } from '../../core/table.ts';
import { unreadable } from '../../features/capture/input.ts';
import { writeTextFile } from '../../features/files/output.ts';
import type { ManifestCapture } from '../manifest/manifest.ts';

/** What is known of a capture once it has been read. */
export interface CaptureFacts {
  readonly sha256: string;
  readonly bytes: number;
  readonly format: string;
  readonly linkTypes: readonly number[];
  /** Largest snapshot length, 0 for none. */
  readonly snapLength: number;
  readonly packets: number;
  /** Packets of which less was captured than was on the wire. */
  readonly cutPackets: number;
  readonly flows: number;
  readonly rows: number;
}

export class Parts {
  readonly folder: string;
  readonly #settings: string;

  /**
   * @param output the table that is built
   * @param settings whatever decides how captures become rows: parts made otherwise are not used
   */
  constructor(output: string, settings: unknown, specs: readonly ColumnSpec[]) {
    this.folder = `${output}.parts`;
    const columns = specs.map(({ name, type, revision }) => [name, type, revision]);
    this.#settings = JSON.stringify([settings, columns]);
  }

  /** The table of a capture: its name changes with the file and with how it is read. */
  tableOf({ path }: ManifestCapture): string {
    let status: { size: number; mtimeMs: number };
    try {
      status = statSync(path);
    } catch (cause) {
      throw unreadable(path, cause);
    }
    const text = JSON.stringify([resolve(path), status.size, status.mtimeMs, this.#settings]);
    return join(this.folder, `${createHash('sha256').update(text).digest('hex').slice(0, 24)}.arrow`);
  }

  /** What is known of a capture that was read before, null if it was not. */
  factsOf(capture: ManifestCapture): CaptureFacts | null {
    const table = this.tableOf(capture);
    const facts = `${table}.json`;
    if (!existsSync(table) || !existsSync(facts)) return null;
    return JSON.parse(readFileSync(facts, 'utf8')) as CaptureFacts;
  }

  /** To be called when the table is whole: from here on the capture counts as read. */
  keep(capture: ManifestCapture, facts: CaptureFacts): void {
    writeTextFile(`${this.tableOf(capture)}.json`, `${JSON.stringify(facts)}\n`);
  }

  make(): void {
    mkdirSync(this.folder, { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Lowercase hexadecimal SHA-256 of a file. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return hash.digest('hex');
}
