/**
 * The row that is to be explained, chosen while rows pass by: of those that are meant the riskiest. Keeps that row, and
 * the names of others that one may have meant.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { numberCell, type Table, takeTableRows, textCell } from '../../core/table.ts';
import type { Verdict } from '../verdict.ts';
import { type FlowSelector, fitOf, SELECTOR_COLUMNS } from './selector.ts';

/** A row by name, with its verdict. */
export interface RowName {
  /** The capture's name in the row, or else the input that the row came from. */
  readonly capture: string;
  /** Null where the table has no such column. */
  readonly flowId: number | null;
  readonly part: number | null;
  readonly rowKind: string | null;
  readonly srcIp: string;
  readonly srcPort: number;
  readonly dstIp: string;
  readonly dstPort: number;
  readonly verdict: Verdict;
}

export interface Chosen {
  /** One row. */
  readonly table: Table;
  readonly name: RowName;
  /** All rows of the same flow, the chosen one among them, in the order in which they came. */
  readonly rows: readonly RowName[];
  /** The riskiest rows of other flows that are meant as well, riskiest first. */
  readonly others: readonly RowName[];
  /** Rows that are meant, those not kept by name among them. */
  readonly meant: number;
}

/** Rows that are kept by name: a host may have had millions of flows. */
const MOST_NAMES = 1000;
/** Others that are told. */
const MOST_OTHERS = 4;
const NEAREST = 3;
const MOST_PARTS = 8;
/** Likeness below which a candidate is no better than any. */
const LEAST_FIT = 0.3;

interface Candidate {
  readonly name: RowName;
  readonly fit: number;
}

export class FlowChoice {
  readonly #selector: FlowSelector | null;
  readonly #part: number | null;
  #seen = 0;
  #meant = 0;
  #best: { readonly table: Table; readonly name: RowName } | null = null;
  #names: RowName[] = [];
  /** Those that resemble what is meant, best first, and then the riskiest. */
  #near: Candidate[] = [];
  /** Parts of what is meant, where none is the part that was asked for. */
  readonly #otherParts = new Set<number>();

  /**
   * @param selector null for any flow
   * @param part null for any part of it
   */
  constructor(selector: FlowSelector | null, part: number | null) {
    this.#selector = selector;
    this.#part = part;
  }

  /**
   * Takes scored rows; the table may be lent.
   *
   * @param input what to call rows without a capture, and the table in errors
   * @throws FlowlampError COLUMN_MISSING where the table cannot say which of its rows is meant
   */
  take(input: string, table: Table, verdicts: readonly Verdict[]): void {
    this.#requireColumns(input, table);
    let best = -1;
    for (let row = 0; row < table.length; row++) {
      const fit = this.#selector === null ? 1 : fitOf(this.#selector, table, row);
      const name = nameOf(input, table, row, verdicts[row]!);
      if (fit < 1) this.#keepNear({ name, fit });
      else if (this.#part !== null && name.part !== this.#part) this.#otherParts.add(name.part ?? 0);
      else {
        this.#meant++;
        this.#keepName(name);
        if (this.#best === null || isRiskier(name, this.#best.name)) {
          this.#best = { table, name };
          best = row;
        }
      }
    }
    if (best >= 0) this.#best = { table: takeTableRows(table, [best]), name: this.#best!.name };
    this.#seen += table.length;
  }

  /**
   * @param inputs what was read, for errors
   * @param asked the text that named the flow
   * @throws FlowlampError NOTHING_FOUND with the nearest candidates
   */
  finish(inputs: string, asked: string): Chosen {
    if (this.#best === null) throw this.#notFound(inputs, asked);
    const { table, name } = this.#best;
    const isSame = (other: RowName) => flowKey(other) === flowKey(name);
    const others = new Map<string, RowName>();
    for (const other of this.#names.filter((each) => !isSame(each)).sort(byRisk)) {
      if (!others.has(flowKey(other))) others.set(flowKey(other), other);
    }
    return {
      table,
      name,
      rows: this.#names.filter(isSame),
      others: [...others.values()].slice(0, MOST_OTHERS),
      meant: this.#meant,
    };
  }

  #requireColumns(input: string, table: Table): void {
    const wanted = [...(this.#selector === null ? [] : SELECTOR_COLUMNS[this.#selector.kind])];
    if (this.#part !== null) wanted.push('part');
    const missing = wanted.find((name) => !table.columns.has(name));
    if (missing === undefined) return;
    throw new FlowlampError(ErrorCode.ColumnMissing, {
      happened: `${input} has no column ${missing}, so no row of it can be told by it`,
      expected: `a flow table with ${wanted.join(', ')}`,
      action: 'name the flow in another way, or extract the captures again with all columns',
    });
  }

  #keepName(name: RowName): void {
    this.#names.push(name);
    // Of many the riskiest stay; in the order in which they came, so that parts stay in order.
    if (this.#names.length < 2 * MOST_NAMES) return;
    const kept = new Set([...this.#names].sort(byRisk).slice(0, MOST_NAMES));
    this.#names = this.#names.filter((each) => kept.has(each));
  }

  #keepNear(candidate: Candidate): void {
    const order = (a: Candidate, b: Candidate) => levelOf(b) - levelOf(a) || byRisk(a.name, b.name);
    const worst = this.#near.at(-1);
    if (this.#near.length === NEAREST && worst !== undefined && order(candidate, worst) >= 0) return;
    this.#near = [...this.#near, candidate].sort(order).slice(0, NEAREST);
  }

  #notFound(inputs: string, asked: string): FlowlampError {
    if (this.#seen === 0) {
      return nothing(`there is no flow in ${inputs}`, 'a flow to explain', 'name another input');
    }
    if (this.#otherParts.size > 0) {
      const of = this.#selector === null ? '' : ` of ${asked}`;
      const parts = [...this.#otherParts].sort((a, b) => a - b).slice(0, MOST_PARTS);
      const happened = `there is no part ${this.#part}${of} in ${inputs}`;
      return nothing(happened, `one of the parts ${parts.join(', ')}`, 'choose one of these with --part');
    }
    const near = this.#near.map(({ name }) => shortName(name)).join('; ');
    return nothing(
      `none of ${this.#seen} rows in ${inputs} is of the flow ${asked}`,
      `one of them, perhaps ${near}`,
      'correct --flow, or leave it out to see the riskiest flow',
    );
  }
}

function nothing(happened: string, expected: string, action: string): FlowlampError {
  return new FlowlampError(ErrorCode.NothingFound, { happened, expected, action });
}

/** Below that all are alike. */
function levelOf({ fit }: Candidate): number {
  return fit < LEAST_FIT ? 0 : fit;
}

function nameOf(input: string, table: Table, row: number, verdict: Verdict): RowName {
  const number = (name: string) => numberCell(table, name, row);
  const text = (name: string) => textCell(table, name, row);
  return {
    capture: text('capture') ?? input,
    flowId: number('flow_id'),
    part: number('part'),
    rowKind: text('row_kind'),
    srcIp: text('src_ip') ?? '',
    srcPort: number('src_port') ?? 0,
    dstIp: text('dst_ip') ?? '',
    dstPort: number('dst_port') ?? 0,
    verdict,
  };
}

/** Equal for rows of one flow. */
function flowKey({ capture, flowId, srcIp, srcPort, dstIp, dstPort }: RowName): string {
  return JSON.stringify([capture, flowId ?? [srcIp, srcPort, dstIp, dstPort]]);
}

function isRiskier(a: RowName, b: RowName): boolean {
  return byRisk(a, b) < 0;
}

/** As `score` orders its table: by risk, then by score. */
function byRisk(a: RowName, b: RowName): number {
  return (b.verdict.risk ?? -1) - (a.verdict.risk ?? -1) || b.verdict.score - a.verdict.score;
}

/** `6301 (10.0.0.5:43210 -> 192.0.2.1:443, mining 0.96)`. */
export function shortName({ flowId, srcIp, srcPort, dstIp, dstPort, verdict }: RowName): string {
  const end = (address: string, port: number) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const { predicted, score } = verdict;
  const what = `${end(srcIp, srcPort)} -> ${end(dstIp, dstPort)}, ${verdict.verdict}, ${predicted} ${score.toFixed(2)}`;
  return flowId === null ? what : `${flowId} (${what})`;
}
