/** Completion scripts, run by the shells that are installed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../cli/command-list.ts';
import { TABLE_FORMATS } from '../../features/files/table-writer.ts';
import { flowlamp, temporaryFolder } from './run.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];
const has = (shell: Shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const folder = temporaryFolder();
const scripts = new Map<Shell, string>();

beforeAll(async () => {
  for (const shell of SHELLS) {
    const { code, stdout, stderr } = await flowlamp(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    scripts.set(shell, stdout);
    writeFileSync(folder.at(`flowlamp.${shell}`), stdout);
  }
  mkdirSync(folder.at('here'));
  for (const name of ['a b.pcap', 'flows.arrow', '*.pcap']) writeFileSync(folder.at(`here/${name}`), '');
});
afterAll(() => folder.remove());

const MODELS = ['mining'];
const FILES = ['*.pcap', 'a b.pcap', 'flows.arrow'];
const NAMES = COMMANDS.map(({ name }) => name);

/** Words on the line, the last of them the one at the cursor; and what may come of it. */
const CASES: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
  [[''], [...NAMES, 'help']],
  [['ex'], ['explain', 'extract']],
  [['dataset', 'b'], ['build']],
  [['model', 'e'], ['export']],
  [['help', 'mod'], ['model']],
  [['dataset', 'help', 'sp'], ['split']],
  [['extract', '--sch'], ['--schema']],
  [
    ['extract', '--schema', ''],
    ['cicflowmeter', 'nfstream'],
  ],
  [['extract', '-f', ''], TABLE_FORMATS],
  [['extract', 'x.pcap', '--format', 'arrow'], TABLE_FORMATS.filter((name) => name.startsWith('arrow'))],
  [
    ['train', '--learner', ''],
    ['gbdt', 'mlp', 'cnn'],
  ],
  [['score', '-m', 'min'], MODELS],
  [['model', 'show', 'min'], MODELS],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['extract', ''], FILES],
  [['extract', '-o', 'fl'], ['flows.arrow']],
  // A value that is called like a command is no command.
  [['extract', '-o', 'score', '--fo'], ['--format']],
  [['extract', '--columns', 'src_ip', '--quie'], ['--quiet']],
  [['train', '--no-a'], ['--no-audit']],
  [['extract', '--idle-timeout', ''], []],
  [['inspect', '--nosuch'], []],
];

function run(shell: Shell, lines: readonly string[]): string[][] {
  const words = shell === 'fish' ? ['--no-config', '-c', lines.join('\n')] : ['-c', lines.join('\n')];
  const { status, stdout, stderr } = spawnSync(shell, words, {
    cwd: folder.at('here'),
    encoding: 'utf8',
    env: { ...process.env, HOME: folder.path },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .split('~~\n')
    .slice(0, -1)
    .map((text) => text.split('\n').slice(0, -1));
}

describe.skipIf(!has('bash'))('bash', () => {
  const quoted = (word: string) => `'${word}'`;
  const complete = (cases: readonly (readonly string[])[]) =>
    run('bash', [
      `set -u; source '${folder.at('flowlamp.bash')}'`,
      ...cases.flatMap((words) => [
        `COMP_WORDS=(flowlamp ${words.map(quoted).join(' ')}) COMP_CWORD=${words.length}; _flowlamp`,
        // An empty list is unset to `set -u` of older versions.
        `[[ \${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"; echo '~~'`,
      ]),
    ]);

  test('offers commands, options, choices, models and files, each where it fits', () => {
    const offered = complete(CASES.map(([words]) => words));
    for (const [i, [words, expected]] of CASES.entries()) {
      expect(offered[i]!.sort(), words.join(' ')).toEqual([...expected].sort());
    }
  });

  test('takes = for a word of its own, and nothing behind -- for an option', () => {
    const [part, none, behind] = complete([
      ['extract', '--schema', '=', 'nf'],
      ['extract', '--schema', '='],
      ['extract', '--', '--sch'],
    ]);
    expect([part, none, behind]).toEqual([['nfstream'], ['cicflowmeter', 'nfstream'], []]);
  });
});

describe.skipIf(!has('zsh'))('zsh', () => {
  test('the script parses, and offers choices and models', () => {
    expect(spawnSync('zsh', ['-n', folder.at('flowlamp.zsh')]).status).toBe(0);
    const stand = [
      `compdef() { : }; compset() { : }; _files() { print files }; compadd() { print -l -- "\${@[2,-1]}" }`,
      `_describe() { local -a all; all=("\${(@P)@[-1]}"); print -l -- "\${(@)all%%:*}" }`,
      `source '${folder.at('flowlamp.zsh')}'`,
    ];
    const cases = [
      ['extract', '--schema', ''],
      ['score', '-m', ''],
      ['dataset', ''],
    ];
    const calls = cases.map(
      (words) =>
        `words=(flowlamp ${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length + 1}; _flowlamp; print '~~'`,
    );
    const [schemas, models, inner] = run('zsh', [...stand, ...calls]);
    expect(schemas).toEqual(['cicflowmeter', 'nfstream']);
    expect(models).toEqual([...MODELS, 'files']);
    expect(inner).toContain('build');
  });
});

describe.skipIf(!has('fish'))('fish', () => {
  test('the script parses, and offers what bash does', () => {
    expect(spawnSync('fish', ['-n', folder.at('flowlamp.fish')]).status).toBe(0);
    const plain = CASES.filter(([, expected]) => expected !== FILES && expected.length > 0);
    const offered = run('fish', [
      `source '${folder.at('flowlamp.fish')}'`,
      ...plain.map(([words]) => `complete -C 'flowlamp ${words.join(' ')}'; echo '~~'`),
    ]);
    for (const [i, [words, expected]] of plain.entries()) {
      const found = offered[i]!.map((line) => line.split('\t')[0]);
      expect(found.sort(), words.join(' ')).toEqual([...expected].sort());
    }
  });
});

test('all commands and options are in each script, whatever is installed here', () => {
  for (const [shell, script] of scripts) {
    for (const name of NAMES) expect(script, shell).toContain(name);
    for (const word of ['alerts-per-day', 'i-know', 'model-version', 'onnxruntime', 'cesnet-miner22']) {
      expect(script, shell).toContain(word);
    }
  }
});

test('another shell is refused, with those that there are', async () => {
  const { code, stderr } = await flowlamp(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('Allowed choices are bash, zsh, fish.');
});
