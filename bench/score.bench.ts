/**
 * The forest kernel against onnxruntime-node on equal bytes and rows, turn about: `node bench/run.mjs score`. One thread;
 * CPU time, which other work on the machine moves less than the clock. Rows of the shipped model are the flows of the
 * captures that ship, when they end and after so many packets of theirs; no row comes twice in a run.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Prng } from '../core/prng.ts';
import type { Table } from '../core/table.ts';
import { extractCapture } from '../features/extract.ts';
import { loadModelFolder } from '../models/folder.ts';
import { readInputs } from '../models/inputs.ts';
import { encodeForest } from '../models/onnx/tree-ensemble.ts';
import { tryForest } from '../models/predictor.ts';
import { createSession, type ModelSession } from '../models/session.ts';
import type { Forest } from '../models/trees/forest.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { median } from './extract-process.ts';
import { makeForest } from './forests.ts';
import { printTable } from './harness.ts';

const FEATURES = 80;
/** Distinct rows, so that the branch predictor of the yardstick meets no row twice in a run. */
const POOL = 4096;
const SAMPLES = 'datasets/samples';
const EMIT = { end: true, prefixes: [8, 16, 32], intervalUs: null };
const RUNS = 11;
const WARMUPS = 2;
const BATCHES = [1, 256, 4096];

interface Case {
  readonly name: string;
  readonly forest: Forest;
  readonly onnx: Uint8Array;
  readonly rows: Float32Array;
  readonly count: number;
}

function synthetic(trees: number, leaves: number): Case {
  const random = new Prng('rows');
  const forest = makeForest(new Prng('forest'), FEATURES, trees, leaves);
  return {
    name: `${trees} x ${leaves}`,
    forest,
    onnx: encodeForest(forest, { producer: 'bench' }),
    rows: Float32Array.from({ length: POOL * FEATURES }, () => (random.chance(0.05) ? Number.NaN : random.normal())),
    count: POOL,
  };
}

async function shipped(): Promise<Case> {
  const { card, onnx } = loadModelFolder('mining');
  const pieces: Float32Array[] = [];
  let count = 0;
  const take = (batch: Table) => {
    pieces.push(readInputs(batch, card!.inputs));
    count += batch.length;
  };
  for (const name of readdirSync(SAMPLES).filter((file) => file.includes('.pcap'))) {
    await extractCapture(join(SAMPLES, name), take, { emit: EMIT });
  }
  const rows = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    rows.set(piece, at);
    at += piece.length;
  }
  return { name: `${card!.name}@${card!.version}`, forest: tryForest(onnx)!, onnx, rows, count };
}

/** Microseconds of CPU a row, all rows scored once. */
async function usPerRow(
  { rows, count, forest: { featureCount } }: Case,
  batch: number,
  predict: (rows: Float32Array, count: number) => unknown,
): Promise<number> {
  const started = process.cpuUsage();
  for (let from = 0; from < count; from += batch) {
    const to = Math.min(count, from + batch);
    await predict(rows.subarray(from * featureCount, to * featureCount), to - from);
  }
  const { user, system } = process.cpuUsage(started);
  return (user + system) / count;
}

async function compare(one: Case, batch: number, session: ModelSession): Promise<string[]> {
  const out = new Float32Array(batch * one.forest.classNames.length);
  const ways = [new ForestKernel(one.forest), new ForestKernel(one.forest, 'walk')].map(
    (kernel) => (rows: Float32Array, count: number) => kernel.predict(rows, count, out),
  );
  const all = [...ways, (rows: Float32Array, count: number) => session.predict(rows, count)];
  const times = all.map((): number[] => []);
  for (let run = -WARMUPS; run < RUNS; run++) {
    for (const [i, predict] of all.entries()) {
      const us = await usPerRow(one, batch, predict);
      if (run >= 0) times[i]!.push(us);
    }
  }
  const [simd, walk, ort] = times as [number[], number[], number[]];
  // Runs next to each other in time had the same neighbours on the machine.
  const ratios = ort.map((us, run) => us / simd[run]!);
  const spread = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
  return [
    one.name,
    String(Math.min(batch, one.count)),
    ...[simd, walk, ort].map((us) => median(us).toFixed(2)),
    Math.round(1e6 / median(simd)).toLocaleString('en-US'),
    `${median(ratios).toFixed(2)} (${spread.join('-')})`,
  ];
}

const table = [['forest', 'batch', 'kernel us/row', 'walk us/row', 'ORT us/row', 'kernel rows/s', 'ORT / kernel']];
for (const one of [await shipped(), synthetic(1000, 31), synthetic(300, 64)]) {
  console.log(
    `${one.name}: ${one.count} rows, ${one.forest.featureCount} features, ${one.forest.treeClass.length} trees`,
  );
  const session = await createSession(one.onnx);
  for (const batch of BATCHES) table.push(await compare(one, batch, session));
  await session.release();
}
console.log(`CPU time, median of ${RUNS} runs, turn about`);
printTable(table);
