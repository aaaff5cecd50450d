/** Every capture of the shared data goes through the extractor: nothing throws, nothing is lost, nothing is no number. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Table } from '../../core/table.ts';
import { extractCapture } from '../../features/extract.ts';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';

const NO_CAPTURE = ['NOT_A_CAPTURE', 'FILE_EMPTY'];

function filesIn(folder: string): string[] {
  return readdirSync(sharedPath(folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => statSync(sharedPath(name)).isFile());
}

/** The packets that the rows account for, or NaN if any value is none. */
function packetsOf(batch: Table): number {
  let packets = 0;
  for (const [name, column] of batch.columns) {
    // What a certificate claims may lie before 1970, and end before it begins.
    if (name.startsWith('cert_')) continue;
    if (column.type === 'float64' || column.type === 'uint53' || column.type === 'uint32') {
      const isCount = name === 'fwd_packets' || name === 'bwd_packets';
      for (let row = 0; row < batch.length; row++) {
        const value = column.values[row]!;
        if (column.valid[row] === 1 && !(value >= 0 && value < Infinity)) return Number.NaN;
        if (isCount) packets += value;
      }
    }
  }
  return packets;
}

async function problemOf(path: string): Promise<string | null> {
  let packets = 0;
  try {
    const { counters } = await extractCapture(path, (batch) => {
      packets += packetsOf(batch);
    });
    return packets === counters.packets ? null : `${path}: ${packets} packets in rows, ${counters.packets} counted`;
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    return NO_CAPTURE.includes(code) ? null : `${path}: ${String(error)}`;
  }
}

test.skipIf(!hasSharedData).each(['robustness', 'oracle'])('every file under %s', async (folder) => {
  const problems: string[] = [];
  const files = filesIn(folder);
  for (const file of files) {
    const problem = await problemOf(sharedPath(file));
    if (problem !== null) problems.push(problem);
  }
  expect(problems).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
});
