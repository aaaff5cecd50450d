/**
 * Whole processes on the same captures, turn about: `flowlamp extract X -o FILE.arrow`, `nfpcapd -r X -w FOLDER` (nfdump) and
 * `ndpiReader -C FILE -i X` (libndpi-bin), those that are installed:
 * `node bench/run.mjs extract -- [--runs 7] [--flags "--jobs 2"] CAPTURE_OR_FOLDER...`
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { mainPath, mebibytes, median } from './extract-process.ts';
import { printTable } from './harness.ts';

const { values, positionals } = parseArgs({
  // npm and run.mjs hand on the two dashes that come before a bench's own arguments.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  allowPositionals: true,
  options: { runs: { type: 'string', default: '7' }, flags: { type: 'string', default: '' } },
});
const runs = Number(values.runs);
const captures = positionals.flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.(pcap|pcapng|cap)$/.test(name))
        .map((name) => join(path, name))
    : [path],
);
if (captures.length === 0) throw new Error('name the captures to read, or a folder that holds them');

/** GNU time, which says how much memory a process took at most; without it memory is not measured. */
const TIME = '/usr/bin/time';
const hasTime = existsSync(TIME);

interface Tool {
  readonly name: string;
  readonly command: (capture: string, folder: string) => readonly string[];
}

interface Run {
  readonly seconds: number;
  readonly peak: number;
  readonly said: string;
}

const FLOWLAMP: Tool = {
  name: 'flowlamp',
  command: (capture, folder) => [
    process.execPath,
    mainPath(),
    'extract',
    capture,
    ...values.flags.split(' ').filter((flag) => flag !== ''),
    '-o',
    join(folder, 'flows.arrow'),
  ],
};
const YARDSTICKS: readonly Tool[] = [
  { name: 'nfpcapd', command: (capture, folder) => ['nfpcapd', '-r', capture, '-w', folder] },
  {
    name: 'ndpiReader',
    command: (capture, folder) => ['ndpiReader', '-q', '-C', join(folder, 'flows.csv'), '-i', capture],
  },
];

function isInstalled(name: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
  if (!found) console.log(`${name} is not installed: left out`);
  return found;
}

function run(tool: Tool, capture: string, scratch: string): Run {
  const folder = join(scratch, tool.name);
  const report = join(scratch, 'time');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const timed = hasTime ? [TIME, '-f', '%M', '-o', report] : [];
  const [program, ...args] = [...timed, ...tool.command(capture, folder)];
  const started = performance.now();
  const { status, stderr } = spawnSync(program!, args, { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 26 });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${tool.name} ended with ${status}: ${stderr}`);
  const peak = hasTime ? Number(readFileSync(report, 'utf8').trim().split('\n').at(-1)) * 1024 : Number.NaN;
  return { seconds, peak, said: stderr.toString() };
}

/** Packets and flows as flowlamp's summary counts them. */
function countsOf(said: string): { readonly packets: number; readonly flows: number } {
  const number = (pattern: RegExp) => Number((pattern.exec(said)?.[1] ?? '0').replaceAll(',', ''));
  const packets = number(/^\d+ captures?: ([\d,]+) packets?/m) + number(/, ([\d,]+) more in no flow/);
  return { packets, flows: number(/; ([\d,]+) flows?[ ,;]/) };
}

function spreadText(all: readonly number[], digits: number): string {
  const [middle, least, most] = [median(all), Math.min(...all), Math.max(...all)].map((value) => value.toFixed(digits));
  return `${middle} (${least}-${most})`;
}

function compare(tools: readonly Tool[], capture: string, scratch: string): void {
  const size = statSync(capture).size;
  const results = tools.map((): Run[] => []);
  // Once before it counts, so that the file is in memory for everyone.
  const { packets, flows } = countsOf(run(FLOWLAMP, capture, scratch).said);
  for (let round = 0; round < runs; round++) {
    for (const [i, tool] of tools.entries()) results[i]!.push(run(tool, capture, scratch));
  }
  const ours = results[0]!;
  const rows = tools.map(({ name }, i) => {
    const all = results[i]!;
    const seconds = all.map((one) => one.seconds);
    const wall = median(seconds);
    const peak = Math.max(...all.map((one) => one.peak));
    // Runs next to each other in time had the same neighbours on the machine.
    const ratios = all.map((one, round) => ours[round]!.seconds / one.seconds);
    return [
      name,
      spreadText(seconds, 2),
      Math.round(packets / wall).toLocaleString('en-US'),
      Math.round(flows / wall).toLocaleString('en-US'),
      Math.round(size / 1e6 / wall).toString(),
      Number.isNaN(peak) ? 'not measured' : mebibytes(peak),
      i === 0 ? '' : spreadText(ratios, 2),
    ];
  });
  const contents = `${packets.toLocaleString('en-US')} packets, ${flows.toLocaleString('en-US')} flows`;
  console.log(`${basename(capture)}: ${contents}, ${Math.round(size / 1e6)} MB; ${runs} runs, turn about`);
  printTable([['', 'seconds', 'packets/s', 'flows/s', 'MB/s', 'peak memory', 'flowlamp / this'], ...rows]);
}

const scratch = mkdtempSync(join(tmpdir(), 'flowlamp-bench-'));
try {
  const tools = [FLOWLAMP, ...YARDSTICKS.filter(({ name }) => isInstalled(name))];
  for (const capture of captures) compare(tools, capture, scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
