/** What is taken for what, and what the verdicts are worth that a user sees. */
import type { Assessment, Described } from '../assessment.ts';
import { confusionChart } from '../charts.ts';
import { figure, type Html, html, NOTHING, section, table } from '../html.ts';
import type { Easel } from '../plot.ts';
import { grouped, percent, range, share } from '../words.ts';

/** A matrix of more classes is a carpet: the largest confusions say more. */
const MOST_CLASSES = 30;
const MOST_CONFUSIONS = 20;

export function confusionSection(card: Described, assessment: Assessment, easel: Easel | null): Html {
  const { metrics, intervals } = assessment;
  const matrix =
    easel === null || metrics.classes.length > MOST_CLASSES
      ? confusions(card, metrics.confusion)
      : figure(
          confusionChart(easel, card.labels, metrics.confusion),
          'Flows by truth (rows) and most probable class (columns); the darker, the larger the share of its row.',
        );
  const rows = metrics.classes.map((scores, k) => [
    scores.name,
    grouped(scores.support),
    withRange(scores.precision, intervals.classes[k]!.precision),
    withRange(scores.recall, intervals.classes[k]!.recall),
    share(scores.f1),
    withRange(scores.averagePrecision, intervals.classes[k]!.averagePrecision),
    share(scores.rocAuc, 4),
  ]);
  const headings = ['class', 'flows', 'precision', 'recall', 'F1', 'PR-AUC', 'ROC-AUC'];
  return section(
    'confusion',
    'What is taken for what',
    matrix,
    table(headings, rows),
    html`<p>Accuracy ${share(metrics.accuracy)}, macro-F1 ${share(metrics.macroF1)}, log loss ${share(metrics.logLoss)}, Brier score ${share(metrics.brier)}. Small figures are 95 % intervals over groups.</p>`,
    verdicts(card, assessment),
  );
}

function withRange(value: number | null, interval: Parameters<typeof range>[0]): Html {
  return html`${share(value)}${interval === null ? '' : html`<br><small>${range(interval)}</small>`}`;
}

function verdicts(card: Described, { verdicts, unknown, data }: Assessment): Html {
  const rows = verdicts.map((quality) => [
    quality.label,
    share(card.thresholds[quality.label] ?? 0),
    grouped(quality.claimed),
    percent(quality.precision),
    range(quality.precisionInterval),
    percent(quality.recall),
    range(quality.recallInterval),
  ]);
  return html`<h3>Verdicts</h3><p>What a user sees: the most probable class where its probability reaches the threshold on the card, otherwise <i>unknown</i> (${grouped(unknown)} of ${grouped(data.judged)} flows). The ranges are Clopper-Pearson intervals as if flows were independent, which they are not: the truth is wider.</p>${table(['verdict', 'threshold', 'given', 'right', '95 %', 'of the class found', '95 %'], rows)}`;
}

function confusions(card: Described, counts: readonly (readonly number[])[]): Html {
  const all = counts.flatMap((row, truth) =>
    row.map((count, predicted) => ({ truth: card.labels[truth]!, predicted: card.labels[predicted]!, count })),
  );
  const wrong = all.filter(({ truth, predicted, count }) => truth !== predicted && count > 0);
  if (wrong.length === 0) return NOTHING;
  const rows = wrong
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_CONFUSIONS)
    .map(({ truth, predicted, count }) => [truth, predicted, grouped(count)]);
  return table(['truth', 'taken for', 'flows'], rows, [1]);
}
