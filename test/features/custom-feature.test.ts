import { describe, expect, test } from 'vitest';
import { extract } from '../../features/flows.ts';
import { type CustomFeature, type FlowInput, flows, rowsOf, score } from '../../index.ts';
import { sample } from '../cli/run.ts';

const demo = sample('demo.pcap');
const TOTAL: CustomFeature = {
  name: 'total_bytes',
  unit: 'bytes',
  revision: 3,
  reads: ['fwd_bytes', 'bwd_bytes'],
  of: ({ fwd_bytes: sent, bwd_bytes: got }) => Number(sent) + Number(got),
};
const SHARE: CustomFeature = {
  name: 'fwd_share',
  unit: '',
  revision: 0,
  reads: ['fwd_bytes', 'total_bytes'],
  of: ({ fwd_bytes: sent, total_bytes: total }) => (total === 0 ? null : Number(sent) / Number(total)),
};

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const kept: T[] = [];
  for await (const item of items) kept.push(item);
  return kept;
}

describe('columns of a user', () => {
  test('stand behind those of flowlamp, with unit and revision, and may read one another', async () => {
    const [table] = await all(extract(demo, { features: [TOTAL, SHARE] }));
    expect(table!.specs.slice(-2)).toEqual([
      { name: 'total_bytes', type: 'float64', unit: 'bytes', revision: 3 },
      { name: 'fwd_share', type: 'float64', unit: '', revision: 0 },
    ]);
    for (const { fwd_bytes: sent, bwd_bytes: got, total_bytes: total, fwd_share: share } of rowsOf(table!)) {
      expect(total).toBe(Number(sent) + Number(got));
      expect(share).toBe(Number(sent) / Number(total));
    }
  });

  test('are the same of a capture, of its rows and of a table that has them already, and stay beside verdicts', async () => {
    const features = [TOTAL];
    const of = async (input: FlowInput) =>
      (await all(flows(input, { features }))).map(({ total_bytes: total }) => total);
    const wanted = await of(demo);
    expect(new Set(wanted).size).toBeGreaterThan(5);
    const [table] = await all(extract(demo, { features }));
    expect(await of(table!)).toEqual(wanted);
    expect(await of(flows(demo))).toEqual(wanted);
    const scored = await all(score(demo, { features }));
    expect(scored.map(({ total_bytes: total, verdict }) => [total, typeof verdict])).toEqual(
      wanted.map((total) => [total, 'string']),
    );
  });

  test('are null where the function says so, and asked for one row at a time with what they read alone', async () => {
    const seen: string[][] = [];
    const NONE: CustomFeature = {
      ...TOTAL,
      of: (flow) => {
        seen.push(Object.keys(flow));
        return null;
      },
    };
    const rows = await all(flows(demo, { features: [NONE] }));
    expect(rows.map(({ total_bytes: total }) => total)).toEqual(rows.map(() => null));
    expect(seen).toEqual(rows.map(() => ['fwd_bytes', 'bwd_bytes']));
  });
});

describe('a feature is refused', () => {
  test.each([
    ['of a name of flowlamp', { ...TOTAL, name: 'fwd_bytes' }, 'OPTION_INVALID', 'no name of a column of flowlamp'],
    ['of a name that no column can have', { ...TOTAL, name: 'Total bytes' }, 'OPTION_INVALID', 'snake_case'],
    ['of a revision that is none', { ...TOTAL, revision: -1 }, 'OPTION_INVALID', 'whole number'],
    ['that gives NaN', { ...TOTAL, of: () => Number.NaN }, 'OPTION_INVALID', 'gives NaN for row 1 of a batch of'],
    ['that gives an infinity', { ...TOTAL, of: () => 1 / 0 }, 'OPTION_INVALID', 'gives Infinity'],
    ['that gives nothing', { ...TOTAL, of: () => undefined as never }, 'OPTION_INVALID', 'gives undefined'],
    ['that reads what is not there', { ...TOTAL, reads: ['sunspots'] }, 'COLUMN_MISSING', 'no column sunspots'],
  ])('%s', async (_, feature, code, message) => {
    const refusal = expect.stringContaining(message);
    await expect(flows(demo, { features: [feature] }).next()).rejects.toMatchObject({ code, message: refusal });
  });

  test('of a name that another has', async () => {
    const refusal = { code: 'OPTION_INVALID', message: expect.stringContaining('two features are called total_bytes') };
    await expect(flows(demo, { features: [TOTAL, TOTAL] }).next()).rejects.toMatchObject(refusal);
  });
});
