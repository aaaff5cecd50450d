/** `flowlamp evaluate`: a model against labelled flows. */
import type { Command } from 'commander';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { jsonDocument } from '../../core/visible.ts';
import { AUDIT_DEFAULTS, auditOf } from '../../datasets/audit/audit.ts';
import { AuditCollector } from '../../datasets/audit/collect.ts';
import { writeTextFile } from '../../features/files/output.ts';
import { packageVersion } from '../../features/files/package-files.ts';
import { loadModelFolder } from '../../models/folder.ts';
import { DEFAULT_MODEL, Scorer } from '../../serve/engine.ts';
import { type Evaluation, evaluateModel } from '../../train/evaluate-model.ts';
import { LabelledRows } from '../../train/labelled-rows.ts';
import { toRowMajor } from '../../train/matrix.ts';
import { reportPage } from '../../train/report/page.ts';
import { assessEvaluation } from '../../train/report/studies.ts';
import { commandLine } from '../command-line.ts';
import { Console } from '../console.ts';
import { type Example, examplesText } from '../examples.ts';
import { readLabelledInputs } from '../labelled-input.ts';
import { metricsText, share } from '../metrics-text.ts';
import { counted } from '../numbers.ts';
import { addFlowOptions, type FlowOptions } from '../options.ts';
import { printResult } from '../outputs.ts';
import { textTable } from '../text-table.ts';
import { controlOf } from './dataset/audit.ts';

export interface EvaluateCommandOptions extends FlowOptions {
  readonly model: string;
  readonly output?: string;
  readonly groupBy: string;
  readonly json?: boolean;
  readonly quick?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp evaluate test.arrow -m my-model -o report.html'],
  ['flowlamp evaluate manifest.json --quick --json', 'the model that ships, for programs'],
];

export function addEvaluateCommand(program: Command): void {
  addFlowOptions(
    program
      .command('evaluate')
      .description('a model against labelled flows -> report')
      .argument('<input...>', 'labelled flow tables (Arrow, Parquet, CSV, JSONL) or manifests (.json)')
      .option(
        '-m, --model <model>',
        'a model folder, name@version of the registry, or the name of a model that ships',
        DEFAULT_MODEL,
      )
      .option('-o, --output <file>', 'write a report: .html for people, .json for programs')
      .option('--group-by <column>', 'what counts as one group', 'capture')
      .option('--quick', 'no importances of inputs in the report: they take many predictions')
      .option('--json', 'print JSON instead of tables'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (inputs: string[], options: EvaluateCommandOptions) => {
      await runEvaluate(inputs, options);
    });
}

export async function runEvaluate(inputs: readonly string[], options: EvaluateCommandOptions): Promise<Evaluation> {
  const out = new Console(options.quiet === true);
  const format = reportFormat(options.output);
  const scorer = await Scorer.open(options.model);
  try {
    const { card } = scorer;
    const collected = new LabelledRows(card.inputs, card.target, options.groupBy, card.scope, card.labels);
    const strangers =
      format === null
        ? null
        : new LabelledRows(card.inputs, card.target, options.groupBy, card.scope, null, card.labels);
    const audited = format === null ? null : new AuditCollector(card.target);
    await readLabelledInputs(inputs, 'test', options, out, (name, specs, table) => {
      collected.add(name, specs, table);
      audited?.add(name, table, 'test');
      strangers?.add(name, specs, table);
    });
    const rows = collected.finish();
    const probabilities = await scorer.predict(toRowMajor(rows.data.matrix), rows.data.matrix.rows);
    const evaluation = evaluateModel(card, rows, probabilities);
    const { unlabelled, tooShort, otherLabels, otherProtocols } = collected.leftOut;
    out.say(
      `left out: ${unlabelled} flows without a label, ${otherLabels} of classes and ${otherProtocols} of protocols that the model does not have, ${tooShort} with fewer than ${card.scope.minPayloadPackets} payload packets`,
    );
    if (evaluation.seenInTraining.length > 0) {
      out.warn(
        `the model was trained on ${counted(evaluation.seenInTraining.length, 'capture')} of these (${evaluation.seenInTraining[0]}): the figures flatter it`,
      );
    }
    if (options.output !== undefined && audited !== null) {
      const assessment = await assessEvaluation(
        card,
        rows,
        probabilities,
        (some, count) => scorer.predict(some, count),
        {
          groupBy: options.groupBy,
          leftOut: collected.leftOut,
          audit: auditOf(audited, { ...AUDIT_DEFAULTS, shuffle: await controlOf(audited) }),
          seed: card.learner.seed,
          quick: options.quick === true,
          made: {
            command: commandLine(),
            at: new Date().toISOString(),
            versions: { flowlamp: packageVersion(), node: process.versions.node },
          },
          seenInTraining: evaluation.seenInTraining,
          strangers: strangers === null || strangers.rows === 0 ? null : strangers.finish().data,
          modelBytes: loadModelFolder(options.model).onnx.length,
          onStep: (what) => out.progress(`report, ${what}`),
        },
      );
      out.endProgress();
      const report =
        format === 'html' ? await reportPage(card, assessment) : jsonDocument({ ...evaluation, assessment });
      writeTextFile(options.output, report);
      out.say(`wrote ${options.output}`);
    }
    printResult(options.json === true ? jsonDocument(evaluation) : evaluationText(evaluation));
    return evaluation;
  } finally {
    await scorer.close();
  }
}

function reportFormat(path: string | undefined): 'html' | 'json' | null {
  if (path === undefined) return null;
  if (path.endsWith('.html')) return 'html';
  if (path.endsWith('.json')) return 'json';
  throw new FlowlampError(ErrorCode.FormatUnknown, {
    happened: `${path} ends like no report`,
    expected: '.html or .json',
    action: 'choose another name for -o',
  });
}

export function evaluationText(evaluation: Evaluation): string {
  const rows = evaluation.verdicts.map((quality) => [
    quality.label,
    String(quality.claimed),
    share(quality.precision),
    String(quality.truly),
    share(quality.recall),
  ]);
  const headings = ['verdict', 'given', 'right', 'truly', 'found'];
  const verdicts = textTable(headings, rows, ['left', 'right', 'right', 'right', 'right']);
  const what = `${evaluation.model} on ${counted(evaluation.rows, 'flow')} of ${counted(evaluation.captures, 'capture')}`;
  return `${what}\n\n${verdicts}\nunknown: ${evaluation.unknown} of ${evaluation.rows}\n\n${metricsText(evaluation.metrics)}\n`;
}
