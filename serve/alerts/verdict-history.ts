/** What flows that live were called before: a flow that changes its verdict says so once. */
import { timeText } from '../../features/text/cell.ts';
import { EvidenceSource } from '../evidence/source.ts';
import type { JudgedRows, SidecarRecord } from '../live/items.ts';
import { Row } from '../records/row.ts';
import { UNKNOWN } from '../verdict.ts';
import { Recent } from './recent.ts';
import { type Shift, type SourceWeights, shiftsOf, weightsBySource } from './weights-by-source.ts';

/** What a row is to those of its flow before it. */
export const Standing = {
  /** The first verdict on the flow. */
  First: 'first',
  Unchanged: 'unchanged',
  Changed: 'changed',
  /** No verdict: the model does not speak of the flow (yet), and nothing else does. */
  Silent: 'silent',
} as const;
export type Standing = (typeof Standing)[keyof typeof Standing];

export interface PastVerdict {
  readonly verdict: string;
  readonly score: number | null;
  readonly risk: number | null;
  /** `name@version`. */
  readonly model: string | null;
}

export interface Turn {
  readonly standing: Standing;
  /** The last verdict before this one; null where there was none. */
  readonly before: PastVerdict | null;
}

export interface HistoryOptions {
  /** Flows whose last verdict is remembered; those that gave none longest are forgotten first. Default 262,144. */
  readonly flows?: number;
}

/** Some 250 bytes each: 65 MB. */
const DEFAULT_FLOWS = 262_144;
/** Different changes that one flow tells. Models of two labels have six. */
const MOST_TOLD = 8;

interface Entry extends PastVerdict {
  readonly weights: SourceWeights;
  /** Changes that this flow has told, `before>after`. */
  readonly told: readonly string[];
}

const NO_TURN: Turn = { standing: Standing.Silent, before: null };
const NEW_TURN: Turn = { standing: Standing.First, before: null };
const NONE_TOLD: readonly string[] = [];

export class VerdictHistory {
  #flows: Recent<number, Entry>;
  #capacity: number;
  /** Of maps that a reconfiguration has replaced. */
  #givenUpBefore = 0;
  readonly #counts = { first: 0, unchanged: 0, changed: 0, silent: 0, told: 0 };

  constructor({ flows = DEFAULT_FLOWS }: HistoryOptions = {}) {
    this.#capacity = flows;
    this.#flows = new Recent(flows);
  }

  /** Another capacity forgets all flows: each is new once more. */
  reconfigure({ flows = DEFAULT_FLOWS }: HistoryOptions = {}): void {
    if (flows === this.#capacity) return;
    this.#givenUpBefore += this.#flows.givenUp + this.#flows.size;
    this.#capacity = flows;
    this.#flows = new Recent(flows);
  }

  /**
   * Rows in the order in which they were judged. Parts of a flow are the same flow; it is forgotten when it ends.
   *
   * @returns a turn for each row, and a record for each change that its flow has not told before
   */
  take(judged: JudgedRows): { readonly turns: readonly Turn[]; readonly records: readonly SidecarRecord[] } {
    const records: SidecarRecord[] = [];
    const turns = Array.from({ length: judged.rows.length }, (_, i) => {
      const turn = this.#turnOf(new Row(judged.rows, i), records);
      this.#counts[turn.standing]++;
      return turn;
    });
    return { turns, records };
  }

  /** Turns by kind, changes told, and flows held and given up for want of room: those count as new when they come again. */
  facts(): Readonly<Record<string, number>> {
    return { ...this.#counts, flows: this.#flows.size, given_up: this.#givenUpBefore + this.#flows.givenUp };
  }

  #turnOf(row: Row, records: SidecarRecord[]): Turn {
    const flow = row.number('flow_id');
    const isSilent = isSilentRow(row);
    const known = flow === undefined ? undefined : this.#flows.get(flow);
    if (flow !== undefined && isOver(row)) this.#flows.delete(flow);
    // A next part begins with nothing seen: that it cannot be judged yet takes nothing back.
    if (isSilent) return known === undefined ? NO_TURN : { standing: Standing.Silent, before: known };
    const now = entryOf(row, known?.told ?? NONE_TOLD);
    if (known === undefined) return this.#keep(flow, row, now, NEW_TURN);
    if (known.verdict === now.verdict)
      return this.#keep(flow, row, now, { standing: Standing.Unchanged, before: known });
    const change = `${known.verdict}>${now.verdict}`;
    const isTold = known.told.includes(change) || known.told.length >= MOST_TOLD;
    if (!isTold) {
      this.#counts.told++;
      records.push(changeRecord(row, known, now));
    }
    const told = isTold ? known.told : [...known.told, change];
    return this.#keep(flow, row, { ...now, told }, { standing: Standing.Changed, before: known });
  }

  #keep(flow: number | undefined, row: Row, entry: Entry, turn: Turn): Turn {
    if (flow !== undefined && !isOver(row)) this.#flows.set(flow, entry);
    return turn;
  }
}

function entryOf(row: Row, told: readonly string[]): Entry {
  return {
    verdict: row.text('verdict') ?? UNKNOWN,
    score: row.number('score') ?? null,
    risk: row.number('risk') ?? null,
    model: row.text('model') ?? null,
    weights: weightsBySource(row.findings('evidence')),
    told,
  };
}

/** True of the last row of a flow; one that the active timeout has cut goes on in its next part. */
function isOver(row: Row): boolean {
  return (row.text('row_kind') ?? 'end') === 'end' && row.text('end_reason') !== 'active';
}

/** The model weighs nothing where it does not speak, and `unknown` is then nobody's word. */
function isSilentRow(row: Row): boolean {
  if (row.text('verdict') !== UNKNOWN) return false;
  const words = row.findings('evidence').filter(({ source }) => source === EvidenceSource.Behaviour);
  return words.length > 0 && words.every(({ weight }) => weight === 0);
}

function changeRecord(row: Row, before: Entry, after: Entry): SidecarRecord {
  const why = shiftsOf(before.weights, row.findings('evidence'));
  return {
    kind: 'record',
    record: 'change',
    time: timeText(row.time('last_seen') ?? 0n),
    body: {
      flow_id: row.number('flow_id') ?? null,
      part: row.number('part') ?? 0,
      row_kind: row.text('row_kind') ?? 'end',
      community_id: row.text('community_id') ?? null,
      src_ip: row.text('src_ip') ?? null,
      src_port: row.number('src_port') ?? null,
      dst_ip: row.text('dst_ip') ?? null,
      dst_port: row.number('dst_port') ?? null,
      protocol: row.text('protocol') ?? null,
      before: pastOf(before),
      after: pastOf(after),
      why,
      sentence: sentenceOf(before, after, why),
    },
  };
}

function pastOf({ verdict, score, risk, model }: PastVerdict): PastVerdict {
  return { verdict, score, risk, model };
}

function sentenceOf(before: Entry, after: Entry, why: readonly Shift[]): string {
  const parts = why.map(({ source, before: was, after: is, finding }) => {
    const step = `${source} ${is >= was ? '+' : '-'}${Math.abs(is - was).toFixed(1)}`;
    return finding === null ? `${step}, which says nothing any more.` : `${step}: ${finding}`;
  });
  const model = before.model === after.model ? '' : ` Judged by ${after.model}, before by ${before.model}.`;
  const because = parts.length === 0 ? '' : ` ${parts.join(' ')}`;
  return `From ${before.verdict} to ${after.verdict}.${because}${model}`;
}
