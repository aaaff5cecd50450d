/**
 * Damaged model folders, one after the other, everything drawn from the seed and the number of the input: a model.onnx whose
 * card names its checksum, so that the damage is met, or a card. Each must be refused in one line or score a table.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import type { Table } from '../../core/table.ts';
import type { ModelCard } from '../../models/card.ts';
import { RUNTIMES, Scorer } from '../../serve/engine.ts';
import { mutate } from './mutate.ts';

export interface ModelSample {
  readonly name: string;
  readonly card: ModelCard;
  readonly onnx: Uint8Array;
}

const REFUSALS: readonly string[] = ['MODEL_INVALID', 'SCHEMA_MISMATCH', 'UNSUPPORTED'];
const LONGEST_LINE = 3100;
/** What a card may hold in the place of anything else. */
const WRONG = [null, true, -1, 1e308, '', 'x', '\u001b[31m', [], {}, [[]], 'x'.repeat(1000), 2 ** 53, 0.5] as const;

function withDamage(bytes: Uint8Array, other: Uint8Array, random: Prng): Uint8Array {
  const room = new Uint8Array(bytes.length + 64);
  room.set(bytes);
  return room.slice(0, mutate(room, bytes.length, other, random));
}

/** One member of the card, anywhere in it, exchanged for something else, or taken out. */
function editMember(value: unknown, random: Prng): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.15)) return structuredClone(random.pick(WRONG));
  const keys = Object.keys(value);
  if (keys.length === 0) return random.pick(WRONG);
  const key = random.pick(keys);
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  if (random.chance(0.1)) delete copy[key];
  else copy[key] = editMember(copy[key], random);
  return copy;
}

/** Writes the files of an input to a folder. */
export function writeDamaged(samples: readonly ModelSample[], seed: number, index: number, dir: string): Prng {
  const random = new Prng(`models ${seed}/${index}`);
  const { card, onnx } = random.pick(samples);
  const other = random.pick(samples).onnx;
  let [bytes, text] = [onnx, ''];
  const kind = random.below(4);
  if (kind < 2) bytes = withDamage(onnx, other, random);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const listed = { ...card, files: [{ name: 'model.onnx', sha256 }] };
  text = JSON.stringify(kind === 2 ? editMember(listed, random) : listed);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'model.onnx'), bytes);
  const cardBytes = new TextEncoder().encode(text);
  writeFileSync(join(dir, 'card.json'), kind === 3 ? withDamage(cardBytes, other, random) : cardBytes);
  return random;
}

/**
 * Opens one damaged model and scores a table with it.
 *
 * @returns the refusal, null where it scored
 * @throws Error for anything else
 */
export async function useDamaged(
  samples: readonly ModelSample[],
  table: Table,
  seed: number,
  index: number,
  dir: string,
): Promise<FlowlampError | null> {
  const random = writeDamaged(samples, seed, index, dir);
  try {
    const scorer = await Scorer.open(dir, random.pick(RUNTIMES));
    try {
      for (const { score } of await scorer.score('fuzz', table.specs, table)) {
        if (!(score >= 0 && score <= 1.001)) throw new Error(`a score of ${score}`);
      }
    } finally {
      await scorer.close();
    }
    return null;
  } catch (error) {
    if (!(error instanceof FlowlampError) || !REFUSALS.includes(error.code)) throw error;
    if (error.message.includes('\n') || error.message.length > LONGEST_LINE) throw error;
    return error;
  }
}
