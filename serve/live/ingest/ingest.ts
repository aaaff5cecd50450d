/** Packets in another thread, rows in this one: what the sidecar judges, in order, as it comes. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { packTable } from '../../../core/copy-table.ts';
import { assertNever, ErrorCode, FlowlampError } from '../../../core/errors.ts';
import type { Table } from '../../../core/table.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { BLOCK_BYTES, FlowBlock } from '../../../features/flow/flow-block.ts';
import { returnCredit } from '../../../features/flow/shared-blocks.ts';
import type { FlowOptions } from '../../../features/flow-extractor.ts';
import { FlowRows } from '../../../features/vector/rows.ts';
import type { FlowKey, VerdictFacts } from '../../keep/keep-request.ts';
import type { EvidenceBundle, KeeperOptions } from '../../keep/packet-keeper.ts';
import type { SourceConfig } from '../../sources/config.ts';
import type { SourceNews } from '../source.ts';
import {
  INGEST_BLOCKS,
  type IngestCounters,
  type IngestData,
  type IngestOrder,
  type IngestReport,
} from './messages.ts';

export interface IngestHandlers {
  /**
   * Rows, in the order in which flows end or are looked at; the table is the receiver's to keep. Reading waits where too many
   * calls are unsettled.
   *
   * @param readAtMs when the packets that made them were read at the earliest (Date.now)
   */
  rows(table: Table, readAtMs: number): Promise<void>;
  news(news: SourceNews): void;
  counters(counters: IngestCounters): void;
  /** Packets of a flow that were asked for. */
  bundle(bundle: EvidenceBundle): void;
  /** No more packets come: what follows are rows of flows that lived. */
  ending(hasFailed: boolean): void;
  /** The source is over and all rows were taken; when it settles, the source may forget what it brought. */
  over(): Promise<void>;
}

export interface IngestSettings {
  readonly source: SourceConfig;
  /** What rows call the capture. */
  readonly name: string;
  readonly flows: FlowOptions;
  /** Null where no packets are kept. */
  readonly keep: KeeperOptions | null;
}

/** The thread's program, beside this one when compiled, and beside the bundle when bundled. */
const THREAD_FILE = new URL('./ingest-thread.js', import.meta.url);

export class Ingest {
  readonly #worker: Worker;
  readonly #credits = new Int32Array(new SharedArrayBuffer(4)).fill(INGEST_BLOCKS);
  readonly #blocks: readonly FlowBlock[];
  readonly #rows: FlowRows;
  readonly #handlers: IngestHandlers;
  /** Rows of the block at hand, made by the call of `append`. */
  readonly #made: Table[] = [];
  #working: Promise<void> = Promise.resolve();
  /** True once the source has given flows, or told of itself while it ran: then it could be had. */
  hasRun = false;
  #isEnding = false;
  /** Settles when the source is over and all its rows were taken; throws what ended it otherwise. */
  readonly done: Promise<void>;

  /** @param file the program of the thread */
  constructor({ source, name, flows, keep }: IngestSettings, handlers: IngestHandlers, file: URL = THREAD_FILE) {
    if (file.protocol !== 'file:' || !existsSync(fileURLToPath(file))) throw notBuilt();
    const memory = Array.from({ length: INGEST_BLOCKS }, () => new SharedArrayBuffer(BLOCK_BYTES));
    const workerData: IngestData = { source, flows, keep, blocks: memory, credits: this.#credits };
    this.#handlers = handlers;
    this.#blocks = memory.map((shared) => new FlowBlock(shared));
    this.#rows = new FlowRows(name, nodeDigests, (batch) => this.#made.push(packTable(batch)), flows);
    // A pipe that the thread opens is closed by its socket, of which Node's list of open files does not hear: at the end of the
    // thread it would close whatever has that number by then, such as the file of a sink.
    this.#worker = new Worker(file, { workerData, trackUnmanagedFds: false });
    this.done = this.#listen();
    // Whoever started it hears of it; until then it is no accident.
    this.done.catch(() => undefined);
  }

  /** Ends the source; what its flows were is handed on before `done` settles. */
  stop(): void {
    this.#order({ kind: 'stop' });
  }

  /** The packets of a flow are to be kept. */
  keep(flow: FlowKey, facts: VerdictFacts): void {
    this.#order({ kind: 'keep', flow, facts });
  }

  /** Ends the thread, whatever it does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#worker.on('message', (report: IngestReport) => this.#take(report, resolve, reject));
      // What was handed over before is judged first.
      const fail = (error: unknown) => void this.#working.finally(() => reject(error));
      this.#worker.on('error', fail);
      this.#worker.on('exit', () => fail(ended()));
    });
  }

  #take(report: IngestReport, resolve: () => void, reject: (error: unknown) => void): void {
    // Of a source that could not be had there are counters, too: its last.
    if (report.kind === 'flows' || (report.kind === 'counters' && !this.#isEnding)) this.hasRun = true;
    switch (report.kind) {
      case 'flows':
        this.#working = this.#working
          .then(() => this.#append(report.block, report.flows, report.readAtMs))
          .catch(reject);
        break;
      case 'news':
        this.#handlers.news(report.news);
        break;
      case 'counters':
        this.#handlers.counters(report.counters);
        break;
      case 'bundle':
        this.#handlers.bundle(report.bundle);
        break;
      case 'ending':
        this.#isEnding = true;
        this.#handlers.ending(report.hasFailed);
        break;
      case 'over':
        this.#handlers.counters(report.counters);
        void this.#working
          .then(() => (report.hasFailed ? undefined : this.#handlers.over()))
          .then(() => this.#order({ kind: 'judged' }))
          .catch(reject);
        break;
      case 'done':
        this.#handlers.counters(report.counters);
        void this.#working.then(resolve, reject);
        break;
      case 'refused':
        void this.#working.finally(() => reject(new FlowlampError(report.code, report.parts)));
        break;
      case 'broken':
        void this.#working.finally(() => reject(report.error));
        break;
      default:
        assertNever(report);
    }
  }

  async #append(turn: number, flows: number, readAtMs: number): Promise<void> {
    const block = this.#blocks[turn]!;
    block.count = flows;
    this.#rows.append(block);
    this.#rows.flush();
    const tables = this.#made.splice(0);
    // The block is free, but the next one comes only when these rows are judged: that is the whole queue.
    for (const table of tables) await this.#handlers.rows(table, readAtMs);
    returnCredit(this.#credits);
  }

  #order(order: IngestOrder): void {
    this.#worker.postMessage(order);
  }
}

function notBuilt(): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: 'the thread that reads packets has no program: the sources run without having been compiled',
    expected: 'dist/',
    action: 'run npm run build',
  });
}

function ended(): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: 'the thread that reads packets ended by itself',
    expected: 'it to run until it is stopped',
    action: 'look for the reason in the log before; memory may have run out',
  });
}
