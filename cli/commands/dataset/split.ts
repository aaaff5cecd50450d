/** `flowlamp dataset split`: labelled flows on sides that have nothing in common. */
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import type { ColumnSpec, ScalarColumn, Table } from '../../../core/table.ts';
import { RowBatches } from '../../../datasets/row-batches.ts';
import { GROUPS } from '../../../datasets/splits/groups.ts';
import { type SplitOptions, type SplitPlan, SplitPlanner } from '../../../datasets/splits/plan.ts';
import { SHORTEST_SEQUENCE } from '../../../datasets/splits/sequence.ts';
import { writeTextFile } from '../../../features/files/output.ts';
import { TABLE_FORMATS, type TableFormat, TableWriter } from '../../../features/files/table-writer.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { counted, grouped } from '../../numbers.ts';
import { fraction, nameList, positiveInteger, wholeNumber } from '../../options.ts';
import { makeFolder, refuseInputAsOutput } from '../../outputs.ts';
import { breathe } from '../../signals.ts';
import { textTable } from '../../text-table.ts';
import { inputTables, readInputTable } from './tables.ts';

interface SplitCommandOptions {
  readonly output: string;
  readonly by: readonly string[];
  readonly iKnow?: boolean;
  readonly test: number;
  readonly validation: number;
  readonly folds?: number;
  readonly leaveOneOut?: boolean;
  readonly forward?: boolean;
  readonly stratify: boolean;
  readonly seed: number;
  readonly target: string;
  readonly duplicateLength: number;
  readonly keepDuplicates?: boolean;
  readonly format: TableFormat;
  readonly quiet?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp dataset split table.arrow --by capture,server -o split'],
  ['flowlamp dataset split table.arrow --forward --test 0.3 -o split', 'learn from the past, judge by what came later'],
  ['flowlamp dataset split table.arrow --by site --folds 5 -o folds -f parquet'],
];

export function addSplitCommand(dataset: Command): void {
  dataset
    .command('split')
    .description('labelled flows -> sides that share no group and no duplicate')
    .argument('<table...>', 'labelled flow tables')
    .requiredOption('-o, --output <folder>', 'where to write train, test (and validation), or folds, and split.json')
    .option('--by <groups>', `kept whole: ${GROUPS.join(', ')}, or columns; several are joined`, nameList, ['capture'])
    .option('--i-know', 'allow --by row, which makes models look better than they are')
    .option('--test <share>', 'share of the rows to judge by', fraction, 0.2)
    .option('--validation <share>', 'share of the rows to choose by', fraction, 0)
    .option('--folds <count>', 'as many equal sides, as a column fold of one table', positiveInteger)
    .option('--leave-one-out', 'every group a fold of its own')
    .option('--forward', 'in time: learn from what is earlier, judge by what is later')
    .option('--no-stratify', 'balance rows only, not the classes')
    .option('--seed <number>', 'decides which groups go where', wholeNumber, 1)
    .option('--target <column>', 'the column that holds the label', 'label')
    .option(
      '--duplicate-length <count>',
      'packets with payload from which equal sequences are duplicates',
      positiveInteger,
      SHORTEST_SEQUENCE,
    )
    .option('--keep-duplicates', 'leave duplicates on both sides')
    .addOption(new Option('-f, --format <format>', 'format of the tables').choices(TABLE_FORMATS).default('arrow'))
    .option('--quiet', 'no progress and no summary on standard error')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runSplit);
}

async function runSplit(inputs: readonly string[], options: SplitCommandOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const planner = new SplitPlanner(splitOptions(options));
  const tables = await inputTables(inputs);
  const isFolds = options.folds !== undefined || options.leaveOneOut === true;
  const files = sideFiles(options, isFolds);
  for (const file of files) {
    refuseInputAsOutput(
      join(options.output, file),
      tables.map(({ path }) => path),
    );
  }
  const { columns } = planner;
  for (const table of tables) {
    await readInputTable(
      table,
      (batch) => planner.add(table.path, batch),
      (name) => columns.has(name),
    );
    out.progress(`read ${table.path}`);
    await breathe();
  }
  const plan = planner.plan();
  requireGroups(plan, options);
  makeFolder(options.output);
  const writer = new SideWriters(options, plan, isFolds, files);
  try {
    let row = 0;
    for (const table of tables) {
      await readInputTable(table, async (batch, specs) => {
        await writer.write(batch, specs, row);
        row += batch.length;
        out.progress(`writing: ${grouped(row)} of ${counted(plan.sides.length, 'row')}`);
        await breathe();
      });
    }
    writer.finish();
  } finally {
    writer.abandon();
  }
  out.endProgress();
  writeReport(join(options.output, 'split.json'), options, plan);
  sayPlan(plan, options, out);
  out.say(`wrote ${[...files, 'split.json'].join(', ')} to ${options.output}`);
}

/** Tables that are written: one for each side, or one of all folds. */
function sideFiles(options: SplitCommandOptions, isFolds: boolean): string[] {
  const names = isFolds ? ['folds'] : sidesOf(options).map(({ name }) => name);
  return names.map((name) => `${name}.${options.format}`);
}

function sidesOf({ test, validation, folds }: SplitCommandOptions): SplitOptions['sides'] {
  if (folds !== undefined) return Array.from({ length: folds }, (_, i) => ({ name: `fold-${i}`, share: 1 }));
  return [
    { name: 'train', share: 1 - test - validation },
    ...(validation > 0 ? [{ name: 'validation', share: validation }] : []),
    { name: 'test', share: test },
  ];
}

/** @throws FlowlampError OPTION_INVALID for a column whose values are as good as one for each row */
function requireGroups({ groupNames, sides }: SplitPlan, { by, iKnow }: SplitCommandOptions): void {
  const isNamed = by.every((name) => (GROUPS as readonly string[]).includes(name));
  if (isNamed || iKnow === true || groupNames.length * 2 <= sides.length) return;
  throw refused(
    `--by ${by.join(',')} makes ${grouped(groupNames.length)} groups of ${grouped(sides.length)} rows, and is --by row by another name`,
    'groups of several rows',
    'split by another column, or add --i-know',
  );
}

function splitOptions(options: SplitCommandOptions): SplitOptions {
  const { by, test, validation, folds, leaveOneOut, forward, stratify, seed, target } = options;
  if (by.includes('row') && options.iKnow !== true) {
    throw refused(
      '--by row puts flows of one capture, host and server on both sides: what is measured then is how well a model remembers them',
      'a group to keep whole',
      `split by ${GROUPS.filter((name) => name !== 'row').join(', ')} or a column, or add --i-know`,
    );
  }
  const kinds = [folds !== undefined, leaveOneOut === true, forward === true].filter(Boolean).length;
  if (kinds > 1)
    throw refused('--folds, --leave-one-out and --forward were given together', 'one of them', 'choose one');
  if (folds === 1) throw refused('--folds 1 leaves nothing to judge by', '2 or more', 'correct --folds');
  if (!(test > 0) || test + validation >= 1) {
    throw refused(
      `--test ${test} and --validation ${validation} leave a side empty`,
      'shares above 0 that add up to less than 1',
      'correct them',
    );
  }
  return {
    by,
    sides: sidesOf(options),
    kind: leaveOneOut === true ? 'each' : forward === true ? 'forward' : 'groups',
    stratify,
    seed,
    target,
    shortestSequence: options.keepDuplicates === true ? Infinity : options.duplicateLength,
  };
}

function refused(happened: string, expected: string, action: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action });
}

const FOLD: ColumnSpec = { name: 'fold', type: 'uint32', unit: '', revision: 1 };

/** The tables of a split: one for each side, or one whose column `fold` tells. */
class SideWriters {
  readonly #files: readonly string[];
  readonly #format: TableFormat;
  readonly #plan: SplitPlan;
  readonly #isFolds: boolean;
  readonly #writers: TableWriter[] = [];
  #batches: RowBatches[] | null = null;

  constructor(options: SplitCommandOptions, plan: SplitPlan, isFolds: boolean, files: readonly string[]) {
    this.#files = files.map((file) => join(options.output, file));
    this.#format = options.format;
    this.#plan = plan;
    this.#isFolds = isFolds;
  }

  /** @param first number of the batch's first row among all rows */
  async write(batch: Table, specs: readonly ColumnSpec[], first: number): Promise<void> {
    const own = this.#isFolds ? [...specs.filter(({ name }) => name !== FOLD.name), FOLD] : specs;
    this.#batches ??= await this.#open(own);
    const { sides } = this.#plan;
    const rows: number[][] = this.#batches.map(() => []);
    const folds = new Uint32Array(batch.length);
    for (let row = 0; row < batch.length; row++) {
      const side = sides[first + row]!;
      if (side < 0) continue;
      rows[this.#isFolds ? 0 : side]!.push(row);
      folds[row] = side;
    }
    this.#batches.forEach((writer, side) => {
      if (rows[side]!.length === 0) return;
      writer.add(this.#isFolds ? withFolds(batch, own, folds) : batch, rows[side]!);
    });
  }

  async #open(specs: readonly ColumnSpec[]): Promise<RowBatches[]> {
    for (const file of this.#files) this.#writers.push(await TableWriter.open(file, this.#format, specs));
    return this.#writers.map((writer) => new RowBatches(specs, (batch) => writer.write(batch)));
  }

  finish(): void {
    for (const batches of this.#batches ?? []) batches.flush();
    for (const writer of this.#writers) writer.finish();
  }

  abandon(): void {
    for (const writer of this.#writers) writer.abandon();
  }
}

function withFolds(table: Table, specs: readonly ColumnSpec[], folds: Uint32Array): Table {
  const column: ScalarColumn<'uint32'> = {
    type: 'uint32',
    values: folds,
    valid: new Uint8Array(folds.length).fill(1),
  };
  return { specs, columns: new Map([...table.columns, [FOLD.name, column]]), length: table.length };
}

/** Groups that are named in the report: enough to look one up, not to fill a disk. */
const MOST_GROUPS = 100_000;

function writeReport(path: string, options: SplitCommandOptions, plan: SplitPlan): void {
  const { by, seed, target, stratify, duplicateLength } = options;
  const groups = groupCounts(plan);
  const sides = plan.sideNames.map((name, side) => ({
    name,
    groups: groups[side]!,
    rowsPerLabel: rowsOf(plan, side),
  }));
  const names = plan.groupNames.slice(0, MOST_GROUPS);
  const report = {
    version: 1,
    by,
    kind: options.leaveOneOut ? 'leave-one-out' : options.forward ? 'forward' : options.folds ? 'folds' : 'groups',
    seed,
    target,
    stratify,
    sides,
    leftOut: { unlabelled: plan.unlabelled, duplicates: plan.duplicates, straddling: plan.straddling },
    duplicates: {
      removed: plan.duplicates,
      compared: plan.comparable,
      fromPackets: options.keepDuplicates ? null : duplicateLength,
    },
    cutoffs: plan.cutoffsUs.map((us) => new Date(us / 1000).toISOString()),
    groups: Object.fromEntries(names.map((name, group) => [name, plan.sideNames[plan.sideOfGroup[group]!] ?? null])),
  };
  writeTextFile(path, `${JSON.stringify(report, null, 2)}\n`);
}

/** Groups per side. */
function groupCounts({ sideOfGroup, sideNames }: SplitPlan): Float64Array {
  const counts = new Float64Array(sideNames.length);
  for (const side of sideOfGroup) if (side >= 0) counts[side]!++;
  return counts;
}

function rowsOf({ classNames, counts }: SplitPlan, side: number): Record<string, number> {
  return Object.fromEntries(classNames.map((name, k) => [name, counts[side * classNames.length + k]!]));
}

const MOST_SIDES = 20;

function turned(table: readonly (readonly string[])[]): string[][] {
  return table[0]!.map((_, column) => table.map((row) => row[column]!));
}

function sayPlan(plan: SplitPlan, options: SplitCommandOptions, out: Console): void {
  const shown = plan.sideNames.slice(0, MOST_SIDES);
  const groups = groupCounts(plan);
  const table = [
    ['', ...shown],
    ['groups', ...shown.map((_, side) => grouped(groups[side]!))],
    ...plan.classNames.map((name, k) => [
      name,
      ...shown.map((_, side) => grouped(plan.counts[side * plan.classNames.length + k]!)),
    ]),
  ];
  // Of many sides, whose names are those of groups, each is a line.
  const [head = [], ...rows] = options.leaveOneOut === true ? turned(table) : table;
  out.say(textTable(head, rows, ['left', ...head.slice(1).map(() => 'right' as const)], 60));
  if (plan.sideNames.length > MOST_SIDES) out.say(`and ${plan.sideNames.length - MOST_SIDES} more sides`);
  const left = [
    plan.unlabelled > 0 ? `${grouped(plan.unlabelled)} without a label` : '',
    plan.straddling > 0 ? `${grouped(plan.straddling)} of groups that begin earlier, or without a time` : '',
    plan.duplicates > 0
      ? `${counted(plan.duplicates, 'duplicate')} of an earlier side (of ${grouped(plan.comparable)} compared)`
      : '',
  ].filter((text) => text !== '');
  out.say(`by ${options.by.join(', ')}; left out: ${left.length === 0 ? 'none' : left.join(', ')}`);
  plan.classNames.forEach((name, k) => {
    const without = plan.sideNames.filter((_, side) => plan.counts[side * plan.classNames.length + k] === 0);
    if (without.length > 0 && options.leaveOneOut !== true)
      out.warn(`no ${name} in ${without.join(', ')}: its flows are of too few groups`);
  });
}
