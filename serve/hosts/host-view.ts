/** The per-host view: scored rows in, a row for each client and for each client and server out. */
import type { Table } from '../../core/table.ts';
import { type ModelFacts, Row } from '../records/row.ts';
import type { HostEntry } from './entry.ts';
import { HeldEntries } from './held-entries.ts';
import { type OffsetAt, offsetsOf } from './hours.ts';
import { type JudgedHost, judgedHosts } from './judged-host.ts';
import { HOST_LIMITS } from './limits.ts';
import { type SeenFlow, seenFlow } from './seen-flow.ts';
import { hostTable } from './snapshot.ts';
import { pushesOf } from './watch/pushes.ts';
import { ScanWatch } from './watch/scans.ts';
import { StormWatch } from './watch/storms.ts';
import { Synchrony } from './watch/synchrony.ts';

export interface HostViewOptions {
  /** IANA name of the time zone whose nights count; UTC without it. */
  readonly timeZone?: string;
  /** Clients and pairs held; for tests. */
  readonly clients?: number;
  readonly pairs?: number;
}

export class HostView {
  readonly #model: ModelFacts;
  readonly #offsetAt: OffsetAt;
  readonly #clients: HeldEntries;
  readonly #pairs: HeldEntries;
  readonly #scans = new ScanWatch();
  readonly #storms = new StormWatch();
  readonly #synchrony = new Synchrony();
  #leftOut = 0;

  /** @throws RangeError for a name that is no time zone */
  constructor(model: ModelFacts, options: HostViewOptions = {}) {
    const { timeZone = 'UTC', clients = HOST_LIMITS.clients, pairs = HOST_LIMITS.pairs } = options;
    this.#model = model;
    this.#offsetAt = offsetsOf(timeZone);
    this.#clients = new HeldEntries(clients, false);
    this.#pairs = new HeldEntries(pairs, true);
  }

  /**
   * Counts all rows of a scored table that are parts of flows which ended; rows of flows that go on would count them twice.
   * Rows are to come in the order in which flows end. Nothing of the table is kept.
   */
  add(table: Table): void {
    for (let i = 0; i < table.length; i++) {
      const row = new Row(table, i);
      const flow = (row.text('row_kind') ?? 'end') === 'end' ? seenFlow(row, this.#model) : null;
      if (flow === null) this.#leftOut++;
      else this.#take(flow, row);
    }
  }

  /** The clients, riskiest first, then the pairs, riskiest first. */
  snapshot(): Table {
    return this.#tableOf(this.#judged(null));
  }

  /**
   * Some clients, riskiest first, and their pairs: those of at least a risk, so many clients at most.
   *
   * @returns `more` says how many clients of that risk were left out
   */
  riskiest(
    among: ReadonlySet<string>,
    { minRisk, most }: { readonly minRisk: number; readonly most: number },
  ): { readonly clients: Table; readonly pairs: Table; readonly more: number } {
    const risky = this.#judged(among).filter(({ risk }) => risk !== null && risk >= minRisk);
    const clients = risky.filter(({ entry }) => entry.server === null);
    const told = clients.slice(0, most);
    const names = new Set(told.map(({ entry }) => entry.client));
    const pairs = risky.filter(({ entry }) => entry.server !== null && names.has(entry.client));
    return { clients: this.#tableOf(told), pairs: this.#tableOf(pairs), more: clients.length - told.length };
  }

  /**
   * Clients and pairs given up for want of room, those given up that were watched for scans, storms and pushes; pairs of
   * flows whose pushes were compared; and rows that stood for no ended flow or named no addresses.
   */
  get counters(): {
    readonly clients: number;
    readonly pairs: number;
    readonly rows: number;
    readonly watched: number;
    readonly comparisons: number;
    readonly leftOut: number;
  } {
    const [clients, pairs] = [this.#clients, this.#pairs];
    return {
      clients: clients.dropped,
      pairs: pairs.dropped,
      rows: clients.droppedRows,
      watched: this.#scans.dropped + this.#storms.dropped + this.#synchrony.dropped,
      comparisons: this.#synchrony.comparisons,
      leftOut: this.#leftOut,
    };
  }

  #judged(among: ReadonlySet<string> | null): JudgedHost[] {
    return judgedHosts(this.#clients.sorted(among), this.#pairs.sorted(among), {
      hasRisk: this.#model.positive !== null,
      offsetAt: this.#offsetAt,
      synchrony: this.#synchrony,
    });
  }

  #tableOf(hosts: readonly JudgedHost[]): Table {
    return hostTable(hosts, this.#model, this.#offsetAt);
  }

  #take(flow: SeenFlow, row: Row): void {
    const pair: HostEntry = this.#pairs.entryFor(`${flow.client} ${flow.server}`, flow);
    const isReconnect = pair.isReconnect(flow);
    pair.add(flow, isReconnect);
    const client = this.#clients.entryFor(flow.client, flow);
    client.add(flow, isReconnect);
    const scans = this.#scans.add(flow);
    if (scans !== null) client.addScans(scans);
    const storm = this.#storms.add(flow);
    if (storm !== null) pair.addStorm(storm);
    const pushes = pushesOf(row, flow);
    if (pushes !== null) this.#synchrony.add(pushes);
  }
}
