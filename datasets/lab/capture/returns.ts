/**
 * Clients that come back: a connection ends, and a moment later the same client opens another to the same site. Miners do, when a
 * pool went away or told them to, and so does everything else that means to stay connected: one lottery for both labels.
 */
import type { Prng } from '../../../core/prng.ts';
import { type Label, SECOND_US } from '../dialogue/message.ts';
import type { ClientShape } from '../encapsulation/shapes.ts';
import type { Client, Site } from './population.ts';

/** One connection, as far as the next one of its client depends on it. Times on the clock of the capture, microseconds. */
export interface PastVisit {
  readonly site: Site;
  readonly client: Client;
  readonly shape: ClientShape;
  /** How often the client had been there before. */
  readonly visit: number;
  readonly endUs: number;
}

/** A connection that follows another. */
export interface Visit {
  readonly site: Site;
  readonly client: Client;
  /** The same program, so the same library; it may have kept a session to resume. */
  readonly shape: ClientShape;
  readonly visit: number;
  /** When it begins. */
  readonly backUs: number;
}

/** The connections of a capture after which nobody has come back yet. */
export class Visits {
  readonly #open: Record<Label, PastVisit[]> = { mining: [], other: [] };

  add(visit: PastVisit): void {
    this.#open[visit.site.dialogue.label].push(visit);
  }

  /** Takes one out at random; null when there is none. */
  take(prng: Prng, label: Label): PastVisit | null {
    const open = this.#open[label];
    const at = prng.below(open.length);
    const last = open.pop();
    if (last === undefined || at === open.length) return last ?? null;
    const taken = open[at]!;
    open[at] = last;
    return taken;
  }
}

/** Share of the connections to sites already visited that are somebody coming back; chosen. */
const RETURN_SHARE = 0.45;
/** Pause before the next attempt: five seconds is XMRig's, one to thirty the range of common back-off; chosen log-normal. */
const PAUSE_MEDIAN_US = 5 * SECOND_US;
const PAUSE_SIGMA = 1;
const PAUSE_MAX_US = 120 * SECOND_US;
/** A library that keeps sessions resumes about so often; chosen. */
const RESUMES_SHARE = 0.4;
/** Later than this part of the window there is nothing left to record. */
const LATEST_SHARE = 0.92;

/** A client that comes back after one of the visits so far; null when this connection is somebody's first. */
export function drawReturn(prng: Prng, visits: Visits, label: Label, windowUs: number): Visit | null {
  if (!prng.chance(RETURN_SHARE)) return null;
  const past = visits.take(prng, label);
  if (past === null) return null;
  const backUs = Math.round(past.endUs + Math.min(PAUSE_MAX_US, prng.logNormal(PAUSE_MEDIAN_US, PAUSE_SIGMA)));
  if (backUs > LATEST_SHARE * windowUs) return null;
  const resumes = past.shape.resumes || prng.chance(RESUMES_SHARE);
  return { site: past.site, client: past.client, shape: { ...past.shape, resumes }, visit: past.visit + 1, backUs };
}
