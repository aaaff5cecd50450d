import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareVersions, isModelName, isModelVersion, registryRoot } from '../../models/locate.ts';

describe('the registry lies', () => {
  test.each<[NodeJS.ProcessEnv, string]>([
    [{ FLOWLAMP_MODELS: '/srv/models', XDG_DATA_HOME: '/data' }, '/srv/models'],
    [{ XDG_DATA_HOME: '/data' }, '/data/flowlamp/models'],
    [{ FLOWLAMP_MODELS: '', XDG_DATA_HOME: '/data' }, '/data/flowlamp/models'],
  ])('by %j in %s', (environment, root) => {
    expect(registryRoot(environment)).toBe(root);
  });

  test.each([{}, { XDG_DATA_HOME: '' }, { XDG_DATA_HOME: 'relative/is/ignored' }])(
    'by %j in the home folder',
    (environment) => {
      expect(registryRoot(environment)).toMatch(new RegExp(`${join('.local', 'share', 'flowlamp', 'models')}$`));
    },
  );
});

test('versions are ordered by what they mean', () => {
  const ordered = [
    '0.1.0',
    '0.1.1-alpha',
    '0.1.1-alpha.1',
    '0.1.1-alpha.beta',
    '0.1.1-rc.2',
    '0.1.1-rc.10',
    '0.1.1',
    '0.2',
    '0.10.0',
    '1',
    '1.0',
    '2',
    '10',
  ];
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
});

test('names and versions that could be paths or options are none', () => {
  for (const wrong of ['', '.', '..', '../x', 'a/b', 'a\\b', '-rf', '.hidden', 'a b', 'a\0', 'ü', 'x'.repeat(200)]) {
    expect([isModelName(wrong), isModelVersion(wrong)], wrong).toEqual([false, false]);
  }
  expect([isModelName('xgb-mining_2.onnx'), isModelVersion('1.2.3-rc.1+build')]).toEqual([true, true]);
});
