/** Why real sessions are missed: which inputs speak against them, and which lie outside what the lab's mining has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeForest } from '../../dist/models/onnx/tree-ensemble.js';
import { TreeExplainer } from '../../dist/models/trees/shap.js';
import { percent, print } from './text.mjs';
import { collectRows } from './transfer.mjs';

const SHOWN = 10;
const HEADS = [
  'input',
  'the sessions: median (n)',
  'mining of the lab: 1 %, median, 99 %',
  'sessions outside',
  'moves the log-odds of mining by',
];

export async function describeMisses({ folder, card }, from, missed) {
  const names = card.inputs.map(({ name }) => name);
  const { data } = (await collectRows(from, [], card)).rows;
  const isMining = (_, row) => data.classNames[data.labels[row]] === 'mining';
  const ranges = data.matrix.columns.map((column) => rangeOf(column.filter(isMining)));
  const moves = movesOf(folder, names, missed, card);
  const kinds = {
    'in TLS': missed.filter(({ isTls }) => isTls),
    'plain, a minute or longer': missed.filter((row) => !row.isTls && isSession(row)),
    'plain, the rest': missed.filter((row) => !row.isTls && !isSession(row)),
  };
  for (const [text, rows] of Object.entries(kinds)) {
    if (rows.length === 0) continue;
    const inputs = names.map((name, i) => inputOf(name, ranges[i], rows, (row) => moves.get(row)[i]));
    const against = inputs.slice().sort((a, b) => a.move - b.move);
    print(`Missed, ${text} (${rows.length}): what speaks most against them`, HEADS, shown(against));
    const outside = inputs.slice().sort((a, b) => b.outside - a.outside || a.move - b.move);
    print(`Missed, ${text} (${rows.length}): what lies most outside the lab`, HEADS, shown(outside));
  }
}

/** What mines for a while, unlike what is refused or gives up. */
function isSession({ packets, duration_us }) {
  return packets >= 20 && duration_us >= 60e6;
}

function shown(inputs) {
  return inputs
    .slice(0, SHOWN)
    .map(({ name, median, known, outside, rows, range, move }) => [
      `\`${name}\``,
      `${short(median)} (${known})`,
      range === null ? '-' : range.map(short).join(', '),
      percent(outside, rows),
      move.toFixed(2),
    ]);
}

function inputOf(name, range, rows, moveOf) {
  const values = rows.map((row) => number(row[name])).filter((value) => !Number.isNaN(value));
  const outside = range === null ? values.length : values.filter((v) => v < range[0] || v > range[2]).length;
  const move = rows.reduce((sum, row) => sum + moveOf(row), 0) / rows.length;
  const median = values.sort((a, b) => a - b)[values.length >> 1];
  return { name, range, rows: rows.length, known: values.length, outside, median, move };
}

function rangeOf(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  return [0.01, 0.5, 0.99].map((share) => sorted[Math.round((sorted.length - 1) * share)]);
}

/** Shapley values of each session, as log-odds of mining. */
function movesOf(folder, names, rows, { labels }) {
  const explainer = new TreeExplainer(decodeForest(readFileSync(join(folder, 'model.onnx'))));
  const values = Float32Array.from(rows.flatMap((row) => names.map((name) => number(row[name]))));
  const { values: found } = explainer.explain(values, rows.length);
  // Two classes have one score, that of the second.
  const sign = labels[1] === 'mining' ? 1 : -1;
  return new Map(
    rows.map((row, i) => [row, found.slice(i * names.length, (i + 1) * names.length).map((v) => v * sign)]),
  );
}

function number(value) {
  return value === null || value === undefined ? Number.NaN : Number(value);
}

function short(value) {
  if (value === undefined) return '-';
  return Number.isInteger(value) && Math.abs(value) < 1e5 ? String(value) : Number(value.toPrecision(3)).toString();
}
