import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { fitMlp } from '../../../train/neural/mlp.ts';
import { type Importer, openTensorFlow } from '../../../train/neural/tensorflow.ts';
import { rings } from '../data.ts';

const missing: Importer = async (name) => {
  throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
};

/** Everything that is installed but the given packages. */
const without =
  (...names: string[]): Importer =>
  (name) =>
    names.includes(name) ? missing(name) : import(name);

const NATIVE = '@tensorflow/tfjs-node';

describe('looking for TensorFlow.js', () => {
  let spies: MockInstance[];
  beforeEach(() => {
    const silent = () => undefined as never;
    spies = (['log', 'info', 'warn', 'error'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(silent),
    );
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const EVENTS = ['uncaughtException', 'unhandledRejection'];

  test('finds WebAssembly, prints nothing and leaves the process its handlers', async () => {
    const before = EVENTS.map((name) => process.listenerCount(name));
    const { version, tf } = await openTensorFlow(without(NATIVE));
    expect(version).toBe('4.22.0 wasm');
    expect(Array.from(await tf.matMul(tf.ones([1, 2]), tf.ones([2, 1])).data())).toEqual([2]);
    expect(EVENTS.map((name) => process.listenerCount(name))).toEqual(before);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  test('takes plain JavaScript where WebAssembly does not load, silently', async () => {
    const load = without(NATIVE, '@tensorflow/tfjs-backend-wasm');
    const { version, tf } = await openTensorFlow(load);
    expect(version).toBe('4.22.0 cpu');
    const model = await fitMlp(rings(1, 100, 2), null, { rounds: 2 }, {}, () => openTensorFlow(load));
    expect(model.versions).toEqual({ 'tensorflow.js': '4.22.0 cpu' });
    expect(tf.getBackend()).toBe('cpu');
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  test('takes tfjs-node where the user has installed it', async () => {
    const asked: string[] = [];
    const native = { version_core: '4.22.0', ready: async () => {}, getBackend: () => 'tensorflow' };
    const { tf, version } = await openTensorFlow(async (name) => {
      asked.push(name);
      return { default: native };
    });
    expect(asked).toEqual([NATIVE]);
    expect(tf).toBe(native);
    expect(version).toBe('4.22.0 tensorflow');
  });

  test.each([
    ['nothing is installed', missing],
    ['there is no backend', without(NATIVE, '@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-backend-cpu')],
  ])('says what to do where %s', async (_, load) => {
    await expect(fitMlp(rings(1, 50, 2), null, {}, {}, () => openTensorFlow(load))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message:
        'TensorFlow.js, which trains nets, is not installed; expected the optional packages @tensorflow/tfjs-core and @tensorflow/tfjs-backend-wasm; install them beside flowlamp with npm, or train trees with --learner gbdt',
    });
  });
});
