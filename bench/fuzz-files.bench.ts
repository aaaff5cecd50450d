/**
 * Fuzzing of flow tables and models, the long turn: `node bench/run.mjs fuzz-files [tables|models] [--inputs N] [--seed S]
 * [--from INDEX]`. The short ones are test/fuzz/tables.test.ts and models.test.ts. Inputs run in a process with a small heap; one
 * that crashes or hangs is named, and the run goes on behind it.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { extract } from '../features/flows.ts';
import { modelSamples } from '../test/fuzz/model-samples.ts';
import { useDamaged } from '../test/fuzz/models.ts';
import { tableSamples } from '../test/fuzz/table-samples.ts';
import { readDamaged } from '../test/fuzz/tables.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    child: { type: 'boolean', default: false },
  },
});
const kind = positionals[0] ?? 'tables';
const seed = Number(values.seed);
const from = Number(values.from);
const end = from + Number(values.inputs);

const CAPTURE = 'datasets/samples/demo.pcap';
/** Of JavaScript; what tables hold lies outside of it, and is seen in the size of the process. */
const HEAP_MB = 192;
/** An input takes milliseconds; a process that is not given the processor may take seconds. */
const HANG_SECONDS = 60;
const REPORT_EVERY = 64;

/** What the process of the inputs says now and then, a line of JSON each. */
interface Progress {
  readonly next: number;
  readonly refused: number;
  readonly slowest: { readonly ms: number; readonly index: number };
  readonly peakMb: number;
  readonly failed?: string;
}

if (values.child) await runInputs();
else await superviseInputs();

async function runInputs(): Promise<void> {
  const turn = kind === 'models' ? await modelTurn() : await tableTurn();
  let refused = 0;
  let slowest = { ms: 0, index: -1 };
  const say = (next: number, failed?: string) => {
    const peakMb = Math.round(process.resourceUsage().maxRSS / 1000);
    console.log(JSON.stringify({ next, refused, slowest, peakMb, ...(failed === undefined ? {} : { failed }) }));
  };
  for (let index = from; index < end; index++) {
    // The next line of a process that dies says where: inputs behind the last report are run again one by one.
    if ((index - from) % REPORT_EVERY === 0 || end - from <= REPORT_EVERY) say(index);
    const started = performance.now();
    try {
      if (await turn(index)) refused++;
    } catch (error) {
      say(index, String((error as Error).stack ?? error));
    }
    const ms = performance.now() - started;
    if (ms > slowest.ms) slowest = { ms: Math.round(ms), index };
  }
  say(end);
}

/** True for a refusal. */
type Turn = (index: number) => Promise<boolean>;

async function tableTurn(): Promise<Turn> {
  const samples = await tableSamples(CAPTURE);
  return async (index) => (await readDamaged(samples, seed, index)).refusal !== null;
}

async function modelTurn(): Promise<Turn> {
  const folder = mkdtempSync(join(tmpdir(), 'flowlamp-fuzz-models-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const samples = modelSamples();
  const table = (await extract(CAPTURE).next()).value!;
  return async (index) => (await useDamaged(samples, table, seed, index, join(folder, 'model'))) !== null;
}

async function superviseInputs(): Promise<void> {
  const started = performance.now();
  const failures: string[] = [];
  let [refused, peakMb] = [0, 0];
  let slowest = { ms: 0, index: -1 };
  for (let at = from; at < end; ) {
    let last: Progress | null = null as Progress | null;
    const died = await runChild(at, end - at, (progress) => {
      if (progress.failed !== undefined) failures.push(`input ${progress.next}: ${progress.failed}`);
      last = progress;
    });
    if (last === null) throw new Error(`the process of the inputs does not start: ${died}`);
    refused += last.refused;
    peakMb = Math.max(peakMb, last.peakMb);
    if (last.slowest.ms > slowest.ms) slowest = last.slowest;
    if (died === null) break;
    const culprit = await findCulprit(last.next, Math.min(REPORT_EVERY, end - last.next));
    failures.push(`input ${culprit}: ${died}`);
    at = culprit + 1;
  }
  for (const failure of failures) console.error(`FAILED: seed ${seed}, ${failure}`);
  console.log(
    `${kind}: ${end - from} inputs from ${from} on, seed ${seed}: ${failures.length} failures, ${refused} refused; ` +
      `${((performance.now() - started) / 1000).toFixed(0)} s, slowest ${slowest.ms} ms (input ${slowest.index}), at most ${peakMb} MB`,
  );
  if (failures.length > 0) process.exitCode = 1;
}

/** The first of a few inputs that ends its process. */
async function findCulprit(first: number, count: number): Promise<number> {
  let last = first;
  await runChild(first, count, ({ next }) => {
    last = next;
  });
  return last;
}

/** Null if the process did all its inputs, else how it ended. */
function runChild(at: number, count: number, report: (progress: Progress) => void): Promise<string | null> {
  const args = [kind, '--child', '--seed', String(seed), '--from', String(at), '--inputs', String(count)];
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve) => {
    let hangs = false;
    const arm = () =>
      setTimeout(() => {
        hangs = true;
        child.kill('SIGKILL');
      }, HANG_SECONDS * 1000);
    let timer = arm();
    createInterface(child.stdout).on('line', (line) => {
      clearTimeout(timer);
      timer = arm();
      report(JSON.parse(line) as Progress);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(hangs ? `no end in ${HANG_SECONDS} s` : code === 0 ? null : `the process ended with ${signal ?? code}`);
    });
  });
}
