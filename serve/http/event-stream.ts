/**
 * Server-sent events. Each reader has a place in the ring of verdicts and is given what comes after it, as fast as it takes it:
 * nothing is queued for it but what its connection holds. One that is too slow falls out of the ring, and is disconnected.
 */
import type { ServerResponse } from 'node:http';
import { FIXED_LIMITS, type HttpLimits } from './limits.ts';
import { Media } from './media.ts';
import { busy } from './refusal.ts';
import type { RecentFilter, RecentRow, VerdictRing } from './verdict-ring.ts';

export class EventStreams {
  readonly #ring: VerdictRing;
  readonly #limits: HttpLimits;
  readonly #open = new Set<EventStream>();
  readonly #unsubscribe: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #isClosed = false;
  #isNews = false;

  constructor(ring: VerdictRing, limits: HttpLimits) {
    this.#ring = ring;
    this.#limits = limits;
    this.#unsubscribe = ring.onPush(() => this.#tell());
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#open) stream.beat();
    }, limits.heartbeatMs);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws Refusal 503 where one more would be too many */
  checkRoom(): void {
    if (this.#isClosed || this.#open.size >= this.#limits.subscribers) {
      throw busy(`${this.#open.size} event streams are open already`, 30);
    }
  }

  /**
   * Takes over a response.
   *
   * @param after the number of the last row that the reader has seen; null for one that wants what is yet to come
   */
  start(
    response: ServerResponse,
    headers: Readonly<Record<string, string>>,
    filter: RecentFilter,
    after: number | null,
  ): void {
    response.writeHead(200, { ...headers, 'content-type': Media.EventStream });
    const stream = new EventStream(response, this.#ring, filter, after, this.#limits.subscriberStallMs);
    this.#open.add(stream);
    response.once('close', () => {
      stream.stop();
      this.#open.delete(stream);
    });
    stream.begin();
  }

  close(): void {
    this.#isClosed = true;
    this.#unsubscribe();
    clearInterval(this.#heartbeat);
    for (const stream of this.#open) stream.end();
  }

  /** Whoever brings rows is not kept: readers hear of them in the next turn of the event loop. */
  #tell(): void {
    if (this.#isNews || this.#open.size === 0) return;
    this.#isNews = true;
    setImmediate(() => {
      this.#isNews = false;
      for (const stream of this.#open) stream.pump();
    });
  }
}

/** Rows that are looked at in one turn. */
const LOOKED = 256;

class EventStream {
  readonly #response: ServerResponse;
  readonly #ring: VerdictRing;
  readonly #filter: RecentFilter;
  readonly #stallMs: number;
  /** The number of the last row that was looked at. */
  #at: number;
  #hasGap: boolean;
  #isFull = false;
  #isOver = false;
  #isDue = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(
    response: ServerResponse,
    ring: VerdictRing,
    filter: RecentFilter,
    after: number | null,
    stallMs: number,
  ) {
    this.#response = response;
    this.#ring = ring;
    this.#filter = filter;
    this.#stallMs = stallMs;
    this.#at = Math.min(after ?? ring.newest, ring.newest);
    this.#hasGap = this.#at + 1 < ring.oldest;
  }

  begin(): void {
    const { oldest } = this.#ring;
    // What is between the two is told of: who counts must know that something is missing.
    if (this.#hasGap) this.#write(`event: gap\ndata: {"after":${this.#at},"oldest":${oldest}}\n\n`);
    else this.#write(': hello\n\n');
    if (this.#hasGap) this.#at = oldest - 1;
    this.pump();
  }

  /** Gives what there is, as much as the reader takes. */
  pump(): void {
    this.#isDue = false;
    if (this.#isOver) return;
    if (this.#at + 1 < this.#ring.oldest) {
      // Too slow: what it has not taken is gone.
      this.#response.destroy();
      return;
    }
    if (this.#isFull) return;
    const { rows, upTo } = this.#ring.next(this.#filter, this.#at, LOOKED);
    for (const row of rows) {
      this.#write(eventOf(row));
      this.#at = row.sequence;
      if (this.#response.writableLength > FIXED_LIMITS.subscriberBytes) {
        this.#waitForReader();
        return;
      }
    }
    this.#at = upTo;
    if (this.#at < this.#ring.newest) this.#pumpLater();
  }

  beat(): void {
    if (!this.#isFull && !this.#isOver) this.#write(': still here\n\n');
  }

  end(): void {
    this.stop();
    this.#response.end();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#stall);
  }

  #write(text: string): void {
    this.#response.write(text);
  }

  #pumpLater(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.pump());
  }

  #waitForReader(): void {
    this.#isFull = true;
    this.#stall = setTimeout(() => this.#response.destroy(), this.#stallMs);
    this.#response.once('drain', () => {
      clearTimeout(this.#stall);
      this.#isFull = false;
      this.#pumpLater();
    });
  }
}

/** JSON has no line ends, so it is one line. */
function eventOf(row: RecentRow): string {
  return `id: ${row.sequence}\nevent: ${row.kind}\ndata: ${row.json()}\n\n`;
}
