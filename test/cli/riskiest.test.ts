import { expect, test } from 'vitest';
import { Riskiest } from '../../cli/riskiest.ts';
import { LIMITS } from '../../core/limits.ts';
import { Prng } from '../../core/prng.ts';
import type { Verdict } from '../../serve/verdict.ts';
import { rowsOf } from '../support/rows.ts';
import { miningModel, scoredTable } from '../support/scored-rows.ts';

/** Every third row has no list of names. */
const namesOf = (id: number) => (id % 3 === 0 ? null : [`n${id}`, 'shared']);
const verdict = (risk: number | null, predicted: string, score: number): Partial<Verdict> => ({
  risk,
  predicted,
  score,
});
const idsOf = (riskiest: Riskiest) => [...riskiest.tables()].flatMap(rowsOf).map(({ flow_id }) => flow_id);

function kept(most: number, verdicts: readonly Partial<Verdict>[]): unknown[] {
  const riskiest = new Riskiest(most, miningModel);
  riskiest.add(scoredTable(verdicts.map((said, i) => [{ flow_id: i, cert_dns_names: namesOf(i) }, said])));
  return idsOf(riskiest);
}

test('the riskiest come first; of equal risk the surest of mining, then the least sure of anything else, then the first', () => {
  const verdicts = [
    verdict(4, 'other', 0.6),
    verdict(5, 'other', 0.51),
    verdict(5, 'mining', 0.51),
    verdict(5, 'mining', 0.54),
    verdict(null, 'mining', 1),
    verdict(5, 'other', 0.5),
    verdict(4, 'other', 0.6),
  ];
  expect(kept(10, verdicts)).toEqual([3, 2, 5, 1, 0, 6, 4]);
  expect(kept(3, verdicts)).toEqual([3, 2, 5]);
});

test('rows keep all their cells, and tables of any size give the same as one, sorted', () => {
  const prng = new Prng(3);
  const verdicts = Array.from({ length: 900 }, () => verdict(prng.below(11), 'mining', 0.9));
  const sorted = verdicts
    .map(({ risk }, i) => [risk!, i] as const)
    .sort((a, b) => b[0] - a[0] || a[1] - b[1])
    .map(([, i]) => i);
  for (const most of [1, 40, 500, 1000]) {
    const riskiest = new Riskiest(most, miningModel);
    for (const [i, said] of verdicts.entries())
      riskiest.add(scoredTable([[{ flow_id: i, cert_dns_names: namesOf(i) }, said]]));
    expect(idsOf(riskiest)).toEqual(sorted.slice(0, most));
    expect(riskiest.seen).toBe(900);
    for (const row of [...riskiest.tables()].flatMap(rowsOf))
      expect(row['cert_dns_names']).toEqual(namesOf(row['flow_id'] as number));
  }
});

test('tables are no longer than a batch', () => {
  const riskiest = new Riskiest(20_000, miningModel);
  const verdicts = Array.from({ length: 3000 }, () => verdict(1, 'other', 0.9));
  for (let i = 0; i < 3; i++) riskiest.add(scoredTable(verdicts.map((said, id) => [{ flow_id: i * 3000 + id }, said])));
  expect([...riskiest.tables()].map(({ length }) => length)).toEqual([LIMITS.batchRows, 9000 - LIMITS.batchRows]);
  expect(idsOf(riskiest)).toEqual(Array.from({ length: 9000 }, (_, i) => i));
});
