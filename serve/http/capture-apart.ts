/**
 * The rows of a capture that was posted. One packet can end as many flows as are held, and then there are as many rows to make: so
 * flows are followed in a thread, and come back in blocks of shared memory, of which rows are made here a few at a time. Live packets
 * are judged in between.
 */
import { existsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { packTable } from '../../core/copy-table.ts';
import { assertNever, type ErrorCode, type ErrorParts, FlowlampError } from '../../core/errors.ts';
import type { Table } from '../../core/table.ts';
import type { Damage } from '../../features/capture/decoder.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { BLOCK_BYTES, FlowBlock } from '../../features/flow/flow-block.ts';
import { returnCredit } from '../../features/flow/shared-blocks.ts';
import { FlowRows } from '../../features/vector/rows.ts';
import { BodyFlows } from './body-flows.ts';
import { FIXED_LIMITS } from './limits.ts';

/** What the thread is born with: blocks, and how many of them it may still fill. */
export interface CaptureOrder {
  readonly name: string;
  readonly blocks: readonly SharedArrayBuffer[];
  readonly credits: Int32Array;
}

export type CapturePiece = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'end' };

export type CaptureReport =
  /** All flows of what it had were handed on: it wants the next piece. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'flows'; readonly block: number; readonly flows: number }
  | { readonly kind: 'done'; readonly damage: Damage }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly parts: ErrorParts };

/** The thread's program, beside this one when compiled, and beside the bundle when bundled. */
const THREAD_FILE = new URL('./body-thread.js', import.meta.url);

/**
 * Where the sources run as they are, without having been compiled, there is no program for a thread, and all of it is read in this one.
 *
 * @param name written into the column `capture`, and what to call the capture in errors
 * @param pieces its bytes, unpacked; each is borrowed until the next is asked for
 * @param file the program of the thread
 * @returns yields tables of at most FIXED_LIMITS.rowsPerTurn rows; at the end, how the capture was damaged
 * @throws FlowlampError as captureTables, and whatever `pieces` throws
 */
export async function* tablesApart(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  file: URL = THREAD_FILE,
): AsyncGenerator<Table, Damage> {
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    const { head, isAll } = await beginning(iterator);
    const hasThread = file.protocol === 'file:' && existsSync(fileURLToPath(file));
    if (isAll || !hasThread) return yield* tablesHere(name, head, iterator);
    return yield* tablesOfThread(name, head, iterator, file);
  } finally {
    await iterator.return?.();
  }
}

/** The first bytes, copied: of a short capture all. */
async function beginning(pieces: AsyncIterator<Uint8Array>): Promise<{ head: Uint8Array; isAll: boolean }> {
  // Copies, since a slice of a Buffer is none, and memory of its own, since it may be handed to the thread.
  const held: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= FIXED_LIMITS.shortCapture) {
    const next = await pieces.next();
    if (next.done === true) return { head: new Uint8Array(Buffer.concat(held)), isAll: true };
    held.push(new Uint8Array(next.value));
    bytes += next.value.length;
  }
  return { head: new Uint8Array(Buffer.concat(held)), isAll: false };
}

async function* tablesHere(
  name: string,
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Table, Damage> {
  const given: FlowBlock[] = [];
  const flows = new BodyFlows(name, { take: () => new FlowBlock(), give: (block) => void given.push(block) });
  const rows = new BlockRows(name);
  for (let piece: Uint8Array | null = head; piece !== null; ) {
    if (piece.length > 0) flows.write(piece);
    for (const block of given.splice(0)) yield* rows.tablesOf(block);
    const next: IteratorResult<Uint8Array> = await rest.next();
    piece = next.done === true ? null : next.value;
  }
  const damage = flows.finish();
  for (const block of given.splice(0)) yield* rows.tablesOf(block);
  return damage;
}

async function* tablesOfThread(
  name: string,
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  file: URL,
): AsyncGenerator<Table, Damage> {
  const memory = Array.from({ length: FIXED_LIMITS.captureBlocks }, () => new SharedArrayBuffer(BLOCK_BYTES));
  const blocks = memory.map((shared) => new FlowBlock(shared));
  const credits = new Int32Array(new SharedArrayBuffer(4)).fill(blocks.length);
  const rows = new BlockRows(name);
  // None of the process's own options, of which a thread refuses some.
  const worker = new Worker(file, {
    workerData: { name, blocks: memory, credits } satisfies CaptureOrder,
    execArgv: [],
  });
  const reports = new Reports(worker);
  let piece: Uint8Array | null = head;
  try {
    for (;;) {
      const report = await reports.next();
      switch (report.kind) {
        case 'ready': {
          if (piece === null) {
            const next: IteratorResult<Uint8Array> = await rest.next();
            piece = next.done === true ? null : new Uint8Array(next.value);
          }
          const order: CapturePiece = piece === null ? { kind: 'end' } : { kind: 'bytes', bytes: piece };
          worker.postMessage(order, piece === null ? [] : [piece.buffer as ArrayBuffer]);
          piece = null;
          break;
        }
        case 'flows': {
          const block = blocks[report.block]!;
          block.count = report.flows;
          yield* rows.tablesOf(block);
          returnCredit(credits);
          break;
        }
        case 'done':
          return report.damage;
        case 'refused':
          throw new FlowlampError(report.code, report.parts);
        default:
          assertNever(report);
      }
    }
  } finally {
    await worker.terminate();
  }
}

/** Rows of blocks, a table for some of them at a time. */
class BlockRows {
  readonly #rows: FlowRows;
  readonly #made: Table[] = [];

  constructor(name: string) {
    const receive = (batch: Table) => void this.#made.push(packTable(batch));
    this.#rows = new FlowRows(name, nodeDigests, receive, {}, FIXED_LIMITS.rowsPerTurn);
  }

  async *tablesOf(block: FlowBlock): AsyncGenerator<Table> {
    for (let from = 0; from < block.count; from += FIXED_LIMITS.rowsPerTurn) {
      this.#rows.append(block, from, Math.min(block.count, from + FIXED_LIMITS.rowsPerTurn));
      this.#rows.flush();
      yield* this.#made.splice(0);
      await turn();
    }
  }
}

/** What a thread says, one after the other. */
class Reports {
  readonly #waiting: CaptureReport[] = [];
  #failure: Error | null = null;
  #wake: () => void = () => undefined;

  constructor(worker: Worker) {
    worker.on('message', (report: CaptureReport) => {
      this.#waiting.push(report);
      this.#wake();
    });
    const fail = (cause: Error) => {
      this.#failure ??= cause;
      this.#wake();
    };
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`the thread that reads a capture ended with ${code}`)));
  }

  async next(): Promise<CaptureReport> {
    for (;;) {
      const report = this.#waiting.shift();
      if (report !== undefined) return report;
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
