/**
 * Pushes that arrive at the same moment at several clients: one pool, many miners; but venues and services of notices push
 * so, too. Each flow is compared with the latest of the same endpoint, and of all endpoints: pools of one coin learn of
 * a block at nearly the same time.
 */
import type { Finding } from '../../../core/table.ts';
import { safeText } from '../../evidence/safe-text.ts';
import { EvidenceSource } from '../../evidence/source.ts';
import { HOST_LIMITS } from '../limits.ts';
import { type Coincidence, coincidenceOf } from './coincidence.ts';
import { LatestUsed } from './latest-used.ts';
import type { PushSeries } from './pushes.ts';

/** All comparisons of a view together show this by chance once in a thousand, if pushes were independent. */
const FAMILY_SURPRISE = Math.log(1_000);
/** Not worth a place in memory: below what a single comparison needs. */
const LEAST_SURPRISE = FAMILY_SURPRISE;

const WEIGHTS = {
  /** Sizes of jobs and shares, and of one of the two flows the model leans to mining. */
  mining: 1.5,
  /** Sizes of jobs and shares alone: tickers have them, too. */
  jobs: 0.4,
  /** A broadcast of any kind. */
  any: 0.1,
} as const;

interface Meeting extends Coincidence {
  readonly of: PushSeries;
  readonly with: PushSeries;
}

interface Shared {
  /** The most surprising of each weight. */
  readonly best: Map<number, Meeting>;
  /** Clients that it shares moments with, itself not among them. */
  readonly others: Set<string>;
}

export class Synchrony {
  readonly #latest: LatestUsed<PushSeries[]>;
  readonly #everywhere: PushSeries[] = [];
  readonly #shared: LatestUsed<Shared>;
  #comparisons = 0;

  constructor(endpoints: number = HOST_LIMITS.pushEndpoints) {
    this.#latest = new LatestUsed(endpoints, () => []);
    this.#shared = new LatestUsed(HOST_LIMITS.pairsInStep, () => ({ best: new Map(), others: new Set() }));
  }

  /** Endpoints whose pushes, and pairs whose coincidences, were given up for want of room. */
  get dropped(): number {
    return this.#latest.dropped + this.#shared.dropped;
  }

  /** Flows that were compared, two at a time. */
  get comparisons(): number {
    return this.#comparisons;
  }

  add(series: PushSeries): void {
    const here = this.#latest.of(endpointOf(series));
    for (const other of here) this.#compare(series, other);
    for (const other of this.#everywhere) {
      if (endpointOf(other) !== endpointOf(series)) this.#compare(series, other);
    }
    keepLatest(here, series, HOST_LIMITS.pushFlowsOfEndpoint);
    keepLatest(this.#everywhere, series, HOST_LIMITS.pushFlows);
  }

  /** What a client and a server of its share with others; null where chance may have done it. */
  finding(client: string, server: string): Finding | null {
    const shared = this.#shared.peek(`${client} ${server}`);
    const least = FAMILY_SURPRISE + Math.log(Math.max(1, this.#comparisons));
    const passed = [...(shared?.best ?? [])].filter(([, { surprise }]) => surprise >= least);
    if (shared === undefined || passed.length === 0) return null;
    const [weight, meeting] = passed.reduce((best, each) => (each[0] > best[0] ? each : best));
    const { of, with: other, together, expected } = meeting;
    const whose = of.server === other.server ? 'the same server' : `another server, ${safeText(other.server)}`;
    const more = shared.others.size > 1 ? ` (so at ${shared.others.size} other clients)` : '';
    return {
      source: EvidenceSource.Host,
      finding:
        `Pushes of ${safeText(server)} come within 0.2 s of pushes of ${whose} to ${safeText(other.client)}${more}: ` +
        `${together} of about one size, where chance has ${inWords(expected)}; ${LIKE[weight]}.`,
      weight,
    };
  }

  #compare(one: PushSeries, another: PushSeries): void {
    if (one.client === another.client) return;
    // Always the same of the two first, so that it is no matter which came first.
    const [a, b] = one.client < another.client ? [one, another] : [another, one];
    const coincidence = coincidenceOf(a, b);
    if (coincidence === null) return;
    this.#comparisons++;
    if (coincidence.surprise < LEAST_SURPRISE) return;
    this.#keep({ ...coincidence, of: a, with: b });
    this.#keep({ ...coincidence, of: b, with: a });
  }

  #keep(meeting: Meeting): void {
    const { of, with: other, surprise } = meeting;
    const { best, others } = this.#shared.of(`${of.client} ${of.server}`);
    if (others.size < HOST_LIMITS.servers) others.add(other.client);
    const weight = weightOf(of, other);
    if (surprise > (best.get(weight)?.surprise ?? 0)) best.set(weight, meeting);
  }
}

const LIKE: Readonly<Record<number, string>> = {
  [WEIGHTS.mining]: 'as a pool sends jobs, and one of these flows behaves as mining does',
  [WEIGHTS.jobs]: 'as a pool sends jobs, and a ticker prices',
  [WEIGHTS.any]: 'a broadcast, of other sizes than jobs have',
};

/** One flow that behaves as mining does speaks for those that hear the same at the same moments. */
function weightOf(of: PushSeries, other: PushSeries): number {
  if (!of.isJobLike) return WEIGHTS.any;
  return of.leansToMining || (other.isJobLike && other.leansToMining) ? WEIGHTS.mining : WEIGHTS.jobs;
}

function inWords(expected: number): string {
  return expected < 0.01 ? 'less than 0.01' : expected.toFixed(2);
}

function endpointOf({ server, port }: PushSeries): string {
  return `${server} ${port}`;
}

function keepLatest(list: PushSeries[], series: PushSeries, most: number): void {
  list.push(series);
  if (list.length > most) list.shift();
}
