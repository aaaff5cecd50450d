import { expect, test } from 'vitest';
import { ErrorCode, type FlowlampError } from '../../../core/errors.ts';
import { numberCell, textCell } from '../../../core/table.ts';
import { FlowChoice } from '../../../serve/explain/choice.ts';
import { parseSelector } from '../../../serve/explain/selector.ts';
import type { Verdict } from '../../../serve/verdict.ts';
import { tableOf, verdictOf } from './table.ts';

const ends = { src_ip: '10.0.0.5', src_port: 4000, dst_ip: '192.0.2.1', dst_port: 443 };
const row = (flow_id: number, part: number, more = {}) => ({
  capture: 'a.pcap',
  flow_id,
  part,
  row_kind: 'end',
  ...ends,
  ...more,
});

function choose(
  flow: string | null,
  part: number | null,
  ...batches: readonly (readonly [Record<string, unknown>, Verdict])[][]
) {
  const choice = new FlowChoice(flow === null ? null : parseSelector(flow), part);
  for (const batch of batches) {
    choice.take(
      'a.pcap',
      tableOf(...batch.map(([cells]) => cells)),
      batch.map(([, verdict]) => verdict),
    );
  }
  return choice.finish('a.pcap', flow ?? '');
}

const three = [
  [row(1, 0), verdictOf(2)],
  [row(1, 1), verdictOf(8)],
  [row(2, 0), verdictOf(9)],
] as const;

test('without a name the riskiest row of all batches is chosen, and the next are told', () => {
  const { table, name, others, meant } = choose(null, null, [three[0]], [three[2]], [three[1]]);
  expect([table.length, numberCell(table, 'flow_id', 0), name.flowId]).toEqual([1, 2, 2]);
  expect(others.map(({ flowId, part }) => [flowId, part])).toEqual([[1, 1]]);
  expect(meant).toBe(3);
});

test('of a flow with several rows the riskiest is chosen, and all are told in their order', () => {
  const { name, rows, others } = choose('1', null, [...three]);
  expect(name.part).toBe(1);
  expect(rows.map(({ part, verdict }) => [part, verdict.risk])).toEqual([
    [0, 2],
    [1, 8],
  ]);
  expect(others).toEqual([]);
});

test('a part is chosen by its number', () => {
  expect(choose('1', 0, [...three]).name.part).toBe(0);
});

test('risk decides before score, and where the model has no risk the score does', () => {
  const surer = choose(null, null, [
    [row(1, 0), verdictOf(0, 0.99)],
    [row(2, 0), verdictOf(1, 0.5)],
  ]);
  expect(surer.name.flowId).toBe(2);
  const plain = choose(null, null, [
    [row(1, 0), verdictOf(null, 0.6)],
    [row(2, 0), verdictOf(null, 0.8)],
  ]);
  expect(plain.name.flowId).toBe(2);
});

test('one flow_id in two captures is two flows', () => {
  const { rows, others } = choose('1', null, [
    [row(1, 0), verdictOf(5)],
    [row(1, 0, { capture: 'b.pcap' }), verdictOf(4)],
  ]);
  expect(rows.map(({ capture }) => capture)).toEqual(['a.pcap']);
  expect(others.map(({ capture }) => capture)).toEqual(['b.pcap']);
});

test('a host with thousands of flows is told by a few, and the chosen row is its riskiest', () => {
  const batches = Array.from({ length: 5 }, (_, batch) =>
    Array.from(
      { length: 1000 },
      (_, i) => [row(batch * 1000 + i, 0), verdictOf(batch === 3 && i === 7 ? 10 : 1, i / 1000)] as const,
    ),
  );
  const { name, others, meant } = choose('10.0.0.5', null, ...batches);
  expect([name.flowId, others.length, meant]).toEqual([3007, 4, 5000]);
  expect(others.every(({ verdict }) => verdict.score === 0.999)).toBe(true);
});

test('the chosen row is a copy: its batch may be filled anew', () => {
  const choice = new FlowChoice(null, null);
  const lent = tableOf(row(1, 0));
  choice.take('a.pcap', lent, [verdictOf(1)]);
  (lent.columns.get('flow_id') as { values: Float64Array }).values[0] = 99;
  const { table } = choice.finish('a.pcap', '');
  expect([numberCell(table, 'flow_id', 0), textCell(table, 'src_ip', 0)]).toEqual([1, '10.0.0.5']);
});

function failure(act: () => unknown): FlowlampError {
  try {
    act();
  } catch (error) {
    return error as FlowlampError;
  }
  throw new Error('nothing was thrown');
}

test('a flow that is not there is refused with those that look most like it', () => {
  const error = failure(() =>
    choose('894685463459264', null, [
      [row(3, 0), verdictOf(9)],
      [row(8946854634592640, 0), verdictOf(1)],
      [row(4, 0), verdictOf(2)],
      [row(5, 0), verdictOf(1)],
    ]),
  );
  expect(error.code).toBe(ErrorCode.NothingFound);
  expect(error.happened).toBe('none of 4 rows in a.pcap is of the flow 894685463459264');
  // The likeliest first, then the riskiest.
  expect(error.expected).toMatch(
    /^one of them, perhaps 8946854634592640 \(10\.0\.0\.5:4000 -> 192\.0\.2\.1:443, other, other 0\.90\); 3 \(.*\); 4 \(/,
  );
});

test('a part that is not there is refused with those that are', () => {
  const error = failure(() => choose('1', 5, [...three]));
  expect([error.code, error.happened, error.expected]).toEqual([
    ErrorCode.NothingFound,
    'there is no part 5 of 1 in a.pcap',
    'one of the parts 0, 1',
  ]);
});

test('no rows at all are said to be none', () => {
  expect(failure(() => choose('1', null)).happened).toBe('there is no flow in a.pcap');
});

test('a table that cannot say which row is meant is refused by the column', () => {
  const error = failure(() => choose('1', null, [[{ sni: 'a' }, verdictOf(1)]]));
  expect([error.code, error.happened]).toEqual([
    ErrorCode.ColumnMissing,
    'a.pcap has no column flow_id, so no row of it can be told by it',
  ]);
});
