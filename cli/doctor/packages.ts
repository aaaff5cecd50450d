/**
 * Packages that are loaded when they are asked for. Each is tried in a process of its own: a native library that does not fit
 * the machine ends whoever loads it.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageManifest, packageRoot } from '../package-root.ts';
import { type Check, sound, unsound } from './check.ts';

export interface Wanted {
  readonly name: string;
  readonly use: string;
  /** What is done without it. */
  readonly without: string;
}

/** docs/dependencies.md says more of each; test/cli/doctor.test.ts holds this list to package.json. */
export const PACKAGES: readonly Wanted[] = [
  { name: 'onnxruntime-node', use: 'score, model verify: models but trees', without: 'tree models run without it' },
  { name: 'fastify', use: 'serve: the HTTP service', without: 'serve --no-http does without' },
  { name: 'pino', use: 'serve: its log', without: 'serve does not start without it' },
  { name: 'prom-client', use: 'serve: /metrics', without: 'serve --no-http does without' },
  { name: 'cap', use: 'serve --interface --capture cap', without: 'not needed where tcpdump captures' },
  { name: '@hpcc-js/wasm-zstd', use: 'extract, score, serve: --compress zstd', without: 'zstd is read without it' },
  { name: '@tensorflow/tfjs-core', use: 'train --learner mlp and cnn', without: '--learner gbdt does without' },
  {
    name: '@tensorflow/tfjs-backend-wasm',
    use: 'train --learner mlp and cnn, faster',
    without: 'the CPU backend takes longer',
  },
  { name: '@tensorflow/tfjs-backend-cpu', use: 'train --learner mlp and cnn', without: '--learner gbdt does without' },
  {
    name: '@observablehq/plot',
    use: 'train, evaluate: charts of reports',
    without: 'reports have their tables without',
  },
  { name: 'jsdom', use: 'train, evaluate: charts of reports', without: 'reports have their tables without' },
];

/** What became of loading a package; null if it is not installed, else its version and what went wrong. */
export type Loaded = { readonly version: string; readonly trouble: string | null } | null;

export async function packageChecks(
  packages: readonly Wanted[] = PACKAGES,
  load: (name: string) => Promise<Loaded> = (name) => tryLoading(name),
): Promise<Check[]> {
  const checks: Check[] = new Array(packages.length);
  let next = 0;
  const work = async () => {
    while (next < packages.length) {
      const at = next++;
      checks[at] = packageCheck(packages[at]!, await load(packages[at]!.name));
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return checks;
}

export function packageCheck({ name, use, without }: Wanted, loaded: Loaded): Check {
  if (loaded === null) {
    return unsound(
      name,
      'missing',
      'not installed',
      use,
      `${installCommand(name)} beside flowlamp, if you need it; ${without}`,
    );
  }
  const { version, trouble } = loaded;
  if (trouble === null) return sound(name, version, use);
  return unsound(
    name,
    'broken',
    `${version} does not load`,
    use,
    `${trouble}; npm rebuild ${name}, or install it again; ${without}`,
  );
}

/** Of the version that flowlamp is tested with: newer ones may not run on this Node. */
function installCommand(name: string): string {
  const { optionalDependencies, peerDependencies } = packageManifest();
  const version = { ...optionalDependencies, ...peerDependencies }[name]?.replace(/^\^/, '');
  // Its install step fetches GPU libraries, on Linux only, and where it cannot reach them nothing is installed.
  const skip = name === 'onnxruntime-node' && process.platform === 'linux' ? 'ONNXRUNTIME_NODE_INSTALL=skip ' : '';
  return `${skip}npm install ${name}@${version}`;
}

const WAIT_MS = 30_000;
const PROBE = `import(process.argv[1]).then(() => process.exit(0), (error) => {
  console.log(String(error?.message ?? error).split('\\n')[0]);
  process.exit(1);
});`;

/** @param from the folder that asks for it */
export async function tryLoading(name: string, from: URL = packageRoot()): Promise<Loaded> {
  const version = installedVersion(name, from);
  if (version === null) return null;
  try {
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROBE, name], {
      cwd: fileURLToPath(from),
      timeout: WAIT_MS,
    });
    return { version, trouble: null };
  } catch (error) {
    const {
      stdout = '',
      signal = null,
      killed = false,
    } = error as { stdout?: string; signal?: string; killed?: boolean };
    const ended = killed ? `it took more than ${WAIT_MS / 1000} s` : `it was ended by ${signal}`;
    return { version, trouble: signal === null ? stdout.trim().slice(0, 200) : ended };
  }
}

/** Looked for where Node looks: in node_modules of our folder and of those above. */
export function installedVersion(name: string, from: URL = packageRoot()): string | null {
  for (let folder = from; ; folder = new URL('../', folder)) {
    try {
      const text = readFileSync(new URL(`node_modules/${name}/package.json`, folder), 'utf8');
      return String((JSON.parse(text) as { version?: unknown }).version ?? 'of no version');
    } catch (error) {
      if (error instanceof SyntaxError) return 'of no version';
    }
    if (new URL('../', folder).href === folder.href) return null;
  }
}
