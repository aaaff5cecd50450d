/** The package as npm would publish it, in a project of somebody else: plain JavaScript, and TypeScript with nodenext. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sample, temporaryFolder } from './cli/run.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = temporaryFolder();
const modules = folder.at('node_modules');
afterAll(() => folder.remove());

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder.path, encoding: 'utf8' });
  expect(`${stdout}${status === 0 ? '' : stderr}`, `${command} ${args.join(' ')}`).toBe(stdout);
  return stdout;
}

beforeAll(() => {
  run('npm', 'pack', root, '--pack-destination', folder.path, '--ignore-scripts', '--loglevel=error');
  run('tar', '-xzf', readdirSync(folder.path).find((name) => name.endsWith('.tgz'))!);
  mkdirSync(modules);
  // What npm would install beside it.
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  run('mv', 'package', join(modules, 'flowlamp'));
  writeFileSync(folder.at('package.json'), '{ "type": "module" }');
});

describe('the packed package', () => {
  test('holds the library, its types, the program, the shipped model and the changelog, and no sources or tests', () => {
    const at = (path: string) => join(modules, 'flowlamp', path);
    for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'CHANGELOG.md', 'LICENSE', 'README.md'])
      expect(existsSync(at(path)), path).toBe(true);
    for (const path of ['models/zoo/mining/model.onnx', 'examples/deploy/flowlamp.service', 'docs/serve.schema.json'])
      expect(existsSync(at(path)), path).toBe(true);
    for (const path of ['index.ts', 'test', 'bench', 'examples/fastify.ts', 'dist/test'])
      expect(existsSync(at(path)), path).toBe(false);
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
    const source = `import { ErrorCode, FlowlampError, flows, loadModel, score, type ScoredFlow } from 'flowlamp';
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
      // @ts-expect-error a runtime that does not exist
      await loadModel('mining', { runtime: 'abacus' });
      // @ts-expect-error a number is no input
      score(5);
    `;
    writeFileSync(folder.at('use.ts'), source);
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
    writeFileSync(folder.at('tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
    expect(run(process.execPath, tsc, '-p', '.')).toBe('');
  });
});
