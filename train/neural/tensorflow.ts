/**
 * Finds a TensorFlow.js to train with. It is optional, because only training nets needs it: trained nets run on ONNX
 * Runtime.
 *
 * `@tensorflow/tfjs-node` (the native library) where the user has installed it, else tfjs-core on WebAssembly with SIMD
 * (threads do not work in Node), else tfjs-core in plain JavaScript. tfjs-core with its two backends takes 65 MB where
 * the whole `@tensorflow/tfjs` takes 141; its build for Node registers no gradients, so network.ts has its own.
 */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';

export type TensorFlow = typeof import('@tensorflow/tfjs-core');

export interface TensorFlowRuntime {
  readonly tf: TensorFlow;
  /** `4.22.0 wasm`: results differ in the last digits from one to the other. */
  readonly version: string;
}

/** Stands in for `import()`. */
export type Importer = (name: string) => Promise<unknown>;

let opened: Promise<TensorFlowRuntime> | undefined;

/** The runtime of this process. @throws FlowlampError UNSUPPORTED where there is none */
export function tensorFlow(): Promise<TensorFlowRuntime> {
  opened ??= openTensorFlow((name) => import(name));
  return opened;
}

export async function openTensorFlow(load: Importer): Promise<TensorFlowRuntime> {
  const native = await attempt(async () => contents<TensorFlow>(await load('@tensorflow/tfjs-node')));
  if (native !== null) return describe(native);
  const core = await loadCore(load);
  // Production mode: no advertisement of tfjs-node on standard error and no check of every tensor for NaN.
  core.enableProdMode();
  const ready =
    (await attempt(() => useWasm(core, load))) === true || (await attempt(() => useCpu(core, load))) === true;
  if (!ready) throw absent();
  return describe(core);
}

async function loadCore(load: Importer): Promise<TensorFlow> {
  try {
    return contents<TensorFlow>(await load('@tensorflow/tfjs-core'));
  } catch (cause) {
    throw absent(cause);
  }
}

interface WasmBackend {
  setWasmPaths(prefix: string): void;
}

async function useWasm(core: TensorFlow, load: Importer): Promise<boolean> {
  const backend = contents<WasmBackend>(await load('@tensorflow/tfjs-backend-wasm'));
  // Beside the package's main file lie the .wasm files; without this some set-ups look for them on the web.
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  backend.setWasmPaths(`${dirname(main)}${sep}`);
  return keepListeners(() => core.setBackend('wasm'));
}

async function useCpu(core: TensorFlow, load: Importer): Promise<boolean> {
  await load('@tensorflow/tfjs-backend-cpu');
  return core.setBackend('cpu');
}

async function describe(tf: TensorFlow): Promise<TensorFlowRuntime> {
  await tf.ready();
  return { tf, version: `${tf.version_core} ${tf.getBackend()}` };
}

/** Null where it throws: what is not installed and what does not load here are both passed over. */
async function attempt<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch {
    return null;
  }
}

/** CommonJS packages put everything on `default`; only part of it is seen as named exports. */
function contents<T>(module: unknown): T {
  return ((module as { default?: T }).default ?? module) as T;
}

const SEIZED = ['uncaughtException', 'unhandledRejection'] as const;

/** Emscripten's start-up code takes over how the process dies; that is the program's to decide. */
async function keepListeners<T>(action: () => Promise<T>): Promise<T> {
  const before = SEIZED.map((event) => process.listeners(event as 'uncaughtException'));
  try {
    return await action();
  } finally {
    SEIZED.forEach((event, i) => {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!before[i]!.includes(listener)) process.off(event, listener);
      }
    });
  }
}

function absent(cause?: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: 'TensorFlow.js, which trains nets, is not installed',
    expected: 'the optional packages @tensorflow/tfjs-core and @tensorflow/tfjs-backend-wasm',
    action: 'install them beside flowlamp with npm, or train trees with --learner gbdt',
    cause,
  });
}
