/** The per-host view: scored rows in, a row for each client and for each client and server out. */
import type { Table } from '../../core/table.ts';
import { isIcmp, isRisk, type ModelFacts, Row } from '../records/row.ts';
import type { HostEntry, SeenFlow } from './entry.ts';
import { HeldEntries } from './held-entries.ts';
import { type OffsetAt, offsetsOf } from './hours.ts';
import { HOST_LIMITS } from './limits.ts';
import { hostTable } from './snapshot.ts';

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
      else this.#take(flow);
    }
  }

  /** The clients, riskiest first, then the pairs, riskiest first. */
  snapshot(): Table {
    return hostTable([...this.#clients.sorted(), ...this.#pairs.sorted()], this.#model, this.#offsetAt);
  }

  /** Clients and pairs given up for want of room, and rows that stood for no ended flow or named no addresses. */
  get counters(): {
    readonly clients: number;
    readonly pairs: number;
    readonly rows: number;
    readonly leftOut: number;
  } {
    const [clients, pairs] = [this.#clients, this.#pairs];
    return { clients: clients.dropped, pairs: pairs.dropped, rows: clients.droppedRows, leftOut: this.#leftOut };
  }

  #take(flow: SeenFlow): void {
    const pair: HostEntry = this.#pairs.entryFor(`${flow.client} ${flow.server}`, flow);
    const isReconnect = pair.isReconnect(flow);
    pair.add(flow, isReconnect);
    this.#clients.entryFor(flow.client, flow).add(flow, isReconnect);
  }
}

/** Null for a row without addresses or times. */
function seenFlow(row: Row, model: ModelFacts): SeenFlow | null {
  const [client, server] = [row.text('src_ip'), row.text('dst_ip')];
  const [firstSeen, lastSeen] = [row.time('first_seen'), row.time('last_seen')];
  if (client === undefined || server === undefined || firstSeen === undefined || lastSeen === undefined) return null;
  const risk = row.number('risk') ?? null;
  // Of a flow that the model does not speak of, the risk is 0 and the score says nothing.
  const isPredicted = model.positive !== null && row.text('predicted') === model.positive && risk !== 0;
  return {
    client,
    server,
    port: isIcmp(row.text('protocol')) ? null : (row.number('dst_port') ?? null),
    name: row.text('sni') ?? row.text('http_host') ?? row.text('dns_name') ?? null,
    firstSeen,
    lastSeen: lastSeen < firstSeen ? firstSeen : lastSeen,
    isFirstPart: (row.number('part') ?? 0) === 0,
    isLastPart: row.text('end_reason') !== 'active',
    fwdPackets: row.number('fwd_packets') ?? 0,
    bwdPackets: row.number('bwd_packets') ?? 0,
    fwdBytes: row.number('fwd_bytes') ?? 0,
    bwdBytes: row.number('bwd_bytes') ?? 0,
    verdict: row.text('verdict') ?? 'unknown',
    isPositive: isRisk(row, model),
    score: isPredicted ? (row.number('score') ?? null) : null,
    risk,
    evidence: row.findings('evidence'),
  };
}
