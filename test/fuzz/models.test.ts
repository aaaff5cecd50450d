/** Damaged models, the short turn: refused in one line, or scored with. `npm run fuzz` has the long one. */
import { afterAll, expect, test } from 'vitest';
import { extract } from '../../features/flows.ts';
import { sample, temporaryFolder } from '../cli/run.ts';
import { modelSamples } from './model-samples.ts';
import { useDamaged } from './models.ts';

const SEED = 1;
const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 600);
const folder = temporaryFolder();
afterAll(() => folder.remove());

test('every damaged model is refused or scores, and some do either', async () => {
  const samples = modelSamples();
  const table = (await extract(sample('demo.pcap')).next()).value!;
  const counts = { refused: 0, scored: 0 };
  for (let index = 0; index < INPUTS; index++) {
    const refusal = await useDamaged(samples, table, SEED, index, folder.at('model')).catch((cause: unknown) => {
      throw new Error(`seed ${SEED}, input ${index}: ${String(cause)}`, { cause });
    });
    counts[refusal === null ? 'scored' : 'refused']++;
  }
  expect(counts.refused).toBeGreaterThan(INPUTS / 4);
  expect(counts.scored).toBeGreaterThan(INPUTS / 20);
});
