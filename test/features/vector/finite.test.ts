/** No row has a number that is none, whatever was captured; and a column that is never null never is. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { isNull, type Table } from '../../../core/table.ts';
import { CaptureReader } from '../../../features/capture/reader.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { Extractor } from '../../../features/extractor.ts';
import { featureNamed } from '../../../features/vector/schema.ts';
import { pcap } from '../../support/captures.ts';
import { tcp, udp } from '../../support/frames.ts';

const demo = new Uint8Array(readFileSync(new URL('../../../datasets/samples/demo.pcap', import.meta.url)));

/** `name: value` of what should not be. */
function wrongIn(table: Table): string[] {
  return [...table.columns].flatMap(([name, column]) => {
    const isNullable = featureNamed(name)!.nulls !== '';
    return Array.from({ length: table.length }, (_, row) => row).flatMap((row) => {
      if (isNull(column, row)) return isNullable ? [] : [`${name}: null`];
      const values = column.type === 'float64' || column.type === 'uint53' ? [column.values[row]!] : [];
      return values.filter((value) => !Number.isFinite(value)).map((value) => `${name}: ${value}`);
    });
  });
}

function wrongRows(capture: Uint8Array): { readonly wrong: string[]; readonly rows: number } {
  const wrong: string[] = [];
  let rows = 0;
  const receive = (table: Table) => {
    wrong.push(...wrongIn(table));
    rows += table.length;
  };
  const extractor = new Extractor('x', nodeDigests, receive, {
    emit: { end: true, prefixes: [1, 2, 9, 30], intervalUs: 1_000_000 },
  });
  const reader = new CaptureReader('x', extractor);
  reader.write(capture);
  reader.finish();
  extractor.finish();
  return { wrong, rows };
}

test('in rows of the demo', () => {
  expect(wrongRows(demo).wrong).toEqual([]);
});

test('in rows of any flows: all at once, out of order, of one size, of a few packets', () => {
  const prng = new Prng('finite');
  let rows = 0;
  for (let round = 0; round < 150; round++) {
    const length = prng.integer(1, 80);
    const gap = prng.pick([0, 1, 1000, 3_000_000, 20_000_000]);
    const jitter = prng.pick([0, 0, 1000, 8_000_000]);
    const sizes = prng.pick([[0], [1], [40, 40], [0, 1, 60, 1400]]);
    const isTcp = prng.chance(0.6);
    const seqs = [1, 1];
    const frames = Array.from({ length }, (_, i) => {
      const side = prng.below(2) as 0 | 1;
      const payload = new Uint8Array(prng.pick(sizes)).fill(i);
      const ends = ['10.0.0.1:40000', '10.0.0.2:443'];
      const [from, to] = [ends[side]!, ends[1 - side]!];
      const seq = seqs[side]!;
      if (prng.chance(0.9)) seqs[side]! += payload.length;
      const flags = prng.pick([2, 18, 16, 16, 24, 17, 20]);
      const at = (1_000_000 + i * gap + prng.below(jitter + 1)) / 1e6;
      return { at, bytes: isTcp ? tcp({ from, to, seq, flags, payload }) : udp(from, to, payload) };
    });
    const result = wrongRows(pcap(frames));
    expect(result.wrong, `round ${round}`).toEqual([]);
    rows += result.rows;
  }
  expect(rows).toBeGreaterThan(1000);
});
