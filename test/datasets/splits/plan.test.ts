import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { registrableDomain } from '../../../datasets/splits/groups.ts';
import { Left, type SplitOptions, SplitPlanner } from '../../../datasets/splits/plan.ts';
import { flowTable } from '../flow-table.ts';

const TWO = [
  { name: 'train', share: 0.8 },
  { name: 'test', share: 0.2 },
];
const DEFAULTS: SplitOptions = {
  by: ['capture'],
  sides: TWO,
  kind: 'groups',
  stratify: true,
  seed: 1,
  target: 'label',
  shortestSequence: 3,
};

function planOf(rows: readonly Record<string, unknown>[], options: Partial<SplitOptions> = {}) {
  const planner = new SplitPlanner({ ...DEFAULTS, ...options });
  planner.add('test', flowTable(rows));
  return planner.plan();
}

/** Flows of unequal captures, a few clients in each, servers that several captures have in common. */
function flows(seed: number) {
  const random = new Prng(seed);
  return Array.from({ length: 2000 }, (_, i) => {
    const capture = Math.floor(random.float() ** 2 * 60);
    return {
      capture: `c${capture}`,
      src_ip: `10.0.${capture}.${random.below(5)}`,
      dst_ip: `192.0.2.${random.below(250)}`,
      sni: `w${random.below(9)}.site${random.below(40)}.co.uk`,
      first_seen: capture * 1000 + random.below(900),
      label: random.chance(0.2) ? 'mining' : 'other',
      payload_sizes: [random.below(1000), -random.below(1000), i],
    };
  });
}

const seeds = [1, 2, 3];

test.each(seeds.flatMap((seed) => ['capture', 'client', 'domain', 'date', 'sni'].map((by) => [by, seed] as const)))(
  'a group never crosses: by %s, seed %d',
  (by, seed) => {
    const rows = flows(seed);
    const key = { capture: 'capture', client: 'src_ip', domain: 'sni', date: 'first_seen', sni: 'sni' }[by] as 'sni';
    const groupOf = (row: (typeof rows)[number]) => {
      if (by === 'domain') return row.sni.replace(/^w\d+\./, '');
      return by === 'date' ? Math.floor(row.first_seen / 86400) : row[key];
    };
    if (by === 'date') for (const row of rows) row.first_seen *= 40;
    const { sides, counts, classNames } = planOf(rows, { by: [by], seed });
    const sidesOf = new Map<unknown, Set<number>>();
    rows.forEach((row, i) => {
      if (sides[i]! >= 0) sidesOf.set(groupOf(row), (sidesOf.get(groupOf(row)) ?? new Set()).add(sides[i]!));
    });
    expect([...sidesOf.values()].filter((own) => own.size > 1)).toEqual([]);
    for (let k = 0; k < classNames.length; k++) {
      const share = counts[2 + k]! / (counts[k]! + counts[2 + k]!);
      expect(share).toBeGreaterThan(0.1);
      expect(share).toBeLessThan(0.35);
    }
  },
);

test('several groups at once are joined where a row links them', () => {
  const rows = ['a x', 'a y', 'b y', 'c z', 'd w'].map((text, i) => {
    const [capture, dst_ip] = text.split(' ');
    return { capture, dst_ip, label: i % 2 === 0 ? 'm' : 'o', payload_sizes: [i, 1, 2] };
  });
  const { sides, groupNames } = planOf(rows, { by: ['capture', 'server'] });
  expect(groupNames).toEqual(['capture a', 'capture c', 'capture d']);
  expect(new Set(sides.subarray(0, 3)).size).toBe(1);
});

test('the seed decides, and nothing else', () => {
  const rows = flows(1);
  expect(planOf(rows, { seed: 7 }).sides).toEqual(planOf(rows, { seed: 7 }).sides);
  expect(planOf(rows, { seed: 7 }).sides).not.toEqual(planOf(rows, { seed: 8 }).sides);
});

test('forward in time: nothing on the test side is earlier than anything learnt, and no group is on both', () => {
  const rows = flows(2);
  for (const by of ['capture', 'client']) {
    const { sides, straddling, cutoffsUs } = planOf(rows, { kind: 'forward', by: [by] });
    const times = (side: number) => rows.filter((_, i) => sides[i] === side).map((row) => row.first_seen * 1e6);
    expect(Math.max(...times(0))).toBeLessThan(cutoffsUs[0]!);
    expect(Math.min(...times(1))).toBeGreaterThanOrEqual(cutoffsUs[0]!);
    const key = by === 'capture' ? 'capture' : 'src_ip';
    const learnt = new Set(rows.filter((_, i) => sides[i] === 0).map((row) => row[key]));
    expect(rows.filter((row, i) => sides[i] === 1 && learnt.has(row[key]))).toEqual([]);
    expect(sides.filter((side) => side === Left.Straddling).length).toBe(straddling);
  }
});

test('each group a fold of its own', () => {
  const { sideNames, sides } = planOf(flows(3), { kind: 'each' });
  expect(sideNames.length).toBe(new Set(flows(3).map(({ capture }) => capture)).size);
  expect(new Set(sides).size).toBe(sideNames.length);
});

test('duplicates of what is learnt are not asked: the same sizes and directions, three packets or more', () => {
  const capture = (name: string, ...sequences: number[][]) =>
    sequences.map((payload_sizes) => ({ capture: name, label: 'x', payload_sizes }));
  const rows = [
    ...capture('large', [1, -2, 3], [1, -2, 4], [9, -9], [1, 1, 1], [2, 2, 2], [5, 5, 5]),
    ...capture('small', [1, -2, 3], [1, 2, 3], [9, -9], [7, 7, 7]),
  ];
  const plan = planOf(rows, {
    sides: [
      { name: 'train', share: 0.6 },
      { name: 'test', share: 0.4 },
    ],
  });
  expect([...plan.sides]).toEqual([0, 0, 0, 0, 0, 0, Left.Duplicate, 1, 1, 1]);
  expect([plan.duplicates, plan.comparable]).toEqual([1, 8]);
  expect(planOf(rows, { shortestSequence: 2 }).duplicates).toBe(2);
  expect(planOf(rows, { shortestSequence: Infinity }).duplicates).toBe(0);
});

test('flows without sequences are compared by all that a model could read', () => {
  const row = (capture: string, fwd_bytes: number) => ({ capture, label: 'x', fwd_bytes, bwd_bytes: 10 });
  const { duplicates } = planOf([row('a', 1), row('a', 2), row('a', 3), row('b', 2), row('b', 4)]);
  expect(duplicates).toBe(1);
});

test('flows without a label are on no side', () => {
  const rows = flows(1).map((row, i) => (i % 10 === 0 ? { ...row, label: null } : row));
  const plan = planOf(rows);
  expect(plan.unlabelled).toBe(200);
  expect(plan.sides.filter((side) => side === Left.Unlabelled).length).toBe(200);
});

test('what cannot be split is refused', () => {
  const rows = flows(1);
  expect(() => planOf(rows.map((row) => ({ ...row, capture: 'one' })))).toThrow(/only 1 groups by capture/);
  expect(() => planOf(rows.map((row) => ({ ...row, label: null })))).toThrow(/no row has a value in label/);
  expect(() => planOf(rows, { by: ['nonsense'] })).toThrow(/nothing to make groups by nonsense of/);
  expect(() =>
    planOf(
      rows.map((row) => ({ ...row, capture: 'one' })),
      { kind: 'forward' },
    ),
  ).toThrow(/only 1 groups/);
});

test('groups of unlabelled flows only fill no side, and make no split possible', () => {
  const flow = (capture: string, label: string | null) => ({ capture, label, payload_sizes: [1] });
  const rows = [flow('a', 'x'), flow('b', null), flow('c', null)];
  expect(() => planOf(rows)).toThrow(/labelled flows of only 1 groups/);
  const { counts } = planOf([...rows, flow('d', 'x'), flow('d', 'x')]);
  expect([...counts].every((count) => count > 0)).toBe(true);
});

test('flows without a time are on no side of a forward split, and of no day', () => {
  const rows = flows(2);
  const isTimeless = (i: number) => i % 7 === 0;
  const some = rows.map((row, i) => (isTimeless(i) ? { ...row, first_seen: null } : row));
  const { sides } = planOf(some, { kind: 'forward' });
  expect(rows.filter((_, i) => isTimeless(i) && sides[i]! >= 0)).toEqual([]);
  expect(sides.filter((side) => side === 1).length).toBeGreaterThan(100);
  expect(() =>
    planOf(
      rows.map((row) => ({ ...row, first_seen: null })),
      { kind: 'forward' },
    ),
  ).toThrow(/have no times/);
  const days = planOf(
    [-1, 1, -86_401, null].map((first_seen) => ({ first_seen, label: 'x' })),
    { by: ['date'] },
  );
  expect(days.groupNames).toEqual(['1969-12-31', '1970-01-01', '1969-12-30', '']);
});

test.each(['constructor', '__proto__', 'toString'])('%s is no group', (name) => {
  expect(() => planOf(flows(1), { by: [name] })).toThrow(/nothing to make groups by/);
});

test('registrable domains are by the Public Suffix List', () => {
  expect(['a.b.example.co.uk', 'example.com', 'x.github.io', 'localhost', '192.0.2.1'].map(registrableDomain)).toEqual([
    'example.co.uk',
    'example.com',
    'x.github.io',
    'localhost',
    '192.0.2.1',
  ]);
});
