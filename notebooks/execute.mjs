/**
 * Runs notebooks from top to bottom and writes what they put out into them; `--check` writes nothing and exits 1 where the
 * output is another one than is stored.
 *
 *     node notebooks/execute.mjs [--check] [01-table.ipynb ...]
 *
 * Needs Jupyter's nbconvert: FLOWLAMP_PYTHON -m nbconvert, /usr/bin/python3 unless said otherwise.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jupyterEnvironment } from './environment.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const python = process.env.FLOWLAMP_PYTHON ?? '/usr/bin/python3';
const CELL_SECONDS = 240;

const check = process.argv.includes('--check');
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const notebooks =
  named.length > 0 ? named.map((name) => basename(name)) : readdirSync(folder).filter(isNotebook).sort();
for (const name of notebooks) settle(name);

function isNotebook(name) {
  return name.endsWith('.ipynb');
}

function settle(name) {
  const path = join(folder, name);
  const stored = readFileSync(path, 'utf8');
  const fresh = textOf(executed(path), JSON.parse(stored));
  if (fresh === stored) return;
  if (!check) {
    writeFileSync(path, fresh);
    console.log(`wrote ${name}`);
    return;
  }
  console.error(`${name} puts out something else now\n${firstDifference(stored, fresh)}`);
  process.exitCode = 1;
}

/** The notebook as Jupyter leaves it, its outputs new. */
function executed(path) {
  const output = mkdtempSync(join(tmpdir(), 'flowlamp-notebook-'));
  try {
    // A cell that fails would end nbconvert with its own words; those of the kernel are in the output.
    const options = [
      '--to',
      'notebook',
      '--execute',
      '--allow-errors',
      `--ExecutePreprocessor.timeout=${CELL_SECONDS}`,
    ];
    const run = spawnSync(python, ['-m', 'nbconvert', ...options, '--output-dir', output, path], {
      encoding: 'utf8',
      env: jupyterEnvironment(folder),
    });
    if (run.status !== 0) throw new Error(`${basename(path)}: ${run.error?.message ?? run.stderr.slice(-3000)}`);
    const made = JSON.parse(readFileSync(join(output, basename(path)), 'utf8'));
    refuseErrors(basename(path), made.cells);
    return made;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

function refuseErrors(name, cells) {
  for (const { source, outputs = [] } of cells) {
    const bad = outputs.filter((output) => output.output_type === 'error' || output.name === 'stderr');
    if (bad.length === 0) continue;
    const said = bad.map((output) => output.traceback?.join('\n') ?? wholeText(output)).join('\n');
    throw new Error(`${name}: a cell failed\n${[source].flat().join('')}\n${said}`);
  }
}

/** The stored notebook with new outputs: no times, no versions of whatever ran it. */
function textOf(executed, stored) {
  let count = 0;
  const cells = stored.cells.map((cell, i) => {
    if (cell.cell_type !== 'code') return cell;
    const outputs = joined(executed.cells[i].outputs);
    return { ...cell, execution_count: ++count, outputs };
  });
  return `${JSON.stringify({ ...stored, cells }, null, 1)}\n`;
}

/** Texts to the same stream as one, however many pieces they came in. */
function joined(outputs) {
  const all = [];
  for (const output of outputs) {
    const last = all.at(-1);
    if (output.output_type !== 'stream') {
      all.push('execution_count' in output ? { ...output, execution_count: null } : output);
    } else if (last?.name === output.name) {
      last.text += wholeText(output);
    } else {
      all.push({ ...output, text: wholeText(output) });
    }
  }
  return all.map((output) => ('text' in output ? { ...output, text: output.text.split(/(?<=\n)/) } : output));
}

function wholeText({ text }) {
  return [text].flat().join('');
}

function firstDifference(old, fresh) {
  const [was, is] = [old, fresh].map((text) => text.split('\n'));
  const at = is.findIndex((line, i) => line !== was[i]);
  const [wasLine, isLine] = [was[at] ?? '', is[at] ?? ''];
  // Lines that hold a drawing are long.
  const from = Math.max(0, [...isLine].findIndex((character, i) => character !== wasLine[i]) - 60);
  return `  line ${at + 1} is:        ${wasLine.slice(from, from + 160)}\n  and would be: ${isLine.slice(from, from + 160)}`;
}
