/** From probabilities to what a user acts on. */
import { type Finding, type ScalarColumn, type Table, textCell } from '../core/table.ts';
import { isVerdict, type ModelCard } from '../models/card.ts';

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
export function outOfScope(card: ModelCard, table: Table, row: number): string | null {
  const protocol = textCell(table, 'protocol', row);
  const { protocols, minPayloadPackets } = card.scope;
  if (protocol !== null && !protocols.includes(protocol)) {
    return `The model was trained on ${protocols.join(' and ')} flows and does not speak of ${protocol}.`;
  }
  const payloads = count(table, 'fwd_payload_packets', row) + count(table, 'bwd_payload_packets', row);
  if (payloads < minPayloadPackets) {
    return `Only ${payloads} packets with payload; the model needs ${minPayloadPackets} to speak of a flow.`;
  }
  return null;
}

function count(table: Table, name: string, row: number): number {
  return (table.columns.get(name) as ScalarColumn<'uint32'> | undefined)?.values[row] ?? 0;
}

/**
 * @param probabilities row-major [rows, card.labels.length]
 * @param silence why the model does not speak of this row, or null
 */
export function judge(card: ModelCard, probabilities: Float32Array, row: number, silence: string | null): Verdict {
  const { labels } = card;
  const at = row * labels.length;
  let best = 0;
  for (let k = 1; k < labels.length; k++) if (probabilities[at + k]! > probabilities[at + best]!) best = k;
  const predicted = labels[best]!;
  const score = probabilities[at + best]!;
  const sure = isVerdict(card, predicted, score);
  const model = `${card.name}@${card.version}`;
  const positive = card.positive === null ? -1 : labels.indexOf(card.positive);
  // Of a flow that the model does not speak of, its probability says nothing, so neither does a risk made of it.
  const risk = positive < 0 ? null : silence !== null ? 0 : Math.round(probabilities[at + positive]! * MAX_RISK);
  const finding = silence ?? behaviour(predicted, score, sure);
  const weight = silence === null ? logOdds(score) : 0;
  return {
    predicted,
    score,
    verdict: silence === null && sure ? predicted : UNKNOWN,
    risk,
    evidence: [{ source: 'behaviour', finding, weight }],
    model,
  };
}

function behaviour(predicted: string, score: number, sure: boolean): string {
  const percent = (score * 100).toFixed(score > 0.995 ? 1 : 0);
  const hedge = sure ? '' : ', which is too unsure for a verdict';
  return `Packet sizes and times look like ${predicted} (${percent} %)${hedge}.`;
}

function logOdds(probability: number): number {
  const bounded = Math.min(Math.max(probability, SUREST), 1 - SUREST);
  return Math.round(Math.log(bounded / (1 - bounded)) * 1000) / 1000;
}
