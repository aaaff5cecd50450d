/** One hash of everything that decides what a training learns. */
import { createHash } from 'node:crypto';
import type { LabelledData } from './labelled-rows.ts';

/** @param settings plain JSON */
export function trainingFingerprint({ data, groups, groupNames }: LabelledData, settings: object): string {
  const { matrix, labels, classNames, weights } = data;
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ settings, rows: matrix.rows, inputs: matrix.names, classNames, groupNames }));
  for (const column of [...matrix.columns, labels, groups, ...(weights === undefined ? [] : [weights])]) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest('hex');
}
