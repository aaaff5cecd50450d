/**
 * Reconnect storms: short flows that say little, one after the other, from a client to one endpoint, as of a miner that cannot
 * log in. XMRig waits 5 s before it tries again, and gives a connection 20 s.
 */
import type { Finding } from '../../../core/table.ts';
import { safeText } from '../../evidence/safe-text.ts';
import { EvidenceSource } from '../../evidence/source.ts';
import { HOST_LIMITS } from '../limits.ts';
import type { SeenFlow } from '../seen-flow.ts';
import { LatestUsed } from './latest-used.ts';
import { RecentEvents } from './recent-events.ts';
import { mayScan } from './scans.ts';

const WINDOW_SECONDS = 300;
/** Different seconds in which one began: what a browser opens side by side counts once. */
const STORM_SECONDS = 20;
const SHORT_SECONDS = 30;
/** Payload of the server: a refusal, in TLS with certificates before it. Pages are larger. */
const LITTLE_BYTES = 8192;
const WEIGHT = 0.4;
/** Where no server said a word: a client that gives up for good does not ask so often. */
const WEIGHT_UNANSWERED = 0.6;

export interface Storm {
  readonly port: number;
  /** Within five minutes; at most HOST_LIMITS.stormEvents. */
  readonly connections: number;
  /** Whether the server ever sent payload. */
  readonly isAnswered: boolean;
}

export class StormWatch {
  readonly #recent: LatestUsed<{ readonly events: RecentEvents; isAnswered: boolean }>;

  constructor(endpoints: number = HOST_LIMITS.stormEndpoints) {
    this.#recent = new LatestUsed(endpoints, () => ({
      events: new RecentEvents(HOST_LIMITS.stormEvents, WINDOW_SECONDS),
      isAnswered: false,
    }));
  }

  /** Clients and their endpoints given up for want of room. */
  get dropped(): number {
    return this.#recent.dropped;
  }

  /** Takes a flow, and says of the storm that it belongs to, if it does. */
  add(flow: SeenFlow): Storm | null {
    const { client, server, port, beganAt } = flow;
    // Who guesses passwords comes back often, too: that is a scan, and speaks of no miner.
    if (port === null || !isShort(flow) || mayScan(flow)) return null;
    const known = this.#recent.of(`${client} ${server} ${port}`);
    known.isAnswered ||= flow.bwdPayloadBytes > 0;
    const { events, keys } = known.events.add(beganAt, Math.floor(beganAt));
    return keys < STORM_SECONDS ? null : { port, connections: events, isAnswered: known.isAnswered };
  }
}

function isShort({ isTcp, isFirstPart, isLastPart, seconds, bwdPayloadBytes }: SeenFlow): boolean {
  return isTcp && isFirstPart && isLastPart && seconds <= SHORT_SECONDS && bwdPayloadBytes <= LITTLE_BYTES;
}

export function stormFinding({ port, connections, isAnswered }: Storm, server: string): Finding {
  const many = connections >= HOST_LIMITS.stormEvents ? `${HOST_LIMITS.stormEvents} or more` : String(connections);
  const answer = isAnswered ? 'short answers' : 'no answer';
  return {
    source: EvidenceSource.Host,
    finding: `Reconnect storm: ${many} short connections to port ${port} of ${safeText(server)} within 5 minutes, with ${answer}; miners that cannot log in do so, and programs that poll.`,
    weight: isAnswered ? WEIGHT : WEIGHT_UNANSWERED,
  };
}
