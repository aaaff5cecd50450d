/** `flowlamp doctor`: what it makes of what it finds, and that it leaves things as they are. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type ProgramFacts, programCheck, type Rights, rightsOf, versionIn } from '../../cli/doctor/capturing.ts';
import { type Check, isFit } from '../../cli/doctor/check.ts';
import { modelChecks } from '../../cli/doctor/models.ts';
import { installedVersion, PACKAGES, packageCheck, packageChecks, tryLoading } from '../../cli/doctor/packages.ts';
import { checksText } from '../../cli/doctor/report.ts';
import { folderCheck, nodeCheck, simdCheck } from '../../cli/doctor/system.ts';
import { loadModelFolder } from '../../models/folder.ts';
import { flowlamp, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const root = new URL('../../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

test('the program finds this machine fit, says what to do about the rest, and writes nothing', async () => {
  const env = { TMPDIR: folder.path };
  const { code, stdout, stderr } = await flowlamp(['doctor', '-f', 'json'], { cwd: folder.path, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const report = JSON.parse(stdout) as { checks: (Omit<Check, 'isRequired'> & { required: boolean })[] };
  expect(report).toMatchObject({ fit: true, flowlamp: manifest.version, node: process.versions.node });
  for (const { name, status, next, use, found } of report.checks) {
    expect(next === null, name).toBe(status === 'ok');
    for (const words of [use, found]) expect(words, name).not.toBe('');
  }
  expect(report.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['tcpdump', 'dumpcap', 'WebAssembly SIMD', ...PACKAGES.map(({ name }) => name)]),
  );
  const required = report.checks.filter((check) => check.required).map(({ name }) => name);
  expect(required).toEqual(['Node.js', 'model mining']);
  expect(report.checks.find(({ name }) => name === 'temporary folder')?.found).toContain(folder.path);
  expect(readdirSync(folder.path)).toEqual([]);
  const text = checksText(
    report.checks.map(({ required: isRequired, ...check }) => ({ ...check, isRequired })),
    120,
    'none',
  );
  for (const { name, status } of report.checks) expect(text).toMatch(new RegExp(`^${status} +${name} `, 'm'));
  expect(text).toMatch(/; all that is required works\n$/);
}, 60_000);

test('every optional package is asked for, and nothing that does not exist', () => {
  const { optionalDependencies, peerDependencies } = manifest;
  const optional = Object.keys({ ...optionalDependencies, ...peerDependencies });
  // What fastify needs, at a version for Node 20.
  const asked = optional.filter((name) => name !== 'light-my-request');
  expect(PACKAGES.map(({ name }) => name).sort()).toEqual(asked.sort());
});

test('a package is ok, not there, or there and broken', async () => {
  const [wanted] = PACKAGES as [(typeof PACKAGES)[number]];
  expect(packageCheck(wanted, { version: '1.2.3', trouble: null })).toMatchObject({
    status: 'ok',
    found: '1.2.3',
    next: null,
  });
  expect(packageCheck(wanted, null)).toMatchObject({ status: 'missing', found: 'not installed' });
  // Versions that run on Node 20, and without the step that fetches GPU libraries.
  const advice = (name: string) => packageCheck({ ...wanted, name }, null).next;
  expect(advice('jsdom')).toContain(`npm install jsdom@${manifest.optionalDependencies.jsdom} beside flowlamp`);
  const skip = process.platform === 'linux' ? 'ONNXRUNTIME_NODE_INSTALL=skip ' : '';
  expect(advice('onnxruntime-node')).toMatch(
    new RegExp(`^${skip}npm install onnxruntime-node@\\d+\\.\\d+\\.\\d+ beside`),
  );
  const broken = packageCheck(wanted, { version: '1.2.3', trouble: 'Cannot find module libx.so' });
  expect(broken).toMatchObject({ status: 'broken', isRequired: false });
  expect(broken.next).toMatch(/^Cannot find module libx.so; npm rebuild onnxruntime-node/);
  // In the order of the list, whichever is done first.
  const waits = new Map(PACKAGES.map(({ name }, i) => [name, 20 - i]));
  const checks = await packageChecks(PACKAGES, async (name) => {
    await new Promise((resolve) => setTimeout(resolve, waits.get(name)));
    return { version: name, trouble: null };
  });
  expect(checks.map(({ found }) => found)).toEqual(PACKAGES.map(({ name }) => name));
});

test('a package is tried in a process of its own, whatever it does there', async () => {
  const write = (name: string, body: string) => {
    mkdirSync(folder.at(`node_modules/${name}`), { recursive: true });
    writeFileSync(folder.at(`node_modules/${name}/package.json`), `{"name":"${name}","version":"7.0.0","main":"x.js"}`);
    writeFileSync(folder.at(`node_modules/${name}/x.js`), body);
  };
  write('sound', 'console.log("an advertisement"); setInterval(() => {}, 1000);');
  write('lacking', 'require("no-such-library");');
  write('crashing', 'process.kill(process.pid, "SIGSEGV"); while (true);');
  const from = pathToFileURL(`${folder.path}/`);
  const load = (name: string) => tryLoading(name, from);
  expect(await Promise.all(['sound', 'lacking', 'crashing', 'absent'].map(load))).toEqual([
    { version: '7.0.0', trouble: null },
    { version: '7.0.0', trouble: expect.stringMatching(/^Cannot find module 'no-such-library'$/) },
    { version: '7.0.0', trouble: 'it was ended by SIGSEGV' },
    null,
  ]);
});

test('versions are found where Node finds packages', () => {
  expect(installedVersion('commander')).toBe(manifest.devDependencies.commander);
  expect(installedVersion('commander', new URL('cli/doctor/', root))).toBe(manifest.devDependencies.commander);
  expect(installedVersion('no-such-package-at-all')).toBeNull();
});

test.each([
  ['20.11.0', 'ok'],
  ['20.20.2', 'ok'],
  ['22.0.0', 'ok'],
  ['20.10.9', 'broken'],
  ['18.20.0', 'broken'],
])('Node.js %s is %s', (version, status) => {
  const check = nodeCheck(version, '>=20.11');
  expect(check).toMatchObject({ status, isRequired: true });
  expect(isFit([check])).toBe(status === 'ok');
});

test('a model that was touched is broken, and so is the program without one', () => {
  const copy = folder.at('mining');
  cpSync(fileURLToPath(new URL('models/zoo/mining', root)), copy, { recursive: true });
  expect(modelChecks(['mining'], () => loadModelFolder(copy))).toMatchObject([{ status: 'ok', next: null }]);
  const onnx = readFileSync(`${copy}/model.onnx`);
  onnx[onnx.length >> 1]! ^= 1;
  writeFileSync(`${copy}/model.onnx`, onnx);
  const [touched] = modelChecks(['mining'], () => loadModelFolder(copy)) as [Check];
  expect(touched).toMatchObject({ status: 'broken', isRequired: true });
  expect(touched.found).toContain('model.onnx has sha256');
  expect(isFit([touched])).toBe(false);
  expect(modelChecks([])).toMatchObject([{ status: 'broken', found: 'none is there', isRequired: true }]);
});

const PROGRAM: ProgramFacts = { path: '/usr/bin/tcpdump', version: '4.99.3', isSetuidRoot: false, capabilities: '' };
const USER: Rights = { uid: 1000, isRaw: false, mayGain: true };
const CAPABLE = '/usr/bin/tcpdump cap_net_raw=ep\n';

test.each<[string, ProgramFacts | null, Rights, Check['status'], RegExp]>([
  ['root', PROGRAM, { ...USER, uid: 0, isRaw: true }, 'ok', /may capture \(root\)/],
  ['root in a container without the right', PROGRAM, { ...USER, uid: 0 }, 'missing', /--cap-add NET_RAW/],
  ['ambient rights', PROGRAM, { ...USER, isRaw: true }, 'ok', /rights of this process/],
  ['a file capability', { ...PROGRAM, capabilities: CAPABLE }, USER, 'ok', /file capability/],
  [
    'with others',
    { ...PROGRAM, capabilities: '/usr/bin/dumpcap cap_net_admin,cap_net_raw=eip' },
    USER,
    'ok',
    /file capability/,
  ],
  [
    'one that is not effective',
    { ...PROGRAM, capabilities: 'x cap_net_raw=p' },
    USER,
    'missing',
    /setcap cap_net_raw\+ep/,
  ],
  [
    'a file capability that is disregarded',
    { ...PROGRAM, capabilities: CAPABLE },
    { ...USER, mayGain: false },
    'missing',
    /NoNewPrivileges/,
  ],
  ['setuid', { ...PROGRAM, isSetuidRoot: true }, USER, 'ok', /setuid root/],
  ['nothing', PROGRAM, USER, 'missing', /run once as root: setcap cap_net_raw\+ep \/usr\/bin\/tcpdump/],
  ['no getcap', { ...PROGRAM, capabilities: null }, USER, 'missing', /try it: \/usr\/bin\/tcpdump -i any/],
  ['no program', null, USER, 'missing', /install tcpdump, or pipe packets into --pcap -/],
  [
    'a program that does not start',
    { ...PROGRAM, version: null },
    USER,
    'broken',
    /try it: \/usr\/bin\/tcpdump --version/,
  ],
])('tcpdump with %s', (_, facts, rights, status, says) => {
  const check = programCheck('tcpdump', facts, rights);
  expect(check).toMatchObject({ status, isRequired: false });
  expect(`${check.found} ${check.next}`).toMatch(says);
});

test('rights are read off /proc/self/status', () => {
  const status = (effective: string, bounding: string, noNew = 0) =>
    `Name:\tnode\nCapEff:\t${effective}\nCapBnd:\t${bounding}\nNoNewPrivs:\t${noNew}\n`;
  expect(rightsOf(status('0000000000002000', '000001ffffffffff'), 0)).toEqual({ uid: 0, isRaw: true, mayGain: true });
  expect(rightsOf(status('0000000000000000', '000001ffffffffff'), 7)).toEqual({ uid: 7, isRaw: false, mayGain: true });
  expect(rightsOf(status('0000000000000000', '00000000a80405fb'), 7).mayGain).toBe(false);
  expect(rightsOf(status('0000000000000000', '000001ffffffffff', 1), 7).mayGain).toBe(false);
  expect(rightsOf(null, 501)).toEqual({ uid: 501, isRaw: null, mayGain: true });
});

test('versions as the programs tell them', () => {
  expect(versionIn('tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\n')).toBe('4.99.3');
  expect(versionIn('Dumpcap (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u1)\n')).toBe('4.0.17');
  expect(versionIn('sh: not found')).toBeNull();
});

test('folders and SIMD', () => {
  expect(folderCheck('a', folder.path, 'b', 'c').status).toBe('ok');
  expect(folderCheck('a', folder.at('none'), 'b', 'choose another')).toMatchObject({
    status: 'broken',
    next: 'choose another',
  });
  expect([simdCheck(true).status, simdCheck(false).status]).toEqual(['ok', 'missing']);
});

test('what to do next is never cut, however narrow the terminal', () => {
  const next = `take ${'a long '.repeat(30)}walk`;
  const check: Check = {
    name: 'cap',
    status: 'broken',
    isRequired: true,
    found: 'x'.repeat(60),
    use: 'y'.repeat(60),
    next,
  };
  const text = checksText([check], 40, 'none');
  expect(text).toContain(`next: ${next}\n`);
  expect(text).toContain('0 ok, 0 missing, 1 broken; 1 required thing not working');
});
