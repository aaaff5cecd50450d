/**
 * The fourth stage: sessions played in the order in which they begin, their packets merged into one stream in time order.
 * What is earlier than the beginning of every session that still plays is final and handed on at once, so that a recording
 * holds the packets of sessions that overlap and no more.
 */
import type { Frames } from '../transport/frames.ts';

/** Sessions in flight at once: hides the event-loop turns that each TLS message costs. */
const CONCURRENCY = 16;

export interface Recordable {
  /** No packet of the session is earlier, microseconds on the clock of the capture. */
  readonly startUs: number;
  /** Frames that the capture keeps, in time order. */
  play(): Promise<Frames>;
}

/**
 * Plays every session and hands on all frames in time order; at equal times those of the session that is named first.
 *
 * @param receive called for each frame, whose bytes it copies, with the number of its session
 * @param onPlayed called as each session is over
 */
export async function record(
  sessions: readonly Recordable[],
  receive: (atUs: number, frame: Uint8Array, session: number) => void,
  onPlayed: (session: number) => void = () => undefined,
): Promise<void> {
  const order = sessions.map((_, i) => i).sort((a, b) => sessions[a]!.startUs - sessions[b]!.startUs || a - b);
  const over = new Uint8Array(sessions.length);
  const merge = new Merge();
  let next = 0;
  let unfinished = 0;
  const worker = async () => {
    for (let at = next++; at < order.length; at = next++) {
      const session = order[at]!;
      merge.add(session, await sessions[session]!.play());
      over[at] = 1;
      onPlayed(session);
      while (over[unfinished] === 1) unfinished++;
      const rest = order[unfinished];
      merge.drain(rest === undefined ? Number.POSITIVE_INFINITY : sessions[rest]!.startUs, receive);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, order.length) }, worker));
}

/** One session's frames that are still to be handed on. */
interface Cursor {
  readonly session: number;
  readonly frames: Frames;
  at: number;
  atUs: number;
}

/** A binary heap of sessions by the time of their next frame. */
class Merge {
  readonly #heap: Cursor[] = [];

  add(session: number, frames: Frames): void {
    if (frames.count === 0) return;
    const heap = this.#heap;
    heap.push({ session, frames, at: 0, atUs: frames.timesUs[0]! });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!before(heap[i]!, heap[parent]!)) break;
      swap(heap, i, parent);
      i = parent;
    }
  }

  /** Hands on everything before a time. */
  drain(untilUs: number, receive: (atUs: number, frame: Uint8Array, session: number) => void): void {
    const heap = this.#heap;
    for (let head = heap[0]; head !== undefined && head.atUs < untilUs; head = heap[0]) {
      const { frames, session } = head;
      receive(head.atUs, frames.frame(head.at), session);
      if (++head.at < frames.count) head.atUs = frames.timesUs[head.at]!;
      else {
        const last = heap.pop()!;
        if (heap.length > 0) heap[0] = last;
      }
      this.#sink();
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      }
      if (least === i) return;
      swap(heap, i, least);
      i = least;
    }
  }
}

const before = (a: Cursor, b: Cursor) => a.atUs < b.atUs || (a.atUs === b.atUs && a.session < b.session);

function swap(heap: Cursor[], i: number, j: number): void {
  const held = heap[i]!;
  heap[i] = heap[j]!;
  heap[j] = held;
}
