import { expect, test } from 'vitest';
import { VerdictHistory } from '../../../serve/alerts/verdict-history.ts';
import { heldBytes } from '../../support/heap.ts';
import { benign } from '../../support/scored-rows.ts';
import { abstains, at, judgedRows, manyRows, silent, type Told } from '../live/judged.ts';

const standings = (history: VerdictHistory, ...told: readonly Told[]) =>
  history.take(judgedRows(...told)).turns.map(({ standing, before }) => [standing, before?.verdict ?? null]);

const prefix = { row_kind: 'prefix' };
const cut = { row_kind: 'end', end_reason: 'active' };

test('each row of a flow is its first verdict, the same again or another one', () => {
  const history = new VerdictHistory();
  expect(
    standings(history, [prefix, abstains], [prefix, abstains], [prefix], [{ ...prefix, flow_id: 7 }], [{}]),
  ).toEqual([
    ['first', null],
    ['unchanged', 'unknown'],
    ['changed', 'unknown'],
    ['first', null],
    ['unchanged', 'mining'],
  ]);
  expect(history.facts()).toMatchObject({ first: 2, unchanged: 2, changed: 1, silent: 0, told: 1, given_up: 0 });
});

test('a change is told with what the flow was called before, and with the evidence that changed most', () => {
  const read = { source: 'protocol', finding: 'Stratum v1: authorised as 9dbb.', weight: 12 };
  const history = new VerdictHistory();
  history.take(
    judgedRows([
      prefix,
      { ...abstains, evidence: [...abstains.evidence!, { source: 'names', finding: 'A pool.', weight: 2 }] },
    ]),
  );
  const { records } = history.take(
    judgedRows([
      { ...prefix, ...at('04:10') },
      { evidence: [read, { source: 'behaviour', finding: 'Like mining.', weight: 0.9 }] },
    ]),
  );
  expect(records).toEqual([
    {
      kind: 'record',
      record: 'change',
      time: '2026-02-03T04:10:00.000000000Z',
      body: {
        flow_id: 4503599627370497,
        part: 0,
        row_kind: 'prefix',
        community_id: '1:5Y2eH/ePLSV3lfkhTbyf+hKtdCQ=',
        src_ip: '10.0.0.1',
        src_port: 40000,
        dst_ip: '192.0.2.9',
        dst_port: 443,
        protocol: 'tcp',
        before: { verdict: 'unknown', score: 0.7, risk: 7, model: 'mining@7' },
        after: { verdict: 'mining', score: 0.96, risk: 10, model: 'mining@7' },
        why: [
          { source: 'protocol', before: 0, after: 12, finding: 'Stratum v1: authorised as 9dbb.' },
          { source: 'names', before: 2, after: 0, finding: null },
          { source: 'behaviour', before: 0.85, after: 0.9, finding: 'Like mining.' },
        ],
        sentence:
          'From unknown to mining. protocol +12.0: Stratum v1: authorised as 9dbb. names -2.0, which says nothing any more. behaviour +0.1: Like mining.',
      },
    },
  ]);
});

test('a flow that goes to and fro tells each change once', () => {
  const history = new VerdictHistory();
  const toAndFro = Array.from({ length: 50 }, (_, i): Told => [prefix, i % 2 === 0 ? abstains : undefined]);
  const { turns, records } = history.take(judgedRows(...toAndFro));
  expect(turns.filter(({ standing }) => standing === 'changed')).toHaveLength(49);
  expect(records.map(({ body }) => body['sentence'])).toEqual([
    expect.stringMatching(/^From unknown to mining/),
    expect.stringMatching(/^From mining to unknown/),
  ]);
});

test('the next part of a flow is the same flow, and that it cannot be judged yet takes nothing back', () => {
  const history = new VerdictHistory();
  expect(
    standings(history, [cut], [{ ...prefix, part: 1 }, silent], [{ ...cut, part: 1 }], [{ part: 2 }, benign]),
  ).toEqual([
    ['first', null],
    ['silent', 'mining'],
    ['unchanged', 'mining'],
    ['changed', 'mining'],
  ]);
  expect(history.facts()['flows']).toBe(0);
});

test('before the model speaks of a flow there is no verdict to change', () => {
  const history = new VerdictHistory();
  expect(standings(history, [prefix, silent], [prefix], [{}])).toEqual([
    ['silent', null],
    ['first', null],
    ['unchanged', 'mining'],
  ]);
});

test('a flow is forgotten when it ends, so that its number may come again', () => {
  const history = new VerdictHistory();
  expect(standings(history, [prefix], [{}], [{}])).toEqual([
    ['first', null],
    ['unchanged', 'mining'],
    ['first', null],
  ]);
  expect(history.facts()['flows']).toBe(0);
});

test('another model that judges otherwise is named in the change', () => {
  const history = new VerdictHistory();
  history.take(judgedRows([prefix, benign]));
  const [record] = history.take(judgedRows([prefix, { model: 'mining@8' }])).records;
  expect(record!.body['sentence']).toContain('Judged by mining@8, before by mining@7.');
});

test('a million flows that never end stay within the bound, and what was forgotten is counted', () => {
  const history = new VerdictHistory({ flows: 20_000 });
  const chunk = (from: number) => history.take(manyRows({ from, count: 10_000, rowKind: 'prefix' }));
  for (let from = 0; from < 200_000; from += 10_000) chunk(from);
  const early = heldBytes();
  for (let from = 200_000; from < 1_000_000; from += 10_000) chunk(from);
  const facts = history.facts();
  expect(facts['flows']).toBeLessThanOrEqual(20_000);
  expect(facts['flows']! + facts['given_up']!).toBe(1_000_000);
  expect(facts['first']).toBe(1_000_000);
  expect(heldBytes() - early).toBeLessThan(30_000_000);
}, 180_000);

test('another capacity forgets what is held', () => {
  const history = new VerdictHistory();
  history.take(judgedRows([prefix]));
  history.reconfigure({});
  expect(history.facts()['flows']).toBe(1);
  history.reconfigure({ flows: 10 });
  expect(history.facts()).toMatchObject({ flows: 0, given_up: 1 });
});
