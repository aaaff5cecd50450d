/**
 * `--jobs N`: captures read in threads, and handed on in the order of the inputs, so that what is written is the same
 * for every N. Of several captures each is read in a thread of its own, down to rows; a single one, and several in which
 * flows go on from one to the next, are split: one thread reads packets and follows flows, and this one makes rows of the
 * flows that have ended. A thread may have a few batches waiting for their turn, and then blocks until one is taken:
 * memory is bounded, however many rows a capture gives.
 */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { FlowlampError } from '../../core/errors.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import type { ExtractOptions } from '../../features/extractor.ts';
import { BLOCK_BYTES, FlowBlock } from '../../features/flow/flow-block.ts';
import { type BatchReceiver, FlowRows } from '../../features/vector/rows.ts';
import { extractOptions, type ReadingOptions } from '../options.ts';
import { type CaptureSupply, CapturesHere } from './capture-supply.ts';
import { type JobThread, jobThread, WORTH_BYTES } from './job-thread.ts';
import { Mailbox } from './mailbox.ts';
import { WAITING } from './messages.ts';

/** Threads started without being asked for: each may hold as many flows as --max-flows says. */
const MOST_UNASKED = 4;

/**
 * Starts reading captures in threads, or returns null where each is read here.
 *
 * @param isCapture which regular files are captures; all without it
 */
export function openJobs(
  files: readonly string[],
  options: ReadingOptions,
  isCapture: (path: string) => boolean = () => true,
): CaptureSupply | null {
  // Standard input and pipes can be read only once, and only here.
  const sizes = new Map<string, number>();
  for (const file of files) {
    const status = statSync(file, { throwIfNoEntry: false });
    if (status?.isFile() === true && isCapture(file)) sizes.set(file, status.size);
  }
  const captures = files.filter((file) => sizes.has(file));
  const bytes = captures.reduce((sum, file) => sum + sizes.get(file)!, 0);
  const unasked = bytes < WORTH_BYTES ? 1 : Math.min(availableParallelism(), MOST_UNASKED);
  const jobs = options.jobs ?? unasked;
  const goesOn = options.continue === true;
  const isHere = jobs === 1 || captures.length < (goesOn ? files.length : 1);
  if (!isHere) return new CaptureJobs(captures, jobs, extractOptions(options), goesOn);
  return goesOn ? new CapturesHere(files as [string, ...string[]], extractOptions(options)) : null;
}

class CaptureJobs implements CaptureSupply {
  readonly #paths: readonly string[];
  readonly #options: ExtractOptions;
  readonly #mailboxes: Mailbox[];
  readonly #threads: JobThread[];
  /** Whether flows go on from one capture to the next. */
  readonly #goesOn: boolean;
  /** What the flows of split captures come in, and become rows by; null where threads make the rows. */
  readonly #memory: readonly SharedArrayBuffer[] | null;
  readonly #rows: FlowRows | null;
  #receive: BatchReceiver = () => undefined;
  /** How many captures have been given to threads, and taken by the caller. */
  #given = 0;
  #taken = 0;

  constructor(paths: readonly string[], jobs: number, options: ExtractOptions, goesOn: boolean) {
    this.#paths = paths;
    this.#options = options;
    this.#goesOn = goesOn;
    const isSplit = goesOn || paths.length === 1;
    this.#memory = isSplit ? Array.from({ length: WAITING }, () => new SharedArrayBuffer(BLOCK_BYTES)) : null;
    this.#rows = isSplit ? new FlowRows(paths[0]!, nodeDigests, (batch) => this.#receive(batch), options) : null;
    this.#mailboxes = paths.map(() => new Mailbox());
    this.#threads = Array.from({ length: isSplit ? 1 : Math.min(jobs, paths.length) }, () => jobThread());
    for (const thread of this.#threads) this.#giveNext(thread);
  }

  has(path: string): boolean {
    return this.#paths[this.#taken] === path;
  }

  async *pieces(path: string, receive: BatchReceiver): AsyncGenerator<number, CaptureSummary> {
    if (!this.has(path)) throw new Error(`${path} is not the next capture`);
    const rows = this.#rows;
    this.#receive = receive;
    if (this.#taken > 0) rows?.nextCapture(path);
    const mailbox = this.#mailboxes[this.#taken++]!;
    const blocks = this.#memory?.map((shared) => new FlowBlock(shared)) ?? [];
    for (;;) {
      const { thread, report } = await mailbox.take();
      switch (report.kind) {
        case 'rows':
          receive({ specs: report.specs, columns: report.columns, length: report.rows });
          yield report.bytes;
          thread.credit();
          break;
        case 'flows': {
          const block = blocks[report.block]!;
          block.count = report.flows;
          rows!.append(block);
          thread.credit();
          yield report.bytes;
          break;
        }
        case 'done':
          if (this.#taken === this.#paths.length) rows?.flush();
          return report.summary;
        case 'refused':
          throw new FlowlampError(report.code, report.parts);
        case 'broken':
          throw report.error;
      }
    }
  }

  flush(): void {}

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  #giveNext(thread: JobThread): void {
    const path = this.#paths[this.#given];
    const mailbox = this.#mailboxes[this.#given];
    if (path === undefined || mailbox === undefined) return;
    this.#given++;
    const goesOn = this.#goesOn && this.#given < this.#paths.length;
    thread.read({ path, options: this.#options, blocks: this.#memory, goesOn }, (report) => {
      if (report.kind === 'done' || report.kind === 'refused') this.#giveNext(thread);
      mailbox.put({ thread, report });
    });
  }
}
