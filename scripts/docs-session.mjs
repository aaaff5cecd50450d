/**
 * Pages that show a session: commands that build on each other, run in order in a folder of their own. A page has one where it says
 *
 *     <!-- session -->                 from here on; the folder has what `prepare` puts into it
 *     <!-- file labels.yaml -->        the fenced block below is that file
 *     ```console                       each `$ command` is run, and its output, standard error included, stands below it
 *     <!-- exits 1 -->                 before a block of commands that are to fail
 *
 * `flowlamp` is the program as it was built. Blocks without `$` and of other languages are left alone.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START = '<!-- session -->';
const PART = /<!-- file (\S+) -->\n```\w*\n([\s\S]*?)```|(?:<!-- exits (\d+) -->\n)?```console\n([\s\S]*?)```/g;

/** Captures of the session, and the samples that stand in for them. */
const CAPTURES = ['train-01', 'train-02', 'train-03'].map((sample, i) => [
  `captures/day-${i + 1}.pcap.gz`,
  `${sample}.pcap.gz`,
]);

/** The page with the output of its session as it is now; as it was where it has none. */
export function withSession(page, root) {
  const start = page.indexOf(START);
  if (start < 0) return page;
  const folder = mkdtempSync(join(tmpdir(), 'flowlamp-session-'));
  try {
    prepare(folder, root);
    const rest = page.slice(start).replace(PART, (whole, file, content, exits, body) => {
      if (file === undefined) return shown(whole, exits, body, folder);
      writeFileSync(join(folder, file), content);
      return whole;
    });
    return page.slice(0, start) + rest;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Times differ from run to run. */
export function maskTimes(text) {
  return text.replace(/\b\d+\.\d+ s\b/g, 'T s');
}

/** Captures of three days, what is known of their flows, and the program on the path. */
function prepare(folder, root) {
  const samples = join(root, 'datasets/samples');
  for (const name of ['captures', '.bin']) mkdirSync(join(folder, name));
  for (const [name, sample] of CAPTURES) copyFileSync(join(samples, sample), join(folder, name));
  writeFileSync(
    join(folder, 'mining.csv'),
    miningFlows(JSON.parse(readFileSync(join(samples, 'manifest.json'), 'utf8'))),
  );
  const program = join(folder, '.bin/flowlamp');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'dist/cli/main.js')}" "$@"\n`);
  chmodSync(program, 0o755);
}

function miningFlows({ captures }) {
  const rows = CAPTURES.flatMap(([name, sample]) =>
    captures
      .find(({ file }) => file === sample)
      .flows.filter(({ label }) => label === 'mining')
      .map((flow) => [name, flow.src_ip, flow.src_port, flow.dst_ip, flow.dst_port, flow.protocol, flow.label]),
  );
  return ['pcap,src_ip,src_port,dst_ip,dst_port,protocol,label', ...rows.map((row) => row.join(','))].join('\n');
}

function shown(block, exits, body, folder) {
  const commands = body.split('\n').filter((line) => line.startsWith('$ '));
  if (commands.length === 0) return block;
  const text = commands.map((line) => `${line}\n${outputOf(line.slice(2), Number(exits ?? 0), folder)}`).join('');
  return `${exits === undefined ? '' : `<!-- exits ${exits} -->\n`}\`\`\`console\n${text}\`\`\``;
}

function outputOf(command, expected, folder) {
  const env = { ...process.env, FORCE_COLOR: '0', FLOWLAMP_MODELS: join(folder, 'models') };
  env.PATH = `${join(folder, '.bin')}:${env.PATH}`;
  const { status, stdout, error } = spawnSync('sh', ['-c', `{ ${command}\n} 2>&1`], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  if (error === undefined && status === expected) return asAtHome(stdout, folder);
  throw new Error(`${command} exits ${status}, not ${expected}: ${error?.message ?? stdout}`);
}

/** The registry where it is unless somebody says otherwise. */
function asAtHome(text, folder) {
  return text.replaceAll(join(folder, 'models'), '~/.local/share/flowlamp/models').replace(/ +$/gm, '');
}
