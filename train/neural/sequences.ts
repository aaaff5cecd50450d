/**
 * Sequences as a net can use them: what each tower reads, and the scaling of its channels, fitted on the training rows
 * alone and exported inside the ONNX graph.
 */
import { LIMITS } from '../../core/limits.ts';
import { ListForm, type ListPart } from '../../models/card.ts';
import { columnOfPlace } from '../../models/inputs.ts';
import { channelCount, presenceAt, type Scaling, type SequencePreparation } from '../../models/onnx/sequence-net.ts';
import type { FeatureMatrix } from '../matrix.ts';
import { CLIP, LEAST_DEVIATION, signedLog, summarise } from './preparation.ts';

/** Positions that a tower reads. */
export const POSITIONS = LIMITS.sequence;

interface Series {
  readonly name: string;
  /** Columns of lists. */
  readonly sizes: string;
  readonly times: string;
  readonly kinds: string | null;
}

const SERIES: readonly Series[] = [
  { name: 'packets', sizes: 'payload_sizes', times: 'payload_times_us', kinds: null },
  {
    name: 'records',
    sizes: 'tls_record_lengths',
    times: 'tls_record_times_us',
    kinds: 'tls_record_types',
  },
];

/** Content types that TLS has (RFC 8446 5.1, RFC 6520): change_cipher_spec, alert, handshake, application_data, heartbeat. */
const KINDS = [20, 21, 22, 23, 24];

/** The columns of lists that a sequence net reads, and how. */
export const SEQUENCE_LISTS: Readonly<Record<string, ListPart>> = Object.fromEntries(
  SERIES.flatMap(({ sizes, times, kinds }) => [
    [sizes, { length: POSITIONS, form: ListForm.Items }],
    [times, { length: POSITIONS, form: ListForm.Steps }],
    ...(kinds === null ? [] : [[kinds, { length: POSITIONS, form: ListForm.Items }]]),
  ]),
);

export interface FittedSequence {
  readonly name: string;
  readonly preparation: SequencePreparation;
}

/** The sequences that the columns of a matrix hold, whole or in part, each with its scaling. */
export function fitSequences(matrix: FeatureMatrix): FittedSequence[] {
  return SERIES.flatMap(({ name, sizes, times, kinds }) => {
    const size = placesOf(matrix.names, sizes);
    const step = placesOf(matrix.names, times);
    const kind = kinds === null ? null : placesOf(matrix.names, kinds);
    const length = (size ?? step ?? kind)?.length;
    if (length === undefined) return [];
    const preparation: SequencePreparation = {
      length,
      sizes: size && { at: size.at, scaling: scalingOf(matrix.columns.slice(size.at, size.at + length), Math.abs) },
      steps: step && { at: step.at, scaling: scalingOf(matrix.columns.slice(step.at, step.at + length), Number) },
      kindsAt: kind?.at ?? null,
      kinds: kind === null ? [] : KINDS,
      clip: CLIP,
    };
    return [{ name, preparation }];
  });
}

/** The numbers of the columns that hold no items of lists. */
export function vectorColumns(names: readonly string[]): number[] {
  return [...names.keys()].filter((i) => columnOfPlace(names[i]!).item === null);
}

/**
 * Channels of each position, as SequencePreparation says.
 *
 * @param rows row-major [count, width]
 * @returns row-major [count, length, channels]
 */
export function prepareSequences(
  preparation: SequencePreparation,
  rows: Float32Array,
  count: number,
  width: number,
): Float32Array {
  const { length, sizes, steps, kindsAt, kinds, clip } = preparation;
  const channels = channelCount(preparation);
  const presence = presenceAt(preparation);
  const out = new Float32Array(count * length * channels);
  for (let row = 0; row < count; row++) {
    const from = row * width;
    for (let position = 0; position < length; position++) {
      if (Number.isNaN(rows[from + presence + position]!)) continue;
      let at = (row * length + position) * channels;
      out[at++] = 1;
      if (sizes !== null) {
        const bytes = rows[from + sizes.at + position]!;
        out[at++] = scaled(Math.abs(bytes), sizes.scaling, clip);
        out[at++] = Math.sign(bytes);
      }
      if (steps !== null) out[at++] = scaled(rows[from + steps.at + position]!, steps.scaling, clip);
      if (kindsAt === null) continue;
      const kind = kinds.indexOf(rows[from + kindsAt + position]!);
      if (kind >= 0) out[at + kind] = 1;
    }
  }
  return out;
}

function scaled(value: number, { mean, scale }: Scaling, clip: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(Math.fround(signedLog(value) - mean) / scale, -clip), clip);
}

/** Of all positions together: a size means the same wherever it stands. */
function scalingOf(columns: readonly Float32Array[], of: (value: number) => number): Scaling {
  const all = new Float32Array(columns.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const column of columns) for (const value of column) all[at++] = of(value);
  const { mean, deviation } = summarise(all);
  const varies = deviation > LEAST_DEVIATION * Math.max(1, Math.abs(mean));
  return { mean: Math.fround(mean), scale: varies ? Math.fround(deviation) : 1 };
}

/** Where the items of a column stand, one behind the other; null where they are not there. */
function placesOf(names: readonly string[], column: string): { at: number; length: number } | null {
  const at = names.indexOf(`${column}[0]`);
  if (at < 0) return null;
  let length = 0;
  while (names[at + length] === `${column}[${length}]`) length++;
  return { at, length };
}
