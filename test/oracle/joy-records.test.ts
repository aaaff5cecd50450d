/** Lengths and types of TLS records, as Cisco's joy wrote them down of each direction. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { isNull, type ListColumn, type ScalarColumn } from '../../core/table.ts';
import { extractCapture } from '../../features/extract.ts';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';

interface JoyFlow {
  readonly sp: number;
  /** Of each record: `b` its length, `tp` its type. */
  readonly tls?: { readonly srlt?: readonly { readonly b: number; readonly tp: number }[] };
}

test.skipIf(!hasSharedData).each([
  ['tls10.pcap', '8a8525eb-0394-4759-a90a-51d02bc023f8_base-tls10.json.gz'],
  ['tls12.pcap', '81112cf5-181d-4a92-a5e3-9963ef643998_base-tls12.json.gz'],
])('the records of %s are those of joy', async (capture, expected) => {
  const written = gunzipSync(readFileSync(sharedPath(`oracle/joy/expected/${expected}`))).toString();
  const flows = written.trim().split('\n').slice(1);
  const theirs = new Map<boolean, number[][]>();
  for (const { sp, tls } of flows.map((line) => JSON.parse(line) as JoyFlow)) {
    if (tls?.srlt !== undefined)
      theirs.set(
        sp !== 443,
        tls.srlt.map(({ b, tp }) => [b, tp]),
      );
  }
  const ours = new Map<boolean, number[][]>();
  await extractCapture(sharedPath(`oracle/joy/test/pcaps/${capture}`), ({ columns, length }) => {
    const lengths = columns.get('tls_record_lengths') as ListColumn<'list_int32'>;
    const types = columns.get('tls_record_types') as ListColumn<'list_int32'>;
    const ports = columns.get('dst_port') as ScalarColumn<'uint16'>;
    for (let row = 0; row < length; row++) {
      if (isNull(lengths, row) || ports.values[row] !== 443) continue;
      for (let i = lengths.offsets[row]!; i < lengths.offsets[row + 1]!; i++) {
        const isClient = lengths.items[i]! > 0;
        ours.set(isClient, [...(ours.get(isClient) ?? []), [Math.abs(lengths.items[i]!), types.items[i]!]]);
      }
    }
  });
  expect(ours).toEqual(theirs);
  expect(theirs.get(true)).toHaveLength(4);
  expect(theirs.get(false)).toHaveLength(7);
});
