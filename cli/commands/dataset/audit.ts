/** `flowlamp dataset audit`: whether a labelled table can be learnt from and judged by honestly. */
import { type Command, InvalidArgumentError } from 'commander';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { jsonDocument } from '../../../core/visible.ts';
import { type Audit, auditOf } from '../../../datasets/audit/audit.ts';
import { AuditCollector } from '../../../datasets/audit/collect.ts';
import { writeTextFile } from '../../../features/files/output.ts';
import { MODEL_INPUTS } from '../../../features/vector/schema.ts';
import { shuffleControl } from '../../../train/label-shuffle.ts';
import { auditText } from '../../audit-text.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { counted, grouped } from '../../numbers.ts';
import { fraction, nameList } from '../../options.ts';
import { printResult } from '../../outputs.ts';
import { breathe } from '../../signals.ts';
import { inputTables, readInputTable } from './tables.ts';

interface AuditCommandOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly gate?: boolean;
  readonly maxAuc: number;
  readonly allow: readonly string[];
  readonly target: string;
  readonly shuffle: boolean;
  readonly quiet?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp dataset audit train.arrow test.arrow --gate'],
  ['flowlamp dataset audit table.arrow --allow dst_port -o audit.json', 'with a finding that is known and accepted'],
];

export function addAuditCommand(dataset: Command): void {
  dataset
    .command('audit')
    .description('what gives labels away: ports, names, times, duplicates, how captures were made')
    .argument('<table...>', 'labelled flow tables; several are the sides of a split')
    .option('-o, --output <file>', 'write the report as JSON too')
    .option('--json', 'print JSON instead of tables')
    .option('--gate', 'fail where a breach is found')
    .option('--max-auc <auc>', 'a column that tells as much alone is a breach', maxAuc, 0.99)
    .option('--allow <names>', 'accept findings of these columns and checks (in brackets in the report)', nameList, [])
    .option('--target <column>', 'the column that holds the label', 'label')
    .option('--no-shuffle', 'do not train a model on shuffled labels')
    .option('--quiet', 'no progress on standard error')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runAudit);
}

function maxAuc(text: string): number {
  const value = fraction(text);
  if (value <= 0.5) throw new InvalidArgumentError('expected more than 0.5.');
  return value;
}

async function runAudit(inputs: readonly string[], options: AuditCommandOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const collected = new AuditCollector(options.target);
  for (const table of await inputTables(inputs)) {
    await readInputTable(table, async (batch) => {
      collected.add(table.path, batch, table.path);
      out.progress(`${table.path}: ${grouped(collected.rows)} rows`);
      await breathe();
    });
  }
  if (collected.classes.size === 0) throw nothingLabelled(inputs.join(', '), options.target);
  out.progress(`auditing ${counted(collected.rows, 'row')}`);
  const shuffle = options.shuffle ? await controlOf(collected) : null;
  const audit = auditOf(collected, { maxAuc: options.maxAuc, allow: options.allow, shuffle });
  out.endProgress();
  const json = jsonDocument(audit);
  if (options.output !== undefined) writeTextFile(options.output, json);
  printResult(options.json === true ? json : auditText(audit));
  if (options.gate === true) requireNoBreach(audit);
}

/** Trains on the sample that the audit has. */
export async function controlOf(collected: AuditCollector): Promise<Audit['shuffle']> {
  const inputs = new Set(MODEL_INPUTS.map(({ name }) => name));
  const columns = [...collected.scanned.entries()].filter(([, { name }]) => inputs.has(name));
  if (columns.length === 0) return null;
  const matrix = {
    rows: collected.sampleLabels.length,
    names: columns.map(([, { name }]) => name),
    columns: columns.map(([i]) => Float32Array.from(collected.sampleValues(i))),
  };
  const data = { matrix, labels: collected.sampleLabels, classNames: collected.classes.texts };
  return shuffleControl(data, collected.sampleCaptures, collected.groups.capture.size);
}

/** @throws FlowlampError AUDIT_BREACHED */
export function requireNoBreach({ findings }: Audit): void {
  const breaches = findings.filter(({ level }) => level === 'breach');
  if (breaches.length === 0) return;
  throw new FlowlampError(ErrorCode.AuditBreached, {
    happened: `the audit found ${counted(breaches.length, 'breach').replace('breachs', 'breaches')}, the first: ${breaches[0]!.text}`,
    expected: 'none',
    action: 'see docs/datasets.md for what to do, or accept them with --allow',
  });
}

function nothingLabelled(inputs: string, target: string): FlowlampError {
  return new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: `no row of ${inputs} has a value in ${target}`,
    expected: 'labelled flows',
    action: 'build or extract them with labels, or name the column with --target',
  });
}
