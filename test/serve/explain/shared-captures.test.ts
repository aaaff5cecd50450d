/** Explanations of recorded traffic: whatever a flow is, its contributions add up to the score that it got. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { copyTable } from '../../../core/copy-table.ts';
import { type Table, takeTableRows } from '../../../core/table.ts';
import { extractCapture } from '../../../features/extract.ts';
import { loadModelFolder } from '../../../models/folder.ts';
import { Scorer } from '../../../serve/engine.ts';
import { explainRow } from '../../../serve/explain/explain.ts';
import { hasSharedData, sharedPath } from '../../support/shared-data.ts';

const FOLDER = 'labelled/mining/nesfit/';
const captures = hasSharedData ? readdirSync(sharedPath(FOLDER)).map((name) => sharedPath(FOLDER + name)) : [];

describe.skipIf(!hasSharedData)('recorded mining', () => {
  test('is explained by contributions that add up', async () => {
    const { onnx } = loadModelFolder('mining');
    const scorer = await Scorer.open('mining');
    let explained = 0;
    for (const capture of captures) {
      const tables: Table[] = [];
      await extractCapture(capture, (batch) => void tables.push(copyTable(batch)));
      for (const table of tables) {
        const verdicts = await scorer.score(capture, table.specs, table);
        for (let row = 0; row < Math.min(table.length, 10); row++) {
          const { effects, probabilities, timeline } = await explainRow(
            scorer,
            onnx,
            takeTableRows(table, [row]),
            verdicts[row]!,
          );
          const sum = effects!.inputs.reduce((total, { contribution }) => total + contribution, effects!.base!);
          expect(effects!.method).toBe('shapley');
          expect(1 / (1 + Math.exp(-sum))).toBeCloseTo(probabilities[0]!, 5);
          expect(timeline!.messages.every(({ bytes }) => bytes > 0)).toBe(true);
          explained++;
        }
      }
    }
    await scorer.close();
    expect(explained).toBeGreaterThan(captures.length);
  });
});
