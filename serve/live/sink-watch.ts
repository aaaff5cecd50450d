/**
 * Looks at sinks now and then, and logs when one gets into trouble or begins to lose, and when that is over. Twice a minute and sink at
 * most, however often it comes and goes.
 */
import type { Log } from '../log.ts';
import type { Sink } from './sink.ts';

/** A sink that has been well for so long is out of trouble, ms. */
const WELL_MS = 5_000;
/** From one line that a sink is in trouble to the next, ms. */
const QUIET_MS = 60_000;
/** Why a sink loses that has no trouble of its own. */
const OVERRUN = 'items come faster than it takes them';

interface Watched {
  isInTrouble: boolean;
  /** What the sink said last of it. */
  reason: string;
  /** Whether the log says so. */
  isTold: boolean;
  /** The first and the last sign of it. */
  beganMs: number;
  lastMs: number;
  /** When it was last told of trouble. */
  toldMs: number;
  /** Times that it got into trouble since a line said so. */
  times: number;
  /** At the last look, and when an end was told. */
  dropped: number;
  droppedBefore: number;
  rowsBefore: number;
}

export class SinkWatch {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #watched: ReadonlyMap<Sink, Watched>;

  /** @param now a clock that never steps back, ms */
  constructor(sinks: readonly Sink[], log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
    this.#watched = new Map(
      sinks.map((sink) => {
        const { dropped, rows } = sink.counters;
        const nothing = { isInTrouble: false, reason: '', isTold: false, beganMs: 0, lastMs: 0, times: 0 };
        const losses = { dropped, droppedBefore: dropped, rowsBefore: rows.dropped };
        return [sink, { ...nothing, ...losses, toldMs: Number.NEGATIVE_INFINITY }];
      }),
    );
  }

  /** To be called every second or so: shorter trouble that costs nothing is nobody's business. */
  look(): void {
    for (const [sink, watched] of this.#watched) {
      const { trouble, dropped, waiting } = sink.counters;
      const isLosing = dropped > watched.dropped;
      watched.dropped = dropped;
      if (trouble === null && !isLosing) {
        if (this.#now() - watched.lastMs >= WELL_MS) this.#end(sink, watched);
      } else this.#begin(sink.name, watched, trouble, waiting);
    }
  }

  /** The last look: sinks have been drained. What nobody was told of yet is told now. */
  finish(): void {
    for (const watched of this.#watched.values()) watched.toldMs = Number.NEGATIVE_INFINITY;
    this.look();
    for (const [sink, watched] of this.#watched) this.#end(sink, watched);
  }

  #begin(sink: string, watched: Watched, trouble: string | null, waiting: number): void {
    const now = this.#now();
    if (!watched.isInTrouble) {
      watched.isInTrouble = true;
      watched.beganMs = now;
      watched.times++;
      watched.reason = OVERRUN;
    }
    watched.lastMs = now;
    if (trouble !== null) watched.reason = trouble;
    if (watched.isTold || now - watched.toldMs < QUIET_MS) return;
    const { reason, times } = watched;
    this.#log.warn({ sink, reason, waiting, times }, 'a sink is in trouble');
    watched.isTold = true;
    watched.toldMs = now;
    watched.times = 0;
  }

  #end({ name, counters }: Sink, watched: Watched): void {
    watched.isInTrouble = false;
    if (!watched.isTold) return;
    watched.isTold = false;
    const { dropped, spilled, rows } = counters;
    const [lostItems, lostRows] = [dropped - watched.droppedBefore, rows.dropped - watched.rowsBefore];
    [watched.droppedBefore, watched.rowsBefore] = [dropped, rows.dropped];
    const seconds = Math.round((watched.lastMs - watched.beganMs) / 1_000);
    const level = lostItems > 0 ? 'warn' : 'info';
    const facts = { sink: name, reason: watched.reason, seconds, lostItems, lostRows, spilled };
    this.#log[level](facts, 'the trouble of a sink is over');
  }
}
