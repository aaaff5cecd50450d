/**
 * Fuzzing, the long turn: `npm run fuzz -- [--inputs N] [--seed S] [--from INDEX] [--out FOLDER] [FOLDER...]`. The short one
 * is test/fuzz/fuzz.test.ts. Captures come from the folders, by default datasets/samples and ../shared/data where they are.
 * A failure prints the seed and the input, and writes what was given to the extractor until then.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { loadCorpus } from '../test/fuzz/corpus.ts';
import { type Input, kindOfTurn, runTurn, TURN_INPUTS } from '../test/fuzz/turn.ts';
import { concat } from '../test/support/bytes.ts';
import { interfaceBlock, packetBlock, sectionHeader } from '../test/support/captures.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    out: { type: 'string', default: join(tmpdir(), 'flowlamp-fuzz') },
  },
});
const seed = Number(values.seed);
const firstTurn = Math.floor(Number(values.from) / TURN_INPUTS);
const turns = Math.ceil(Number(values.inputs) / TURN_INPUTS);
if (![seed, firstTurn, turns].every(Number.isSafeInteger))
  throw new Error('--inputs, --seed and --from are whole numbers');

/** One input takes far less than a millisecond; a process that is not given the processor may take seconds. */
const HANG_SECONDS = 60;
/** The process takes 200 to 400 MB; what grows reaches this long before ten million inputs. */
const MOST_BYTES = 1.5e9;

/** A thread that ends the process when an input does not end. */
function watchHangs(): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const code = `
    const { workerData: { shared, seed, seconds } } = require('node:worker_threads');
    let seen = -1;
    let since = Date.now();
    setInterval(() => {
      const now = Atomics.load(shared, 0);
      if (now !== seen) { seen = now; since = Date.now(); return; }
      if (Date.now() - since < seconds * 1000) return;
      require('node:fs').writeSync(2, 'HANG: seed ' + seed + ', input ' + now + ' has not ended in ' + seconds + ' s\\n');
      process.kill(process.pid, 'SIGKILL');
    }, 1000);`;
  const worker = new Worker(code, { eval: true, workerData: { shared, seed, seconds: HANG_SECONDS } });
  worker.unref();
  return shared;
}

/** What a turn gave to the extractor until it failed: the damaged file, or its frames as one pcapng file. */
function writeFailure(turn: number): string {
  const given: Input[] = [];
  try {
    runTurn(corpus, seed, turn, (_, { bytes, linkType }) => given.push({ bytes: bytes.slice(), linkType }));
  } catch {
    // Known: it is why this runs.
  }
  const last = turn * TURN_INPUTS + given.length - 1;
  const isFile = kindOfTurn(turn) === 'file';
  const path = join(values.out, `seed-${seed}-input-${last}${isFile ? '.bin' : '.pcapng'}`);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(path, isFile ? given.at(-1)!.bytes : framesFile(given));
  return `seed ${seed}, input ${last}: written to ${path}; again with --seed ${seed} --from ${last} --inputs 1`;
}

function framesFile(frames: readonly Input[]): Uint8Array {
  const linkTypes = [...new Set(frames.map(({ linkType }) => linkType))];
  return concat(
    sectionHeader(),
    ...linkTypes.map((linkType) => interfaceBlock(linkType)),
    ...frames.map(({ bytes, linkType }, i) => packetBlock(BigInt(i), bytes, linkTypes.indexOf(linkType))),
  );
}

const corpus = loadCorpus(positionals.length > 0 ? positionals : ['datasets/samples', '../shared/data']);
const frames = corpus.reduce((sum, capture) => sum + capture.frames.length, 0);
console.error(`${corpus.length} captures with ${frames} frames; seed ${seed}`);
const watched = watchHangs();
const started = performance.now();
let told = started;
let mostBytes = 0;
for (let turn = firstTurn; turn < firstTurn + turns; turn++) {
  try {
    runTurn(corpus, seed, turn, (index) => {
      Atomics.store(watched, 0, index);
    });
  } catch (error) {
    console.error(error);
    console.error(`FAILED: ${writeFailure(turn)}`);
    process.exit(1);
  }
  const now = performance.now();
  if (now - told < 10_000 && turn + 1 < firstTurn + turns) continue;
  told = now;
  const done = (turn + 1 - firstTurn) * TURN_INPUTS;
  const { rss } = process.memoryUsage();
  mostBytes = Math.max(mostBytes, rss);
  const perSecond = Math.round(done / ((now - started) / 1000));
  console.error(`${done} inputs, ${perSecond}/s, ${Math.round(rss / 1e6)} MB`);
  if (rss > MOST_BYTES) {
    console.error(
      `FAILED: ${Math.round(rss / 1e6)} MB are held after input ${(turn + 1) * TURN_INPUTS - 1}, seed ${seed}`,
    );
    process.exit(1);
  }
}
console.log(
  `${turns * TURN_INPUTS} inputs from ${firstTurn * TURN_INPUTS} on, seed ${seed}: no failure; ` +
    `${((performance.now() - started) / 1000).toFixed(0)} s, at most ${Math.round(mostBytes / 1e6)} MB`,
);
