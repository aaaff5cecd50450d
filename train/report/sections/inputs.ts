/** What the model goes by: importance of inputs, and what is left without a family of them. */
import { featureNamed } from '../../../features/vector/schema.ts';
import type { Assessment } from '../assessment.ts';
import { importanceChart } from '../charts.ts';
import { figure, type Html, html, NOTHING, section, table } from '../html.ts';
import type { Easel } from '../plot.ts';
import { counted, grouped, range, share, signed } from '../words.ts';

const MOST_INPUTS = 20;
const TABLE_INPUTS = 12;

export function inputSection({ importance, ablations, kind }: Assessment, easel: Easel | null): Html {
  return section('inputs', 'What it goes by', ablationPart(ablations, kind), importancePart(importance, easel));
}

function ablationPart(ablations: Assessment['ablations'], kind: Assessment['kind']): Html {
  if (kind === 'evaluation') return NOTHING;
  if (ablations === null) return html`<p>Ablations were left out (<code>--quick</code>).</p>`;
  const rows = ablations.map(({ name, inputs, macroF1, logLoss, difference, interval }) => [
    name,
    grouped(inputs),
    share(macroF1),
    share(logLoss),
    difference === null
      ? ''
      : html`${signed(difference)}${interval === null ? '' : html`<br><small>${range(interval)}</small>`}`,
  ]);
  return html`<h3>Trained again without</h3><p>Models that may not read a family of inputs, trained and judged on the same folds (${counted(ablations[0]?.rows ?? 0, 'flow')}). What costs nothing to leave out may be left out; what costs everything is what the model is.</p>${table(['', 'inputs', 'macro-F1', 'log loss', 'difference, 95 %'], rows)}`;
}

function importancePart(importance: Assessment['importance'], easel: Easel | null): Html {
  if (importance === null) return html`<p>Importances were left out (<code>--quick</code>).</p>`;
  const text = html`<h3>Dealt out anew</h3><p>By how much the log loss rises on flows that were not learnt from when an input is dealt out anew among them (permutation importance, ${counted(importance.rows, 'flow')}). Inputs that say the same stand in for each other and look unimportant alone, so whole groups are dealt out together as well. Lines are 95 % intervals over groups; in brackets the number of inputs.</p>`;
  const families = table(
    ['family', 'inputs', 'rise of the log loss', '95 %'],
    importance.families.map(({ name, inputs, lossRise, interval }) => [
      name,
      grouped(inputs),
      share(lossRise),
      range(interval),
    ]),
  );
  const top = importance.inputs.filter(({ lossRise }) => lossRise > 0).slice(0, TABLE_INPUTS);
  const meanings = html`<details><summary>What these inputs are</summary>${table(
    ['input', 'rise', 'meaning', 'what is known against it'],
    top.map(({ name, lossRise }) => [
      name,
      share(lossRise, 4),
      featureNamed(name)?.doc ?? '',
      featureNamed(name)?.leaks ?? '',
    ]),
    [2, 3],
  )}</details>`;
  const charts =
    easel === null
      ? table(
          ['input', 'rise of the log loss', '95 %'],
          top.map(({ name, lossRise, interval }) => [name, share(lossRise, 4), range(interval, 4)]),
        )
      : html`<div class="pair">${figure(importanceChart(easel, importance.inputs, MOST_INPUTS), 'Single inputs.')}${figure(importanceChart(easel, importance.groups, MOST_INPUTS), 'Groups of the feature schema.')}</div>`;
  return html`${text}${charts}${families}${meanings}`;
}
