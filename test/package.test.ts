/** The package as npm would publish it, in a project of somebody else: plain JavaScript, and TypeScript with nodenext. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sample, temporaryFolder } from './cli/run.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = temporaryFolder();
const modules = folder.at('node_modules');
const at = (path: string) => join(modules, 'flowlamp', path);
/** Bytes, as npm tells them. */
let size = { packed: 0, unpacked: 0 };
afterAll(() => folder.remove());

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder.path, encoding: 'utf8' });
  expect(`${stdout}${status === 0 ? '' : stderr}`, `${command} ${args.join(' ')}`).toBe(stdout);
  return stdout;
}

beforeAll(() => {
  const packing = ['--pack-destination', folder.path, '--ignore-scripts', '--loglevel=error', '--json'];
  const [packed] = JSON.parse(run('npm', 'pack', root, ...packing));
  size = { packed: packed.size, unpacked: packed.unpackedSize };
  run('tar', '-xzf', readdirSync(folder.path).find((name) => name.endsWith('.tgz'))!);
  mkdirSync(modules);
  // What npm would install beside it.
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  run('mv', 'package', join(modules, 'flowlamp'));
  // As npm links the programs of what it installs.
  mkdirSync(join(modules, '.bin'));
  symlinkSync('../flowlamp/dist/cli/main.js', join(modules, '.bin', 'flowlamp'));
  chmodSync(at('dist/cli/main.js'), 0o755);
  writeFileSync(folder.at('package.json'), '{ "type": "module" }');
});

describe('the packed package', () => {
  test('holds the library, its types, the program, the shipped model and the changelog, and no sources or tests', () => {
    for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'CHANGELOG.md', 'LICENSE', 'README.md'])
      expect(existsSync(at(path)), path).toBe(true);
    for (const path of ['models/zoo/mining/model.onnx', 'examples/deploy/flowlamp.service', 'docs/serve.schema.json'])
      expect(existsSync(at(path)), path).toBe(true);
    for (const path of ['examples/fastify.ts', 'examples/custom-sink.ts', 'examples/browser/index.html'])
      expect(existsSync(at(path)), path).toBe(true);
    for (const path of [
      'index.ts',
      'test',
      'bench/run.mjs',
      'dist/test',
      'dist/.tsbuildinfo',
      'datasets/samples/train-01.pcap.gz',
    ])
      expect(existsSync(at(path)), path).toBe(false);
  });

  test('is no larger than it has to be: 5 MB packed, 20 MB unpacked', () => {
    expect(size.packed).toBeLessThan(5e6);
    expect(size.unpacked).toBeLessThan(20e6);
  });

  test('brings nothing that would fetch more while it is installed', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }>;
    };
    const installed = Object.entries(packages).filter(([, { dev = false }]) => !dev);
    expect(installed.length).toBeGreaterThan(100);
    // cap compiles itself, against Node's own headers.
    const scripted = installed.filter(([, { hasInstallScript = false }]) => hasInstallScript);
    expect(scripted.map(([path]) => path)).toEqual(['node_modules/cap']);
  });

  test('has what its pages link to, but for notebooks and the lab, which are for checkouts', () => {
    const own = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'bench/README.md', 'datasets/samples/README.md'];
    const pages = [...own, ...readdirSync(at('docs')).map((name) => `docs/${name}`)];
    const links = pages
      .filter((page) => page.endsWith('.md'))
      .flatMap((page) =>
        [...readFileSync(at(page), 'utf8').matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, to]) =>
          join(dirname(page), to!),
        ),
      );
    expect(links.length).toBeGreaterThan(200);
    const dead = links.filter((to) => !existsSync(at(to)));
    expect(new Set(dead)).toEqual(new Set(['notebooks/README.md', 'datasets/lab']));
  });

  test('has every file that it exports', () => {
    const { exports } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const files = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    expect(files.length).toBeGreaterThan(8);
    expect(files.filter((file) => !existsSync(at(file.replace(/\*.*/, ''))))).toEqual([]);
  });

  test('has a program that npx finds, and that scores what ships', () => {
    const demo = 'node_modules/flowlamp/datasets/samples/demo.pcap';
    const rows = run('npx', '--no', 'flowlamp', 'score', demo, '-f', 'jsonl', '--quiet').trim().split('\n');
    expect(rows.filter((row) => JSON.parse(row).verdict === 'mining')).toHaveLength(5);
  });

  test('has four doors, which hold what docs/api.md names', () => {
    writeFileSync(
      folder.at('doors.js'),
      `const doors = ['flowlamp', 'flowlamp/train', 'flowlamp/serve', 'flowlamp/browser'];
       for (const door of doors) console.log(Object.keys(await import(door)).join(' '));`,
    );
    const doors = run(process.execPath, 'doors.js')
      .trim()
      .split('\n')
      .map((names) => names.split(' '));
    expect(doors).toEqual([
      expect.arrayContaining(['flows', 'extract', 'score', 'loadModel', 'FlowlampError', 'rowsOf', 'toJson']),
      expect.arrayContaining(['train', 'saveModel', 'GBDT', 'forestModel', 'perceptronModel']),
      expect.arrayContaining(['openSidecar', 'readConfig']),
      expect.arrayContaining(['extract', 'openModel', 'plainDigests', 'rowsOf', 'toJson']),
    ]);
  });

  test('is imported by name and scores', () => {
    writeFileSync(
      folder.at('score.js'),
      `import { loadModel } from 'flowlamp';
       const model = await loadModel('mining');
       let n = 0;
       for await (const flow of model.score(process.argv[2])) if (flow.verdict === 'mining') n++;
       await model.close();
       console.log(model.name, n);`,
    );
    expect(run(process.execPath, 'score.js', sample('demo.pcap'))).toMatch(/^mining@\d+\.\d+\.\d+ \d+\n$/);
  });

  test('has types that a strict project takes, and that say what is wrong', () => {
    const source = `import { type CustomFeature, ErrorCode, extract, FlowlampError, flows, loadModel, score, type ScoredFlow } from 'flowlamp';
      import { type Learner, train } from 'flowlamp/train';
      import { type CustomSink, openSidecar } from 'flowlamp/serve';
      import { extract as extractBytes, plainDigests } from 'flowlamp/browser';
      await using model = await loadModel('mining', { runtime: 'kernel' });
      const labels: readonly string[] = model.card.labels;
      for await (const flow of model.score(new Uint8Array(0), { idleTimeout: 60 })) {
        const verdict: string = flow.verdict;
        const seen: bigint | null | undefined = flow.first_seen;
        console.log(labels, verdict, seen, flow.score + 1, flow.evidence[0]?.finding, flow['fwd_packets']);
      }
      const kept: ScoredFlow[] = [];
      for await (const flow of score([{ src_ip: '10.0.0.1' }], { model })) kept.push(flow);
      for await (const flow of flows(process.stdin)) console.log(flow.dst_ip);
      try { await loadModel(); } catch (e) { if (e instanceof FlowlampError && e.code === ErrorCode.ModelNotFound) throw e; }
      const ports: CustomFeature = { name: 'low_port', unit: '', revision: 1, reads: ['dst_port'],
        of: ({ dst_port }) => (dst_port == null ? null : Number(dst_port < 1024)) };
      for await (const { specs, columns, length } of extract('a.pcap', { features: [ports], idleTimeout: 60 })) {
        const column = columns.get('low_port');
        console.log(specs[0]?.name, length, column?.type === 'float64' ? column.values[0] : null);
      }
      for await (const table of extractBytes(new Uint8Array(0), { crypto: plainDigests })) console.log(table.length);
      const sink: CustomSink = { name: 'mine', offer: (item) => { if (item.kind === 'alert') console.log(item.before); } };
      await (await openSidecar({ source: { kind: 'pcap', path: '-' } }, { sinks: [sink] })).run();
      declare const learner: Learner;
      const { card, metrics } = await train([{ input: 'a.arrow', label: 'x' }], { name: 'm', learner, features: [ports] });
      console.log(card.labels, metrics?.macroF1);
      // @ts-expect-error a feature that gives text
      const text: CustomFeature = { ...ports, of: () => 'x' };
      // @ts-expect-error digests and ciphers are not handed in
      extractBytes(new Uint8Array(0), {});
      // @ts-expect-error a sink that takes nothing
      await openSidecar({ source: { kind: 'pcap', path: '-' } }, { sinks: [{ name: 'none' }] });
      // @ts-expect-error a runtime that does not exist
      await loadModel('mining', { runtime: 'abacus' });
      // @ts-expect-error a number is no input
      score(5);
    `;
    writeFileSync(folder.at('use.ts'), source);
    // The examples that ship are the same user's.
    cpSync(at('examples'), folder.at('examples'), { recursive: true });
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      skipLibCheck: false,
    };
    writeFileSync(folder.at('tsconfig.json'), JSON.stringify({ compilerOptions, include: ['use.ts', 'examples'] }));
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
    expect(run(process.execPath, tsc, '-p', '.')).toBe('');
  });
});
