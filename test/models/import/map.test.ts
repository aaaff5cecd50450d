import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { readModelMap } from '../../../models/import/map.ts';
import { MAP_SCHEMA } from '../../../models/import/map-schema.ts';

const sound = {
  version: 1,
  name: 'xgb',
  columns: ['fwd_packets', { name: 'duration_us', missing: 'nan' }, 'bwd_packets'],
  missing: -1,
  labels: ['other', 'mining'],
  positive: 'mining',
  thresholds: { mining: 0.9 },
  scope: { protocols: ['tcp'] },
};
const read = (map: unknown) => readModelMap(JSON.stringify(map), 'm.json');

describe('model maps', () => {
  test('give columns their types and revisions, and each what stands for its nulls', () => {
    expect(read(sound)).toMatchObject({
      inputs: [
        { name: 'fwd_packets', type: 'uint32', revision: 1 },
        { name: 'duration_us', type: 'float64', revision: 1 },
        { name: 'bwd_packets', type: 'uint32', revision: 1 },
      ],
      missing: [-1, null, -1],
      tensors: null,
      output: null,
      outputKind: 'probabilities',
      labels: ['other', 'mining'],
    });
    const columns = [
      { name: 'fwd_packets', input: 'a' },
      { name: 'bwd_packets', input: 'b' },
    ];
    expect(read({ ...sound, columns }).tensors).toEqual(['a', 'b']);
  });

  test.each<[string, unknown, string]>([
    ['another version', { ...sound, version: 2 }, 'version is 2; expected version 1'],
    ['no columns at all', { ...sound, columns: undefined }, 'columns is missing; expected a list of columns'],
    ['an empty list of columns', { ...sound, columns: [] }, 'columns is empty'],
    [
      'a member that is misspelt',
      { ...sound, label: ['a'] },
      'the map has a member "label" that means nothing; expected perhaps labels',
    ],
    ['a column that is misspelt in form', { ...sound, columns: [{ colum: 'x' }] }, 'columns[0] has a member "colum"'],
    ['a column without a name', { ...sound, columns: [{ missing: 0 }] }, 'columns[0].name is missing'],
    ['a column of another kind', { ...sound, columns: [7] }, 'columns[0] is number; expected the name of a column'],
    ['a column twice', { ...sound, columns: ['fwd_packets', 'fwd_packets'] }, 'columns has fwd_packets twice'],
    ['an identity', { ...sound, columns: ['dst_port'] }, 'column dst_port may not be a model input'],
    ['a word for nulls', { ...sound, missing: 'null' }, 'missing of fwd_packets is "null"; expected "nan" or a number'],
    ['a number for nulls that float32 cannot hold', { ...sound, missing: 1e99 }, 'missing of fwd_packets is 1e+99'],
    ['one label', { ...sound, labels: ['a'] }, 'labels has 1 items; expected two or more'],
    ['a label twice', { ...sound, labels: ['a', 'a'] }, 'labels has a twice'],
    ['a risk that is no label', { ...sound, positive: 'miner' }, 'positive is miner; expected one of other, mining'],
    ['a threshold of no label', { ...sound, thresholds: { miner: 0.5 } }, 'thresholds has miner'],
    ['a threshold that is no probability', { ...sound, thresholds: { mining: 90 } }, 'thresholds.mining is 90'],
    [
      'another kind of output',
      { ...sound, outputKind: 'odds' },
      'outputKind is "odds"; expected probabilities or logits',
    ],
    [
      'inputs for some columns',
      { ...sound, columns: ['fwd_packets', { name: 'bwd_packets', input: 'b' }] },
      'column fwd_packets has no input',
    ],
    [
      'one input for two columns',
      { ...sound, columns: ['fwd_packets', 'bwd_packets'].map((name) => ({ name, input: 'x' })) },
      'two columns go into the input x',
    ],
    ['a list', [], 'the map is a list; expected an object'],
  ])('with %s are refused by what is wrong', (_, map, message) => {
    expect(() => read(map)).toThrow(expect.objectContaining({ code: 'MAP_INVALID' }));
    expect(() => read(map)).toThrow(`m.json is no model map: ${message}`);
  });

  test('with a column that does not exist, or that are no JSON, are refused', () => {
    expect(() => read({ ...sound, columns: ['fwd_pakets'] })).toThrow(
      'column fwd_pakets, which does not exist; expected',
    );
    expect(() => readModelMap('{"version": 1', 'm.json')).toThrow(/^m\.json is no model map: it is no JSON \(/);
  });

  test('are what the schema says they are, to a validator that knows all of JSON Schema', () => {
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(MAP_SCHEMA);
    expect(validate(sound)).toBe(true);
    for (const wrong of [{ ...sound, version: 2 }, { ...sound, columns: [7] }, { ...sound, labels: 'a' }, {}, []]) {
      expect(validate(wrong)).toBe(false);
    }
  });
});
