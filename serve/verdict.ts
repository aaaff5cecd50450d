/** From probabilities to what a user acts on. */
import { type Finding, type Table, textCell } from '../core/table.ts';
import { isVerdict, type ModelCard } from '../models/card.ts';
import { fuse } from './evidence/fusion.ts';
import { EvidenceSource } from './evidence/source.ts';
import { NO_FINDINGS } from './evidence/weights.ts';

export interface Verdict {
  /** The most probable label. */
  readonly predicted: string;
  /** Its calibrated probability. */
  readonly score: number;
  /** `predicted`, or `unknown` where the model abstains. */
  readonly verdict: string;
  /** 0 to 10; null where the model names no label as a risk. */
  readonly risk: number | null;
  readonly evidence: readonly Finding[];
  /** `name@version`. */
  readonly model: string;
}

export const UNKNOWN = 'unknown';
const MAX_RISK = 10;
/** A probability nearer to 0 or 1 than this weighs no more: no model of this size is surer. */
const SUREST = 1e-4;

/** Why the model does not speak of a row, null if it does. */
export function outOfScope(card: Pick<ModelCard, 'scope'>, table: Table, row: number): string | null {
  const protocol = textCell(table, 'protocol', row);
  const { protocols, minPayloadPackets } = card.scope;
  if (protocol !== null && !protocols.includes(protocol)) {
    return `The model was trained on ${protocols.join(' and ')} flows and does not speak of ${protocol}.`;
  }
  const payloads = count(table, 'fwd_payload_packets', row) + count(table, 'bwd_payload_packets', row);
  if (payloads < minPayloadPackets) {
    const packets = payloads === 1 ? 'packet' : 'packets';
    // A row of a flow that goes on (`prefix`, `interval`) tells what has been seen, not what there is.
    const soFar = (textCell(table, 'row_kind', row) ?? 'end') === 'end' ? '' : ' so far';
    return `Only ${payloads} ${packets} with payload${soFar}; the model needs ${minPayloadPackets} to speak of a flow.`;
  }
  return null;
}

/** 0 where the table has no such column, or one that holds no count. */
function count(table: Table, name: string, row: number): number {
  const column = table.columns.get(name);
  return column?.type === 'uint32' ? column.values[row]! : 0;
}

/**
 * @param probabilities row-major [rows, card.labels.length]
 * @param silence why the model does not speak of this row, or null
 * @param findings what other sources found, of a model with a positive label; their weights speak of that label
 */
export function judge(
  card: ModelCard,
  probabilities: Float32Array,
  row: number,
  silence: string | null,
  findings: readonly Finding[] = NO_FINDINGS,
): Verdict {
  const { labels } = card;
  const own = probabilities.subarray(row * labels.length, (row + 1) * labels.length);
  const positive = card.positive === null ? -1 : labels.indexOf(card.positive);
  return positive < 0 || findings.length === 0
    ? byModel(card, own, positive, silence)
    : byAll(card, own, positive, silence, findings);
}

/** The model's word alone: its probabilities as they are. */
function byModel(card: ModelCard, own: Float32Array, positive: number, silence: string | null): Verdict {
  const word = wordOf(card, own);
  const { predicted, score, sure } = word;
  // Of a flow that the model does not speak of, its probability says nothing, so neither does a risk made of it.
  const risk = positive < 0 ? null : silence !== null ? 0 : riskOf(own[positive]!);
  return {
    predicted,
    score,
    verdict: silence === null && sure ? predicted : UNKNOWN,
    risk,
    evidence: [behaviour(word, positive < 0 ? score : own[positive]!, silence)],
    model: nameOf(card),
  };
}

/** The model's word with that of the other sources. */
function byAll(
  card: ModelCard,
  own: Float32Array,
  positive: number,
  silence: string | null,
  findings: readonly Finding[],
): Verdict {
  const { probability, mayConvict } = fuse(silence === null ? logOdds(own[positive]!) : null, findings);
  const { predicted, score, sure } = wordOf(card, rescaled(own, positive, probability));
  const mayBe = predicted === card.positive ? mayConvict : silence === null;
  return {
    predicted,
    score,
    verdict: mayBe && sure ? predicted : UNKNOWN,
    risk: riskOf(probability),
    evidence: [behaviour(wordOf(card, own), own[positive]!, silence), ...findings].sort(
      (a, b) => Math.abs(b.weight) - Math.abs(a.weight),
    ),
    model: nameOf(card),
  };
}

/** What probabilities come to. */
interface Word {
  readonly predicted: string;
  readonly score: number;
  /** The score reaches the label's threshold. */
  readonly sure: boolean;
}

function wordOf(card: ModelCard, probabilities: ArrayLike<number>): Word {
  let best = 0;
  for (let k = 1; k < probabilities.length; k++) if (probabilities[k]! > probabilities[best]!) best = k;
  const predicted = card.labels[best]!;
  const score = probabilities[best]!;
  return { predicted, score, sure: isVerdict(card, predicted, score) };
}

/** The positive label with its new probability, and the others with what that leaves, in the model's proportions. */
function rescaled(own: Float32Array, positive: number, probability: number): Float64Array {
  const rest = own.reduce((sum, p, k) => (k === positive ? sum : sum + p), 0);
  return Float64Array.from(own, (p, k) => {
    if (k === positive) return probability;
    return (1 - probability) * (rest > 0 ? p / rest : 1 / (own.length - 1));
  });
}

function riskOf(probability: number): number {
  return Math.round(probability * MAX_RISK);
}

function nameOf({ name, version }: ModelCard): string {
  return `${name}@${version}`;
}

/**
 * What the model says.
 *
 * @param probability of the label that it is weighed for: the positive one, or the predicted one of a model that has none
 */
function behaviour({ predicted, score, sure }: Word, probability: number, silence: string | null): Finding {
  const source = EvidenceSource.Behaviour;
  if (silence !== null) return { source, finding: silence, weight: 0 };
  const percent = (score * 100).toFixed(score > 0.995 ? 1 : 0);
  const hedge = sure ? '' : ', which is too unsure for a verdict';
  const finding = `Packet sizes and times look like ${predicted} (${percent} %)${hedge}.`;
  return { source, finding, weight: logOdds(probability) };
}

function logOdds(probability: number): number {
  const bounded = Math.min(Math.max(probability, SUREST), 1 - SUREST);
  return Math.round(Math.log(bounded / (1 - bounded)) * 1000) / 1000;
}
