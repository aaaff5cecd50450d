/**
 * What risky hosts did, while the sidecar runs: in intervals, and when a host's risk rises. The view of hosts never forgets by
 * itself, so two of them are kept, begun a week apart: what is told covers one to two weeks.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { Table } from '../../core/table.ts';
import { jsonCell } from '../../features/text/cell.ts';
import { Recent } from '../alerts/recent.ts';
import { HostView } from '../hosts/host-view.ts';
import { type ModelFacts, Row } from '../records/row.ts';
import type { JudgedRows, SidecarRecord } from './items.ts';
import { isoSeconds, secondsOf } from './moments.ts';

export interface HostRecordOptions {
  /** From one summary to the next. Default 3,600. */
  readonly everySeconds?: number;
  /** Least risk of a host that is told of. Default 5. */
  readonly minRisk?: number;
  /** Hosts told of at once, the riskiest. Default 20. */
  readonly most?: number;
  /** What a host did is remembered for once to twice so long. Default 7 days. */
  readonly epochSeconds?: number;
  /** Clients and pairs of a client and a server that are held, in each of two views. Default 16,384 and 32,768. */
  readonly clients?: number;
  readonly pairs?: number;
  /** IANA name of the time zone whose nights count. Default UTC. */
  readonly timeZone?: string;
}

const DEFAULTS = {
  everySeconds: 3_600,
  minRisk: 5,
  most: 20,
  epochSeconds: 7 * 86_400,
  clients: 16_384,
  pairs: 32_768,
  timeZone: 'UTC',
} as const;
/** Hosts whose risk may have risen are looked at so often: each look goes through all pairs. */
const RISE_SECONDS = 10;
/** A clock that goes back further was set. */
const STEP_SECONDS = 86_400;
const MOST_PAIRS = 3;
const PAIR_COLUMNS = ['server', 'ports', 'names', 'flows', 'worst_verdict', 'risk', 'last_seen'] as const;

export class HostRecords {
  #model: ModelFacts;
  #options: Required<HostRecordOptions>;
  /** Oldest first, at most two. */
  #views: HostView[];
  #epochBegan: number | null = null;
  /** Clients seen since the last summary. */
  readonly #seen = new Set<string>();
  /** Clients of which a row was riskier than what was told of them. */
  readonly #rising = new Set<string>();
  /** What was told last of each client. */
  #told: Recent<string, number>;
  #nextSummary = Number.NEGATIVE_INFINITY;
  #nextLook = Number.NEGATIVE_INFINITY;
  #latest = 0;
  readonly #counts = { records: 0, summaries: 0, left_out: 0, unseen: 0, epochs: 0 };

  /** @throws FlowlampError OPTION_INVALID */
  constructor(model: ModelFacts, options: HostRecordOptions = {}) {
    this.#model = model;
    this.#options = checked(options);
    this.#views = [this.#newView()];
    this.#told = new Recent(this.#options.clients);
  }

  /** What hosts did is forgotten only where a view cannot hold it: other labels, sizes or another time zone. */
  reconfigure(model: ModelFacts, options: HostRecordOptions = {}): void {
    const [before, beforeModel] = [this.#options, this.#model];
    this.#options = checked(options);
    this.#model = model;
    const isSameView =
      (['clients', 'pairs', 'timeZone'] as const).every((name) => before[name] === this.#options[name]) &&
      beforeModel.positive === model.positive &&
      beforeModel.labels.join('\n') === model.labels.join('\n');
    this.#nextSummary = Math.min(this.#nextSummary, this.#latest + this.#options.everySeconds);
    if (isSameView) return;
    this.#views = [this.#newView()];
    this.#epochBegan = null;
  }

  /** Counts rows of flows that ended, and says what there is to say. */
  take({ rows }: JudgedRows): SidecarRecord[] {
    for (let i = 0; i < rows.length; i++) this.#look(new Row(rows, i));
    for (const view of this.#views) view.add(rows);
    this.#turnEpoch();
    const now = this.#latest;
    if (this.#isDue(this.#nextSummary, this.#options.everySeconds)) {
      // The first rows begin an interval; before, there was none.
      const records = this.#nextSummary === Number.NEGATIVE_INFINITY ? [] : this.#summary();
      this.#nextSummary = (Math.floor(now / this.#options.everySeconds) + 1) * this.#options.everySeconds;
      return [...records, ...this.#risen()];
    }
    return this.#risen();
  }

  /** The summary of the interval that goes on: before the end. */
  finish(): SidecarRecord[] {
    return this.#summary();
  }

  /** Records, summaries, hosts left out of them; clients too many to be looked at; and what the view has given up. */
  facts(): Readonly<Record<string, number>> {
    const { clients, pairs, watched } = this.#views[0]!.counters;
    return { ...this.#counts, clients_given_up: clients, pairs_given_up: pairs, watched_given_up: watched };
  }

  #newView(): HostView {
    const { clients, pairs, timeZone } = this.#options;
    return new HostView(this.#model, { clients, pairs, timeZone });
  }

  #look(row: Row): void {
    const seconds = secondsOf(row);
    if (seconds > this.#latest || seconds < this.#latest - STEP_SECONDS) this.#latest = seconds;
    const client = row.text('src_ip');
    if (client === undefined || (row.text('row_kind') ?? 'end') !== 'end') return;
    if (this.#seen.size < this.#options.clients) this.#seen.add(client);
    else if (!this.#seen.has(client)) this.#counts.unseen++;
    const risk = row.number('risk') ?? 0;
    const isRise = risk >= this.#options.minRisk && risk > (this.#told.get(client) ?? 0);
    if (isRise && this.#rising.size < this.#options.most) this.#rising.add(client);
  }

  #turnEpoch(): void {
    this.#epochBegan ??= this.#latest;
    const since = this.#latest - this.#epochBegan;
    if (since < -STEP_SECONDS) this.#epochBegan = this.#latest;
    if (since < this.#options.epochSeconds) return;
    this.#epochBegan = this.#latest;
    this.#views = [...this.#views.slice(-1), this.#newView()];
    this.#counts.epochs++;
  }

  /** Whether the time has come, or lies so far ahead that the clock must have been set. */
  #isDue(next: number, every: number): boolean {
    return this.#latest >= next || this.#latest < next - every - STEP_SECONDS;
  }

  #risen(): SidecarRecord[] {
    if (this.#rising.size === 0 || !this.#isDue(this.#nextLook, RISE_SECONDS)) return [];
    this.#nextLook = this.#latest + RISE_SECONDS;
    const among = new Set(this.#rising);
    this.#rising.clear();
    return this.#recordsOf('risen', among, ({ client, risk }) => risk > (this.#told.get(client) ?? 0));
  }

  #summary(): SidecarRecord[] {
    this.#counts.summaries++;
    const records = this.#recordsOf('summary', this.#seen, () => true);
    this.#seen.clear();
    return records;
  }

  #recordsOf(
    reason: 'risen' | 'summary',
    among: ReadonlySet<string>,
    isTold: (host: { readonly client: string; readonly risk: number }) => boolean,
  ): SidecarRecord[] {
    if (among.size === 0) return [];
    const { clients, pairs, more } = this.#views[0]!.riskiest(among, this.#options);
    this.#counts.left_out += more;
    const servers = rowsOf(pairs);
    const records = rowsOf(clients).flatMap((host): SidecarRecord[] => {
      const [client, risk] = [host['client'] as string, host['risk'] as number];
      if (!isTold({ client, risk })) return [];
      const before = this.#told.get(client) ?? null;
      this.#told.set(client, risk);
      const worst = servers.filter((pair) => pair['client'] === client).slice(0, MOST_PAIRS);
      return [this.#record({ reason, before, more_hosts: more, ...host, servers_worst: worst.map(pairTold) })];
    });
    this.#counts.records += records.length;
    return records;
  }

  #record({ host_kind: _, server: __, ...host }: Readonly<Record<string, unknown>>): SidecarRecord {
    const model = `${this.#model.name}@${this.#model.version}`;
    return { kind: 'record', record: 'host', time: isoSeconds(this.#latest), body: { ...host, model } };
  }
}

function pairTold(pair: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(PAIR_COLUMNS.map((name) => [name, pair[name]]));
}

function rowsOf({ columns, length }: Table): Record<string, unknown>[] {
  return Array.from({ length }, (_, row) =>
    Object.fromEntries([...columns].map(([name, column]) => [name, JSON.parse(jsonCell(column, row))])),
  );
}

function checked(options: HostRecordOptions): Required<HostRecordOptions> {
  const whole = { ...DEFAULTS, ...options };
  for (const name of ['everySeconds', 'most', 'epochSeconds', 'clients', 'pairs'] as const) {
    if (!(whole[name] > 0)) throw invalid(`${name} of the host records is ${whole[name]}`, 'a number above 0');
  }
  if (!(whole.minRisk >= 0 && whole.minRisk <= 10)) throw invalid(`a least risk of ${whole.minRisk}`, '0 to 10');
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: whole.timeZone });
  } catch {
    throw invalid(`the time zone ${whole.timeZone}`, 'a name such as Europe/Berlin');
  }
  return whole;
}

function invalid(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action: 'correct the option' });
}
