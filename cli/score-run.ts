/** A scoring run at work: reads its inputs one after the other, has them judged, and notes those that are done. */
import { packTable } from '../core/copy-table.ts';
import type { ColumnSpec, Table } from '../core/table.ts';
import { isPipe } from '../features/capture/input.ts';
import { type SourceKind, sourceKind } from '../features/files/flow-source.ts';
import { readTable, type TableKind } from '../features/files/table-reader.ts';
import type { ExtractCounters } from '../features/flow-extractor.ts';
import { FEATURES } from '../features/vector/schema.ts';
import type { Scorer } from '../serve/engine.ts';
import { readCapture } from './captures.ts';
import { commandLine } from './command-line.ts';
import type { Console } from './console.ts';
import { refuseTable } from './continued.ts';
import type { CaptureSupply } from './jobs/capture-supply.ts';
import { counted } from './numbers.ts';
import type { ReadingOptions } from './options.ts';
import type { RunProgress } from './run-progress.ts';
import type { ScoreJournal } from './score-journal.ts';
import { breathe, onStop } from './signals.ts';
import type { VerdictSink } from './verdict-sink.ts';
import type { VerdictTally } from './verdict-tally.ts';

export interface RunParts {
  readonly files: readonly string[];
  /** Of those that are no pipes. */
  readonly kinds: ReadonlyMap<string, SourceKind>;
  readonly options: ReadingOptions;
  readonly out: Console;
  readonly scorer: Scorer;
  readonly sink: VerdictSink;
  readonly jobs: CaptureSupply | null;
  /** Null where nothing can be gone on with. */
  readonly journal: ScoreJournal | null;
  readonly tally: VerdictTally;
  readonly progress: RunProgress;
}

export class ScoreRun {
  readonly #parts: RunParts;
  /** Of the captures read, those of the run before included. */
  readonly captures: { readonly counters: ExtractCounters }[];

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.captures = (parts.journal?.counters ?? []).map((counters) => ({ counters }));
  }

  /** @param first the input to begin with: those before it are done */
  async readAll(first: number): Promise<void> {
    const { files, kinds, options, tally } = this.#parts;
    if (first > 0) this.#sayOnStop();
    try {
      for (const [index, file] of files.entries()) {
        if (index < first) continue;
        const kind = kinds.get(file) ?? (await sourceKind(file));
        refuseTable(file, kind, options);
        const counters = kind === 'capture' ? await this.#readCapture(file, index) : null;
        if (kind !== 'capture') await this.#readTable(file, kind, index);
        if (options.continue !== true) tally.endInput();
        this.#note(counters);
      }
    } finally {
      this.#parts.out.endProgress();
      onStop(null);
    }
  }

  async #readCapture(file: string, index: number): Promise<ExtractCounters> {
    const { options, out, jobs, progress, sink } = this.#parts;
    // Batches are lent while packets are read; the model runs between pieces, so they are copied and wait.
    const waiting: Table[] = [];
    const catchUp = async (isIdle: boolean) => {
      for (const table of waiting.splice(0)) await this.#take(file, FEATURES, table);
      if (isIdle) sink.flush();
    };
    const receive = (batch: Table) => void waiting.push(packTable(batch));
    const hooks = { catchUp, isLive: sink.isLive };
    const { counters } = await readCapture(file, progress.capture(index), options, receive, out, hooks, jobs);
    this.captures.push({ counters });
    return counters;
  }

  async #readTable(file: string, kind: TableKind, index: number): Promise<void> {
    const { out, progress, sink } = this.#parts;
    const read = { packedBytes: 0 };
    const text = progress.table(index);
    const isLive = sink.isLive && isPipe(file);
    let rows = 0;
    const receive = async (table: Table, specs: readonly ColumnSpec[]) => {
      await this.#take(file, specs, table);
      rows += table.length;
      out.progress(text(read.packedBytes, rows));
      await breathe();
      if (isLive) sink.flush();
    };
    await readTable(file, kind, receive, undefined, read);
  }

  async #take(file: string, specs: readonly ColumnSpec[], table: Table): Promise<void> {
    const { scorer, sink, tally } = this.#parts;
    const verdicts = await scorer.score(file, specs, table);
    tally.add(table, verdicts);
    await sink.write(specs, table, verdicts);
  }

  #note(counters: ExtractCounters | null): void {
    const { journal, sink, tally } = this.#parts;
    if (journal?.wantsMore !== true) return;
    journal.note({ output: sink.checkpoint(), tally: tally.state(), counters });
    this.#sayOnStop();
  }

  /** From now on a signal leaves what was done, and says how to go on. */
  #sayOnStop(): void {
    const { out, journal, files } = this.#parts;
    onStop(() => {
      const words = process.argv.slice(2).filter((word) => word !== '--resume');
      const again = commandLine([...words, '--resume']);
      out.say(`stopped after ${journal?.done ?? 0} of ${counted(files.length, 'input')}; to go on: ${again}`);
    });
  }
}
