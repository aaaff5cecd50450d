/** Entries by key, so many at most: when there is no more room, the least risky are given up, and counted. */
import { smallestFirst } from '../../core/smallest-first.ts';
import { byRisk, HostEntry } from './entry.ts';
import { HOST_LIMITS } from './limits.ts';
import type { SeenFlow } from './seen-flow.ts';

export class HeldEntries {
  readonly #most: number;
  readonly #isPair: boolean;
  readonly #entries = new Map<string, HostEntry>();
  /** Entries given up. One that is seen again begins anew. */
  dropped = 0;
  /** Rows that those had counted. */
  droppedRows = 0;

  constructor(most: number, isPair: boolean) {
    this.#most = most;
    this.#isPair = isPair;
  }

  entryFor(key: string, flow: SeenFlow): HostEntry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#most) this.#giveUp();
    const entry = new HostEntry(flow, this.#isPair);
    this.#entries.set(key, entry);
    return entry;
  }

  /** The riskiest first; all, or those of some clients. */
  sorted(clients: ReadonlySet<string> | null = null): HostEntry[] {
    const entries = [...this.#entries.values()];
    return (clients === null ? entries : entries.filter(({ client }) => clients.has(client))).sort(byRisk);
  }

  /** While rows wait: sorting tens of thousands takes a hundred milliseconds. */
  #giveUp(): void {
    const known = [...this.#entries];
    const count = Math.max(1, Math.floor(this.#most * HOST_LIMITS.evictedShare));
    smallestFirst(known, count, ([, a], [, b]) => byRisk(b, a));
    for (const [key, { rows }] of known.slice(0, count)) {
      this.dropped++;
      this.droppedRows += rows;
      this.#entries.delete(key);
    }
  }
}
