/**
 * What scoring costs beside extraction, as whole processes on the same capture, turn about:
 * `node bench/run.mjs score-process -- [--runs 7] [--format arrow] [--flags "--jobs 2"] CAPTURE...`
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { mainPath, mebibytes, median } from './extract-process.ts';
import { printTable } from './harness.ts';

const { values, positionals: captures } = parseArgs({
  // npm and run.mjs hand on the two dashes that come before a bench's own arguments.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '7' },
    format: { type: 'string', default: 'arrow' },
    flags: { type: 'string', default: '' },
  },
});
if (captures.length === 0) throw new Error('name the captures to read');
/** GNU time, which says what CPU and memory a process took. */
const TIME = '/usr/bin/time';
if (!existsSync(TIME)) throw new Error(`${TIME} is missing: install GNU time (Debian: time)`);

const COMMANDS = [
  { name: 'extract', words: ['extract'] },
  { name: 'score', words: ['score'] },
  { name: 'score, ONNX Runtime', words: ['score', '--runtime', 'onnxruntime'] },
] as const;

interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly peak: number;
}

function run(words: readonly string[], capture: string, scratch: string): Cost {
  const report = join(scratch, 'time');
  const out = ['-f', values.format, '-o', join(scratch, `rows.${values.format}`), '--quiet'];
  const flags = values.flags.split(' ').filter((flag) => flag !== '');
  const command = [process.execPath, mainPath(), ...words, capture, ...out, ...flags];
  const { status, stderr } = spawnSync(TIME, ['-f', '%e %U %S %M', '-o', report, ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  const [wall, user, system, peak] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { wall: wall!, cpu: user! + system!, peak: peak! * 1024 };
}

function text(all: readonly number[]): string {
  const [middle, least, most] = [median(all), Math.min(...all), Math.max(...all)].map((value) => value.toFixed(2));
  return `${middle} (${least}-${most})`;
}

function compare(capture: string, scratch: string): void {
  const costs = COMMANDS.map((): Cost[] => []);
  // Once before it counts, so that the file is in memory for everyone.
  run(COMMANDS[0].words, capture, scratch);
  for (let round = 0; round < Number(values.runs); round++) {
    for (const [i, { words }] of COMMANDS.entries()) costs[i]!.push(run(words, capture, scratch));
  }
  const [extract] = costs as [Cost[]];
  const rows = COMMANDS.map(({ name }, i) => {
    const all = costs[i]!;
    // Runs next to each other in time had the same neighbours on the machine.
    const ratio = (of: (cost: Cost) => number) => text(all.map((cost, round) => of(cost) / of(extract[round]!)));
    return [
      name,
      text(all.map(({ wall }) => wall)),
      text(all.map(({ cpu }) => cpu)),
      mebibytes(Math.max(...all.map(({ peak }) => peak))),
      i === 0 ? '' : ratio(({ wall }) => wall),
      i === 0 ? '' : ratio(({ cpu }) => cpu),
    ];
  });
  console.log(`${basename(capture)} to ${values.format}: ${values.runs} runs, turn about`);
  printTable([['', 'wall s', 'CPU s', 'peak memory', 'wall / extract', 'CPU / extract'], ...rows]);
}

const scratch = mkdtempSync(join(tmpdir(), 'flowlamp-bench-'));
try {
  for (const capture of captures) compare(capture, scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
