/** What much simpler classifiers do on the same flows. */
import type { BaselineResult, Outcome } from '../../study/compare.ts';
import type { Assessment } from '../assessment.ts';
import { baselineChart } from '../charts.ts';
import { figure, Html, html, NOTHING, section, table } from '../html.ts';
import type { Easel } from '../plot.ts';
import { grouped, range, share, signed } from '../words.ts';

const OUTCOMES: Readonly<Record<Outcome, readonly [words: string, className: string]>> = {
  beaten: ['beaten', 'good'],
  level: ['ahead, but not clearly', 'warn'],
  'not beaten': ['not beaten', 'bad'],
  'not asked': ['not asked', ''],
};

export function baselineSection({ kind, baselines }: Assessment, easel: Easel | null): Html {
  const unbeaten = baselines.filter(({ outcome }) => outcome === 'not beaten');
  const rows = baselines.map((result) => [
    html`${head(result)}<br><small>${tail(result)}</small>`,
    grouped(result.rows),
    share(result.macroF1),
    share(result.modelMacroF1),
    html`${signed(result.lead)}${result.leadInterval === null ? '' : html`<br><small>${range(result.leadInterval)}</small>`}`,
    html`<span class="${OUTCOMES[result.outcome][1]}">${OUTCOMES[result.outcome][0]}</span>${result.because === '' ? '' : html`<br><small style="white-space:normal">${result.because}</small>`}`,
  ]);
  const folds =
    kind === 'training'
      ? 'Each was trained and asked on the same folds as the model.'
      : 'Each was trained on other groups of these very flows, cross-validated: an advantage over the model, which has seen none of them.';
  const verdict =
    baselines.length === 0
      ? html`<p>Not measured: all flows are of one group.</p>`
      : unbeaten.length > 0
        ? html`<div class="box bad"><b>The model does not beat ${unbeaten.map((result) => head(result)).join(', ')}.</b> Whoever uses it should use that instead, or find out why.</div>`
        : NOTHING;
  return section(
    'baselines',
    'Whether anything simpler does as well',
    html`<p>A model that does not beat a look at the port or at the nearest neighbours has not earned its keep. ${folds}</p>`,
    verdict,
    easel === null || baselines.length === 0
      ? NOTHING
      : figure(
          baselineChart(easel, baselines, (name) => head(baselines.find((result) => result.name === name)!)),
          'Open: the baseline. Filled: the model on the same flows.',
        ),
    baselines.length === 0
      ? new Html('')
      : table(['baseline', 'flows', 'its macro-F1', 'the model’s', 'lead, 95 %', 'outcome'], rows, [5]),
  );
}

function head({ description }: BaselineResult): string {
  return description.split(':')[0]!;
}

function tail({ description }: BaselineResult): string {
  return description.split(': ').slice(1).join(': ');
}
