import { expect, test } from 'vitest';
import { VerdictTally } from '../../cli/verdict-tally.ts';
import { createTable, type ScalarColumn, type Table, type TextColumn } from '../../core/table.ts';
import { appendText } from '../../core/text-column.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import type { Verdict } from '../../serve/verdict.ts';

/** flow, kind of row, why its part ended, verdict. */
type Row = readonly [flow: number, kind: string, reason: string | null, verdict: string];

function tableOf(rows: readonly Row[]): Table {
  const specs = FEATURES.filter(({ name }) => ['flow_id', 'row_kind', 'end_reason'].includes(name));
  const table = createTable(specs, rows.length);
  table.length = rows.length;
  const text = (name: string) => table.columns.get(name) as TextColumn;
  rows.forEach(([flow, kind, reason], row) => {
    (table.columns.get('flow_id') as ScalarColumn<'uint53'>).values[row] = flow;
    appendText(text('row_kind'), row, kind);
    if (reason === null) text('end_reason').offsets[row + 1] = text('end_reason').offsets[row]!;
    else appendText(text('end_reason'), row, reason);
  });
  return table;
}

const verdicts = (rows: readonly Row[]) => rows.map(([, , , verdict]) => ({ verdict }) as Verdict);

function add(tally: VerdictTally, ...rows: readonly Row[]): VerdictTally {
  tally.add(tableOf(rows), verdicts(rows));
  return tally;
}

test('a flow counts once, with the verdict of its last row, however many rows it has', () => {
  const tally = add(
    new VerdictTally(),
    [1, 'prefix', null, 'unknown'],
    [2, 'prefix', null, 'mining'],
    [1, 'interval', null, 'mining'],
    [2, 'end', 'fin', 'other'],
  );
  add(tally, [1, 'end', 'active', 'mining'], [1, 'end', 'idle', 'mining']);
  expect(Object.fromEntries(tally.flows)).toEqual({ mining: 1, other: 1 });
  expect(tally.rows).toBe(6);
});

test('flows whose end is not written count by the last row that is', () => {
  const tally = add(
    new VerdictTally(),
    [1, 'prefix', null, 'unknown'],
    [1, 'prefix', null, 'other'],
    [2, 'prefix', null, 'other'],
  );
  expect(Object.fromEntries(tally.flows)).toEqual({ other: 2 });
});

test('a verdict that was taken back has been met', () => {
  const tally = add(new VerdictTally(), [1, 'prefix', null, 'mining'], [1, 'end', 'fin', 'other']);
  expect([tally.hasMet(['mining']), tally.hasMet(['unknown']), tally.hasMet([])]).toEqual([true, false, false]);
  expect(tally.flows.has('mining')).toBe(false);
});

test('the same flow in another input is another flow', () => {
  const tally = add(new VerdictTally(), [1, 'end', 'active', 'other']);
  tally.endInput();
  expect(Object.fromEntries(add(tally, [1, 'end', 'fin', 'other']).flows)).toEqual({ other: 2 });
});

test('each row of a table without flow_id is a flow', () => {
  const tally = new VerdictTally();
  tally.add({ specs: [], columns: new Map(), length: 2 }, [{ verdict: 'other' }, { verdict: 'other' }] as Verdict[]);
  expect(Object.fromEntries(tally.flows)).toEqual({ other: 2 });
});

test('goes on from what another has noted', () => {
  const before = add(new VerdictTally(), [1, 'prefix', null, 'mining'], [1, 'end', 'fin', 'other']);
  const after = add(new VerdictTally(before.state()), [2, 'end', 'fin', 'unknown']);
  expect({ ...after.state(), flows: Object.fromEntries(after.flows) }).toEqual({
    rows: 3,
    flows: { other: 1, unknown: 1 },
    met: ['mining', 'other', 'unknown'],
  });
});
