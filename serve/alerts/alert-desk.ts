/** From judged rows to alerts: one for two hosts in a while, unless it gets worse. docs/alerts.md says what becomes of each row. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { takeTableRows } from '../../core/table.ts';
import type { AlertBudget } from '../budget/alert-budget.ts';
import { binOfScore, PROVEN } from '../budget/score-bins.ts';
import { type Alert, AlertReason, type JudgedRows, type SidecarRecord } from '../live/items.ts';
import { secondsOf } from '../live/moments.ts';
import { isRisk, Row } from '../records/row.ts';
import { UNKNOWN } from '../verdict.ts';
import { Recent } from './recent.ts';
import type { ReadRule, Suspect } from './rules.ts';
import { type RuleFacts, Suppression } from './suppression.ts';
import { Standing, type Turn } from './verdict-history.ts';
import { isProvenByProtocol, proofsOf } from './weights-by-source.ts';

export interface DeskOptions {
  /** How long two hosts are not told of again, seconds. Default 3,600. */
  readonly quietSeconds?: number;
  /** Least risk of an alert, 0 to 10. Default 0. */
  readonly minRisk?: number;
  readonly rules?: readonly ReadRule[];
  /** Pairs of hosts remembered; those seen least lately are forgotten first. Default 65,536. */
  readonly pairs?: number;
}

const DEFAULT_QUIET_SECONDS = 3_600;
/** Some 300 bytes each. */
const DEFAULT_PAIRS = 65_536;
/** A risk that has risen by so much is told, whatever the quiet period. */
const ESCALATION = 2;

/** What becomes of a row with the positive verdict. Each has one fate. */
export const Fate = {
  Alert: 'alerts',
  HeldBack: 'held_back',
  Suppressed: 'suppressed',
  BelowRisk: 'below_risk',
  BelowBudget: 'below_budget',
  /** A later row of a flow whose first one had its fate already. */
  Repeat: 'repeats',
} as const;
export type Fate = (typeof Fate)[keyof typeof Fate];

/** Two hosts and a verdict: an incident, from its first row on for as long as the quiet period. */
interface Incident {
  /** When it began, or was last told. */
  since: number;
  /** Of its surest score. */
  bin: number;
  isAdmitted: boolean;
  /** What was told last. */
  isTold: boolean;
  risk: number;
  proofs: number;
  heldBack: number;
}

export class AlertDesk {
  readonly #budget: AlertBudget | null;
  readonly #suppression: Suppression;
  #options: Required<Omit<DeskOptions, 'rules'>>;
  #incidents: Recent<string, Incident>;
  readonly #counts: Record<Fate, number> = {
    alerts: 0,
    held_back: 0,
    suppressed: 0,
    below_risk: 0,
    below_budget: 0,
    repeats: 0,
  };
  readonly #reasons: Record<AlertReason, number> = { new: 0, changed: 0, escalated: 0 };
  #givenUpBefore = 0;
  /** Alerts held back that will never be told of, because their hosts were forgotten. */
  #forgotten = 0;

  /**
   * @param budget which incidents are worth an alert; null for all
   * @throws FlowlampError OPTION_INVALID
   */
  constructor(options: DeskOptions = {}, budget: AlertBudget | null = null) {
    this.#budget = budget;
    this.#options = checked(options);
    this.#suppression = new Suppression(options.rules ?? []);
    this.#incidents = this.#noIncidents();
  }

  /** What is known of hosts stays, unless another number of them is to be remembered. */
  reconfigure(options: DeskOptions): void {
    const { pairs } = this.#options;
    this.#options = checked(options);
    this.#suppression.reconfigure(options.rules ?? []);
    if (this.#options.pairs === pairs) return;
    this.#givenUpBefore += this.#incidents.givenUp + this.#incidents.size;
    this.#incidents = this.#noIncidents();
  }

  /**
   * @param turns of the rows, from VerdictHistory
   * @returns alerts, and what else there is to say: rules that have expired, a budget that is overrun
   */
  take(
    judged: JudgedRows,
    turns: readonly Turn[],
  ): { readonly alerts: readonly Alert[]; readonly records: readonly SidecarRecord[] } {
    const alerts: Alert[] = [];
    const records: SidecarRecord[] = [];
    let latest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < judged.rows.length; i++) {
      const row = new Row(judged.rows, i);
      const seconds = secondsOf(row);
      latest = Math.max(latest, seconds);
      if (!isRisk(row, judged.model)) continue;
      const { fate, reason, heldBack } = this.#judge(row, turns[i]!, seconds);
      this.#counts[fate]++;
      if (this.#budget !== null) records.push(...this.#budget.news(seconds));
      if (fate !== Fate.Alert) continue;
      this.#reasons[reason]++;
      const before = turns[i]!.before?.verdict ?? null;
      alerts.push({
        kind: 'alert',
        rows: takeTableRows(judged.rows, [i]),
        model: judged.model,
        reason,
        before,
        heldBack,
      });
    }
    records.push(...this.#suppression.expired(latest));
    return { alerts, records };
  }

  /** Rows with the positive verdict by their fate, alerts by their reason, and pairs of hosts held and given up. */
  facts(): Readonly<Record<string, number>> {
    const { new: fresh, changed, escalated } = this.#reasons;
    return {
      ...this.#counts,
      alerts_new: fresh,
      alerts_changed: changed,
      alerts_escalated: escalated,
      pairs: this.#incidents.size,
      pairs_given_up: this.#givenUpBefore + this.#incidents.givenUp,
      held_back_forgotten: this.#forgotten,
    };
  }

  /** Of each rule, in their order. */
  ruleFacts(): readonly RuleFacts[] {
    return this.#suppression.facts();
  }

  #noIncidents(): Recent<string, Incident> {
    return new Recent(this.#options.pairs, ({ heldBack }) => {
      this.#forgotten += heldBack;
    });
  }

  #judge(row: Row, { standing }: Turn, seconds: number): { fate: Fate; reason: AlertReason; heldBack: number } {
    const isFresh = standing !== Standing.Unchanged;
    const refused = (fate: Fate) => ({ fate: isFresh ? fate : Fate.Repeat, reason: AlertReason.New, heldBack: 0 });
    const suspect = suspectOf(row);
    const rule = this.#suppression.find(suspect, seconds);
    if (rule !== null) {
      if (isFresh) this.#suppression.count(rule);
      return refused(Fate.Suppressed);
    }
    const risk = row.number('risk') ?? 0;
    if (risk < this.#options.minRisk) return refused(Fate.BelowRisk);
    const proofs = proofsOf(row.findings('evidence'));
    const incident = this.#incidentOf(suspect, seconds, isFresh);
    this.#weigh(incident, isProvenByProtocol(proofs) ? PROVEN : binOfScore(row.number('score') ?? 0), seconds);
    if (!incident.isAdmitted) return refused(Fate.BelowBudget);
    const isWorse = risk >= incident.risk + ESCALATION || (proofs & ~incident.proofs) !== 0;
    if (incident.isTold && !isWorse) {
      if (isFresh) incident.heldBack++;
      return refused(Fate.HeldBack);
    }
    const reason = incident.isTold
      ? AlertReason.Escalated
      : standing === Standing.Changed
        ? AlertReason.Changed
        : AlertReason.New;
    const { heldBack } = incident;
    Object.assign(incident, { since: seconds, isTold: true, risk, proofs: proofs | incident.proofs, heldBack: 0 });
    return { fate: Fate.Alert, reason, heldBack };
  }

  /** The incident that goes on, or a new one: a flow that was told of and only goes on begins none. */
  #incidentOf({ source, destination, verdict }: Suspect, seconds: number, isFresh: boolean): Incident {
    const key = `${source} ${destination} ${verdict}`;
    const known = this.#incidents.get(key);
    // A clock that goes back by more than the quiet period has been set: nothing would be told until it is there again.
    const isOver = known !== undefined && Math.abs(seconds - known.since) >= this.#options.quietSeconds;
    if (known !== undefined && !(isOver && isFresh)) return known;
    const incident: Incident = {
      since: seconds,
      bin: -1,
      isAdmitted: false,
      isTold: false,
      risk: 0,
      proofs: 0,
      heldBack: known?.heldBack ?? 0,
    };
    this.#incidents.set(key, incident);
    return incident;
  }

  #weigh(incident: Incident, bin: number, seconds: number): void {
    const budget = this.#budget;
    if (budget === null) incident.isAdmitted = true;
    else if (bin > incident.bin) {
      budget.rise(incident.bin, bin, seconds);
      incident.isAdmitted ||= budget.admits(bin);
    } else incident.isAdmitted ||= budget.isAbove(incident.bin);
    incident.bin = Math.max(incident.bin, bin);
  }
}

function suspectOf(row: Row): Suspect {
  return {
    source: row.text('src_ip') ?? '',
    destination: row.text('dst_ip') ?? '',
    port: row.number('dst_port') ?? null,
    name: row.text('sni') ?? row.text('http_host') ?? row.text('dns_name') ?? null,
    ja4: row.text('ja4') ?? null,
    verdict: row.text('verdict') ?? UNKNOWN,
  };
}

function checked(options: DeskOptions): Required<Omit<DeskOptions, 'rules'>> {
  const { quietSeconds = DEFAULT_QUIET_SECONDS, minRisk = 0, pairs = DEFAULT_PAIRS } = options;
  if (!(quietSeconds >= 0)) throw invalid(`a quiet period of ${quietSeconds} s`, '0 or more seconds');
  if (!(minRisk >= 0 && minRisk <= 10)) throw invalid(`a least risk of ${minRisk}`, '0 to 10');
  if (!(pairs >= 2)) throw invalid(`room for ${pairs} pairs of hosts`, '2 or more');
  return { quietSeconds, minRisk, pairs };
}

function invalid(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action: 'correct the option' });
}
