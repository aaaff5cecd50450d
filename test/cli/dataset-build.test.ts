import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, jsonRows, manifest, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
afterAll(() => folder.remove());
mkdirSync(folder.at('captures'));
for (const name of ['train-01.pcap.gz', 'test-01.pcap.gz']) symlinkSync(sample(name), folder.at(`captures/${name}`));

function write(name: string, text: string): string {
  writeFileSync(folder.at(name), text);
  return folder.at(name);
}

const build = (path: string, output: string, ...more: string[]) =>
  flowlamp(['dataset', 'build', path, '-o', folder.at(output), ...more]);

test("the lab's own manifest: every flow labelled, sites taken over, one row per line of the account", async () => {
  const { code, stderr } = await build(manifest, 'lab.jsonl', '--role', 'test');
  expect(code).toBe(0);
  expect(stderr).toMatch(/mining +\d+ +captures\[\d+\]\.flows/);
  const rows = jsonRows(readFileSync(folder.at('lab.jsonl'), 'utf8'));
  expect(new Set(rows.map((row) => row['label']))).toEqual(new Set(['mining', 'other']));
  expect(rows.every((row) => /^test-0\d\/(pool|site)-\d+$/.test(String(row['site'])))).toBe(true);
  const report = JSON.parse(readFileSync(folder.at('lab.build.json'), 'utf8'));
  expect(report.rows).toBe(rows.length);
  expect(report.captures[0]).toMatchObject({
    role: 'test',
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    linkTypes: [1],
  });
  expect(existsSync(folder.at('lab.jsonl.parts'))).toBe(false);
});

test('a rule that matches nothing is an error with the nearest flows, and the next build goes on from what was extracted', async () => {
  const rule = (port: number) => `version: 1
root: captures
captures: [{ glob: "train-*.pcap.gz" }]
labels: [{ flow: { src_ip: 10.1.5.66, src_port: ${port}, dst_ip: 198.18.7.127, dst_port: 5222, protocol: tcp }, label: mining }]
rest: drop
`;
  const wrong = await build(write('m.yaml', rule(45135)), 'm.arrow', '--quiet');
  expectFailure(wrong, 'LABELS_UNUSABLE');
  expect(wrong.stderr).toMatch(/matches no flow; expected perhaps tcp 10\.1\.5\.66:45136 - 198\.18\.7\.127:5222 at /);
  expect(existsSync(folder.at('m.arrow'))).toBe(false);
  const right = await build(write('m.yaml', rule(45136)), 'm.arrow');
  expect(right.stderr).toMatch(/going on: 1 of 1 capture already extracted/);
  expect(right.stderr).toMatch(/1 row, \d+ without a label dropped/);
  expect(right.code).toBe(0);
  expectNoRemains(folder.path);
});

test.each([
  ["{ where: 'dst_port == 5221', label: x }", /matches no flow; expected perhaps dst_port "5222" \(\d+\)/],
  [`{ where: 'protocol == "tpc"', label: x }`, /matches no flow; expected perhaps protocol "tcp" \(\d+\)/],
  ["{ where: 'vlan_id == 5', label: x }", /expected perhaps no vlan_id at all;/],
  ['{ csv: pool.csv }', /matches no flow, such as 10\.1\.5\.66:45135.*; expected perhaps tcp 10\.1\.5\.66:45136 - /],
  [
    "{ flow: { src_port: 45136 }, label: x }, { where: 'src_port == 45136', label: y }",
    /labels\[1\] .* matches no flow that the rules before it leave/,
  ],
])('what comes nearest is said of %s', async (rules, message) => {
  write('pool.csv', 'client,server,label\n10.1.5.66:45135,198.18.7.127:5222,x\n');
  const path = write(
    'near.yaml',
    `version: 1\nroot: captures\ncaptures: [{ file: train-01.pcap.gz }]\nlabels: [${rules}]\n`,
  );
  const outcome = await build(path, 'near.arrow', '--quiet');
  expectFailure(outcome, 'LABELS_UNUSABLE');
  expect(outcome.stderr).toMatch(message);
});

test('a capture that is not there is said with its line, before anything is extracted', async () => {
  const path = write(
    'gone.yaml',
    'version: 1\nroot: captures\ncaptures:\n  - file: train-01.pcap.gz\n  - file: tset-01.pcap.gz\n',
  );
  const outcome = await build(path, 'gone.arrow');
  expectFailure(outcome, 'MANIFEST_INVALID');
  expect(outcome.stderr).toMatch(
    /line 5: captures\[1\]\.file: tset-01\.pcap\.gz does not exist; expected perhaps test-01\.pcap\.gz/,
  );
  expect(existsSync(folder.at('gone.arrow.parts'))).toBe(false);
  expectFailure(await flowlamp(['dataset', 'build', path, '-o', '-']), 'OPTION_INVALID');
});

test('a build that is stopped goes on where it was, and gives the same table', async () => {
  const path = write('all.yaml', `version: 1\nroot: ${sample('')}\ncaptures: [{ glob: "*-0*.pcap.gz", label: x }]\n`);
  await build(path, 'whole.csv');
  let isStopped = false;
  const stopped = await flowlamp(['dataset', 'build', path, '-o', folder.at('again.csv'), '--jobs', '1'], {
    meddle: (child) => {
      const timer = setInterval(() => {
        if (!existsSync(folder.at('again.csv.parts'))) return;
        isStopped = child.kill('SIGTERM');
        clearInterval(timer);
      }, 5);
      child.on('exit', () => clearInterval(timer));
    },
  });
  expect(isStopped).toBe(true);
  if (stopped.code !== 0) expect(existsSync(folder.at('again.csv'))).toBe(false);
  const { code } = await build(path, 'again.csv');
  expect(code).toBe(0);
  expect(readFileSync(folder.at('again.csv'), 'utf8')).toBe(readFileSync(folder.at('whole.csv'), 'utf8'));
});

test('a capture that is another than the manifest means is refused', async () => {
  const path = write(
    'sha.yaml',
    `version: 1\nroot: captures\ncaptures: [{ file: test-01.pcap.gz, sha256: ${'f'.repeat(64)} }]\n`,
  );
  const outcome = await build(path, 'sha.arrow');
  expectFailure(outcome, 'MANIFEST_INVALID');
  expect(outcome.stderr).toMatch(/another file than the manifest means/);
});

test('extract and train take YAML manifests too', async () => {
  const path = write('e.yaml', `version: 1\nroot: captures\ncaptures: [{ file: test-01.pcap.gz, label: x }]\n`);
  const { stdout } = await flowlamp([
    'extract',
    folder.at('captures/test-01.pcap.gz'),
    '--labels',
    path,
    '--columns',
    'label',
  ]);
  expect(new Set(stdout.trim().split('\n'))).toEqual(new Set(['{"label":"x"}']));
  expectFailure(await flowlamp(['train', path, '-o', folder.at('model'), '--quiet']), 'LABELS_UNUSABLE');
});
