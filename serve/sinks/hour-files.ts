/**
 * Rows in a file for each hour of the wall clock in which they are written. Packet time would be nearer to what happened, but a
 * flow that ends late would belong to a file that readers already have. A file is hidden (`.NAME.partial`) until its hour is
 * over, and then appears whole; one that a killed process left hidden appears when the next begins, with every row that had
 * been written to it.
 */
import { mkdirSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Table } from '../../core/table.ts';
import type { CompressZstd } from '../../features/arrow/arrow-writer.ts';
import type { Compression } from '../../features/files/table-writer.ts';
import { loadZstd } from '../../features/files/zstd.ts';
import { lockFolder, unwritable } from './folder-lock.ts';
import { makeParquet } from './parquet-client.ts';
import { stampOf } from './rotated-files.ts';
import { areSame, loadArrow, withFindingsAsText } from './table-form.ts';
import { endJournal, type OpenJournal, openJournal, TableJournal } from './table-journal.ts';

export interface HourFilesOptions {
  readonly format: 'arrow' | 'parquet';
  readonly folder: string;
  /** Files are called `PREFIX-20260203T040000Z.arrow`. */
  readonly prefix: string;
  readonly compression: Compression;
  /** Of a file, ms; an hour where nothing else is asked for. */
  readonly periodMs: number;
  readonly openFile?: OpenJournal;
}

const PARTIAL = '.partial';
/** Until a file that could not be completed is tried again, ms. */
const RETRY_MS = 30_000;

export class HourFiles {
  readonly #options: HourFilesOptions;
  readonly #openFile: OpenJournal;
  readonly #unlock: () => void;
  readonly #zstd: CompressZstd | null;
  #journal: TableJournal | null = null;
  #endsAt = 0;
  /** Journals whose time is over, oldest first. */
  readonly #over: string[] = [];
  #completing: Promise<void> | null = null;
  #retryAt = 0;
  #failure: unknown = null;

  private constructor(options: HourFilesOptions, unlock: () => void, zstd: CompressZstd | null) {
    this.#options = options;
    this.#openFile = options.openFile ?? openJournal;
    this.#unlock = unlock;
    this.#zstd = zstd;
  }

  /** @throws FlowlampError OUTPUT_UNWRITABLE, OPTION_INVALID where another sink has the folder, or UNSUPPORTED without zstd */
  static async open(options: HourFilesOptions): Promise<HourFiles> {
    const { folder, compression } = options;
    await loadArrow();
    const zstd = compression === 'zstd' ? await loadZstd() : null;
    const unlock = lockFolder(folder);
    try {
      mkdirSync(folder, { recursive: true });
      const files = new HourFiles(options, unlock, zstd);
      await files.#findLeftOver();
      return files;
    } catch (error) {
      unlock();
      throw unwritable(folder, error);
    }
  }

  /** The table has been put behind the others when this settles; a killed process does not lose it then. */
  async write(table: Table): Promise<void> {
    const now = Date.now();
    // Parquet cannot be gone on with, so its journal is Arrow, of which the file is made when its time is over.
    const rows = this.#options.format === 'parquet' ? withFindingsAsText(table) : table;
    if (this.#journal !== null && (now >= this.#endsAt || !areSame(this.#journal.specs, rows.specs))) await this.#end();
    this.#journal ??= await this.#begin(now, rows);
    await this.#journal.append(rows);
  }

  async #begin(now: number, { specs }: Table): Promise<TableJournal> {
    const { periodMs } = this.#options;
    const start = Math.floor(now / periodMs) * periodMs;
    const path = await this.#newName(start);
    this.#endsAt = start + periodMs;
    return TableJournal.create(path, specs, this.#zstd, this.#openFile);
  }

  /** Where the sidecar was started anew within the hour, or the columns changed, the hour has several files. */
  async #newName(start: number): Promise<string> {
    const { folder, prefix, format } = this.#options;
    const taken = new Set(await readdir(folder));
    for (let n = 0; ; n++) {
      const name = `${prefix}-${stampOf(start)}${n === 0 ? '' : `-${n}`}.${format}`;
      const hidden = `.${name}${PARTIAL}`;
      if (!taken.has(name) && !taken.has(hidden)) return join(folder, hidden);
    }
  }

  /** When a file is due. */
  wakeAt(): number | null {
    const times = [
      ...(this.#journal === null ? [] : [this.#endsAt]),
      ...(this.#over.length === 0 || this.#completing !== null ? [] : [this.#retryAt]),
    ];
    return times.length === 0 ? null : Math.min(...times);
  }

  /** @throws what the last attempt to complete a file failed of */
  async tend(): Promise<void> {
    if (this.#journal !== null && Date.now() >= this.#endsAt) await this.#end();
    else this.#complete();
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  async #end(): Promise<void> {
    const journal = this.#journal;
    if (journal === null) return;
    this.#journal = null;
    this.#over.push(journal.path);
    await journal.close();
    this.#retryAt = 0;
    this.#complete();
  }

  /** Files are completed while the next is written. */
  #complete(): void {
    if (this.#completing !== null || this.#over.length === 0 || Date.now() < this.#retryAt) return;
    this.#completing = this.#completeAll()
      .catch((error: unknown) => {
        this.#failure = error;
        this.#retryAt = Date.now() + RETRY_MS;
      })
      .finally(() => {
        this.#completing = null;
      });
  }

  async #completeAll(): Promise<void> {
    for (let path = this.#over[0]; path !== undefined; path = this.#over[0]) {
      if (await endJournal(path, this.#openFile)) await this.#publish(path);
      else await rm(path, { force: true });
      this.#over.shift();
    }
  }

  async #publish(journal: string): Promise<void> {
    const { folder, format, compression } = this.#options;
    const path = join(folder, basename(journal).slice(1, -PARTIAL.length));
    if (format === 'arrow') return rename(journal, path);
    // Killed before the journal goes, the next run makes the same file once more.
    await makeParquet({ journal, path, compression });
    await rm(journal, { force: true });
  }

  /** Of an earlier run: journals, and what it was making of one. */
  async #findLeftOver(): Promise<void> {
    const { folder, prefix, format } = this.#options;
    for (const name of (await readdir(folder)).sort()) {
      if (!name.startsWith(`.${prefix}-`) || !name.endsWith(PARTIAL)) continue;
      if (name.endsWith(`.${format}${PARTIAL}`)) this.#over.push(join(folder, name));
      else if (/\.\d+\.partial$/.test(name)) await rm(join(folder, name), { force: true });
    }
  }

  /** Completes the file of this hour, too. @throws where that fails; the next run then does it */
  async close(): Promise<void> {
    await this.#end();
    await this.#completing;
    this.#retryAt = 0;
    this.#complete();
    await this.#completing;
    this.#unlock();
    if (this.#failure !== null) throw this.#failure;
  }
}
