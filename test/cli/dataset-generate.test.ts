import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
afterAll(() => folder.remove());

const generate = (name: string, ...more: string[]) =>
  flowlamp(['dataset', 'generate', '-o', folder.at(name), '--seed', '5', ...more]);
const files = (name: string) => readdirSync(folder.at(name)).sort();
const read = (name: string, file: string) => readFileSync(folder.at(`${name}/${file}`));

test('plain captures are the same to the byte whatever --jobs, and say what is in them', async () => {
  const small = ['--flows', '24', '--captures', '6', '--encapsulation', 'plain'];
  const one = await generate('one', ...small, '--jobs', '1');
  expect(one).toMatchObject({ code: 0, stdout: '' });
  expect(one.stderr).toMatch(/^mining +[a-z0-9-]+ +\d+ +[\d,]+ +[\d.]+ [kM]?B$/m);
  expect(one.stderr).toMatch(/^wrote 6 captures with 24 flows .* flows\/s$/m);
  expect((await generate('three', ...small, '--jobs', '3')).code).toBe(0);
  expect(files('one').length).toBe(7);
  expect(files('three')).toEqual(files('one'));
  for (const file of files('one')) expect(Buffer.compare(read('three', file), read('one', file))).toBe(0);
});

test('in TLS the labels are the same whatever --jobs', async () => {
  const small = ['--flows', '16', '--captures', '4'];
  await generate('tls-one', ...small, '--jobs', '1');
  await generate('tls-two', ...small, '--jobs', '2');
  expect(read('tls-two', 'manifest.json').toString()).toBe(read('tls-one', 'manifest.json').toString());
});

test('a generated folder is built, split, audited and learnt from as it is', async () => {
  const run = async (...args: string[]) => {
    const outcome = await flowlamp(args);
    expect(outcome.stderr).not.toMatch(/flowlamp: [A-Z_]+:/);
    expect(outcome.code).toBe(0);
    return outcome;
  };
  await generate('set', '--flows', '120', '--captures', '8', '--quiet');
  await run('dataset', 'build', folder.at('set/manifest.json'), '-o', folder.at('set.arrow'));
  const { rows, counts } = JSON.parse(readFileSync(folder.at('set.build.json'), 'utf8'));
  expect(rows).toBeGreaterThanOrEqual(115);
  const labels = new Set(counts.map(({ label }: { label: string | null }) => label));
  expect(labels).toEqual(new Set(['mining', 'other'])); // and no row without one
  const by = ['--by', 'capture,client,server,site', '--test', '0.25'];
  await run('dataset', 'split', folder.at('set.arrow'), ...by, '-o', folder.at('split'));
  await run('dataset', 'audit', folder.at('split/train.arrow'), folder.at('split/test.arrow'), '--gate');
  await run('train', folder.at('split/train.arrow'), '-o', folder.at('model'), '--rounds', '10', '--generated');
  await run('evaluate', folder.at('set/manifest.json'), '-m', folder.at('model'));
});

test('only the dialogues that are named', async () => {
  await generate('two', '--flows', '12', '--dialogue', 'cryptonote', '--dialogue', 'imap-idle', '--hours', '0.2');
  const { captures } = JSON.parse(read('two', 'manifest.json').toString());
  const dialogues = new Set(
    captures
      .flatMap(({ flows }: { flows: { dialogue: string }[] }) => flows)
      .map((flow: { dialogue: string }) => flow.dialogue),
  );
  expect(dialogues).toEqual(new Set(['cryptonote', 'imap-idle']));
  const wrong = await generate('none', '--dialogue', 'cryptonight');
  expectFailure(wrong, 'OPTION_INVALID');
  expect(existsSync(folder.at('none'))).toBe(false);
});

test('a folder with files is refused, unless they may be written over', async () => {
  await generate('full', '--flows', '2', '--captures', '1');
  writeFileSync(folder.at('full/notes.txt'), 'mine');
  const again = await generate('full', '--flows', '2', '--captures', '1');
  expectFailure(again, 'OUTPUT_UNWRITABLE');
  expect(again.stderr).toContain('full has files in it already (manifest.json, notes.txt, train-01.pcap)');
  expect((await generate('full', '--flows', '3', '--captures', '1', '--force')).code).toBe(0);
  expect(read('full', 'notes.txt').toString()).toBe('mine');
});

test('--list names everything that can be chosen, and writes nothing', async () => {
  const { code, stdout } = await flowlamp(['dataset', 'generate', '--list']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^mining +cryptonote +\d+ % /m);
  expect(stdout).toMatch(/^other +mqtt-keepalive +\d+ % /m);
  expect(stdout).toMatch(/^tls13 +\d+ %$/m);
});

test('without a folder, or with options that exclude each other, it says so', async () => {
  const nowhere = await flowlamp(['dataset', 'generate']);
  expect(nowhere).toMatchObject({ code: 2, stdout: '' });
  expect(nowhere.stderr).toContain("required option '-o, --output <folder>'");
  expect((await generate('x', '--samples', '--flows', '3')).stderr).toContain('cannot be used with');
});

describe.skipIf(process.platform === 'win32')('a signal', () => {
  test.each(['1', '2'])('leaves no half capture and no manifest (--jobs %s)', async (jobs) => {
    const name = `stopped-${jobs}`;
    const { code } = await flowlamp(
      ['dataset', 'generate', '-o', folder.at(name), '--flows', '3000', '--hours', '1', '--jobs', jobs, '--quiet'],
      {
        meddle: (child) => {
          const timer = setInterval(() => {
            if (existsSync(folder.at(name)) && files(name).some((file) => file.endsWith('.partial')))
              child.kill('SIGINT');
          }, 5);
          child.on('close', () => clearInterval(timer));
        },
      },
    );
    expect(code).toBe(130);
    expectNoRemains(folder.at(name));
    expect(files(name)).not.toContain('manifest.json');
  });
});
