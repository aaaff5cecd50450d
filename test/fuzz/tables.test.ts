/** Damaged flow tables, the short turn: rows or one line, never anything else. `npm run fuzz` has the long one. */
import { beforeAll, expect, test } from 'vitest';
import { sample } from '../cli/run.ts';
import { tableSamples } from './table-samples.ts';
import { readDamaged, type TableSample } from './tables.ts';

const SEED = 1;
const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 1500);
let samples: TableSample[];
beforeAll(async () => {
  samples = await tableSamples(sample('demo.pcap'));
});

test('every damaged table is read or refused, and of each format some are', async () => {
  const refused = new Set<string>();
  const read = new Set<string>();
  for (let index = 0; index < INPUTS; index++) {
    const { sample, refusal } = await readDamaged(samples, SEED, index).catch((cause: unknown) => {
      throw new Error(`seed ${SEED}, input ${index}: ${String(cause)}`, { cause });
    });
    (refusal === null ? read : refused).add(sample.kind);
  }
  expect([...refused].sort()).toEqual(['arrow', 'arrows', 'csv', 'jsonl', 'parquet']);
  expect([...read].sort()).toEqual(['arrow', 'arrows', 'csv', 'jsonl', 'parquet']);
});
