/**
 * Sequences as a net can use them: what each tower reads, and the scaling of its channels, fitted on the training rows
 * alone and exported inside the ONNX graph.
 */
import { LIMITS } from '../../core/limits.ts';
import { ListForm, type ListPart } from '../../models/card.ts';
import { columnOfPlace } from '../../models/inputs.ts';
import { channelCount, type Scaling, type SequencePreparation } from '../../models/onnx/sequence-net.ts';
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

/** The sequences that the columns of a matrix hold, each with its scaling. */
export function fitSequences(matrix: FeatureMatrix): FittedSequence[] {
  return SERIES.flatMap(({ name, sizes, times, kinds }) => {
    const size = placesOf(matrix.names, sizes);
    const step = placesOf(matrix.names, times);
    if (size === null || step === null) return [];
    const kind = kinds === null ? null : placesOf(matrix.names, kinds);
    const columns = (from: number) => matrix.columns.slice(from, from + size.length);
    const preparation: SequencePreparation = {
      length: size.length,
      sizesAt: size.from,
      size: scalingOf(columns(size.from), Math.abs),
      stepsAt: step.from,
      step: scalingOf(columns(step.from), (value) => value),
      kindsAt: kind?.from ?? null,
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
  const { length, sizesAt, size, stepsAt, step, kindsAt, kinds, clip } = preparation;
  const channels = channelCount(preparation);
  const out = new Float32Array(count * length * channels);
  for (let row = 0; row < count; row++) {
    const from = row * width;
    for (let position = 0; position < length; position++) {
      const bytes = rows[from + sizesAt + position]!;
      if (Number.isNaN(bytes)) continue;
      const at = (row * length + position) * channels;
      out[at] = 1;
      out[at + 1] = scaled(Math.abs(bytes), size, clip);
      out[at + 2] = Math.sign(bytes);
      out[at + 3] = scaled(rows[from + stepsAt + position]!, step, clip);
      if (kindsAt === null) continue;
      const kind = kinds.indexOf(rows[from + kindsAt + position]!);
      if (kind >= 0) out[at + 4 + kind] = 1;
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

/** Where the items of a column stand; null where they do not, or not one behind the other. */
function placesOf(names: readonly string[], column: string): { from: number; length: number } | null {
  const from = names.indexOf(`${column}[0]`);
  if (from < 0) return null;
  let length = 0;
  while (names[from + length] === `${column}[${length}]`) length++;
  return { from, length };
}
