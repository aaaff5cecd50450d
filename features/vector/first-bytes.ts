/** Group `payload`: what the first bytes of a side look like: text, structure, or noise such as ciphertext. */
import { SAMPLE_BYTES } from '../flow/byte-sample.ts';
import { SideField } from '../flow/flow-state.ts';
import type { FillRow } from './flow-row.ts';
import { put } from './put.ts';
import { type ColumnsOf, columnsOfSide, type FeatureRows, ofBothSides } from './spec.ts';

const NONE = 'No payload of {side} was captured in this part.';
const LEAKS = 'Captures cut to headers have none, and later parts begin in the middle.';

const SIDE = {
  first_entropy: {
    type: 'float64',
    unit: 'bits',
    doc: `Shannon entropy of the first ${SAMPLE_BYTES} bytes (or fewer) of {side}'s first captured payload, bits a byte: at most log2 of their number.`,
    nulls: NONE,
    input: true,
    leaks: LEAKS,
  },
  first_printable: {
    type: 'float64',
    doc: 'Share of printable ASCII, tab, line feed and carriage return among those bytes of {side}.',
    nulls: NONE,
    input: true,
    leaks: LEAKS,
  },
} as const satisfies FeatureRows;

export const FIRST_BYTES = ofBothSides(SIDE);

export function firstBytesInto(out: ColumnsOf<typeof FIRST_BYTES>): FillRow {
  const [fwdColumns, bwdColumns] = [columnsOfSide(out, 'fwd', SIDE), columnsOfSide(out, 'bwd', SIDE)];
  return (row, { record, fwd, bwd }) => {
    putSide(row, record, fwd, fwdColumns);
    putSide(row, record, bwd, bwdColumns);
  };
}

function putSide(row: number, record: Float64Array, at: number, to: ColumnsOf<typeof SIDE>): void {
  const entropy = record[at + SideField.FirstEntropy]!;
  if (entropy < 0) return;
  put(to.first_entropy, row, entropy);
  put(to.first_printable, row, record[at + SideField.FirstPrintable]!);
}
