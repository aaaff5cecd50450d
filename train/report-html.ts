/** An evaluation as one self-contained page: no scripts, no network. */
import type { ModelCard } from '../models/card.ts';
import type { Evaluation } from './evaluate-model.ts';
import type { Interval } from './metrics/interval.ts';

export function reportHtml(card: ModelCard, evaluation: Evaluation): string {
  const { metrics } = evaluation;
  const title = `Evaluation of ${card.name} ${card.version}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${evaluation.rows} flows of ${evaluation.groups} groups in ${evaluation.captures} captures. ${seenSentence(evaluation)}</p>
<h2>Verdicts</h2>
<p>What a user sees: a label where its probability reaches the card's threshold, otherwise unknown (${evaluation.unknown} of ${evaluation.rows} flows). Intervals are 95 % Clopper-Pearson over flows; flows of one capture are not independent, so the truth is wider.</p>
${table(
  ['label', 'verdicts', 'right', 'precision', 'truly', 'recall', 'threshold'],
  evaluation.verdicts.map((quality) => [
    quality.label,
    String(quality.claimed),
    String(quality.right),
    withInterval(quality.precision, quality.precisionInterval),
    String(quality.truly),
    withInterval(quality.recall, quality.recallInterval),
    share(card.thresholds[quality.label] ?? 0),
  ]),
)}
<h2>Probabilities</h2>
${table(
  ['class', 'precision', 'recall', 'F1', 'PR-AUC', 'ROC-AUC', 'TPR at FPR 1e-2', 'TPR at FPR 1e-3'],
  metrics.classes.map((scores) => [
    scores.name,
    share(scores.precision),
    share(scores.recall),
    share(scores.f1),
    share(scores.averagePrecision),
    share(scores.rocAuc),
    ...scores.tprAtFpr.map(({ point }) => share(point?.tpr ?? null)),
  ]),
)}
<p>Macro-F1 ${share(metrics.macroF1)}, accuracy ${share(metrics.accuracy)}, log loss ${share(metrics.logLoss)}, Brier score ${share(metrics.brier)}, expected calibration error ${share(metrics.expectedCalibrationError)}.</p>
<h2>Confusion</h2>
${table(
  ['truth', ...card.labels.map((label) => `predicted ${label}`)],
  metrics.confusion.map((counts, k) => [card.labels[k]!, ...counts.map(String)]),
)}
<h2>The model</h2>
<p>Trained ${escaped(card.created)} on ${card.training.rows} flows of ${card.training.groups} groups: ${escaped(card.training.origin)}${card.training.generated ? ' (generated traffic)' : ''}. Reads ${card.inputs.length} columns (${escaped(card.inputsHash.slice(0, 12))}…).</p>
<ul>${card.limitations.map((sentence) => `<li>${escaped(sentence)}</li>`).join('')}</ul>
</body></html>
`;
}

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}table{border-collapse:collapse}th,td{padding:.25em .8em;border-bottom:1px solid #ccc;text-align:right}th:first-child,td:first-child{text-align:left}.warn{background:#fff3cd;padding:.2em .4em}';

function seenSentence({ seenInTraining }: Evaluation): string {
  if (seenInTraining.length === 0) return 'The model was trained on none of them.';
  return `<strong class="warn">The model was trained on ${seenInTraining.length} of these captures: the figures flatter it.</strong>`;
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string) =>
    row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('');
  return `<table><tr>${cells(headings, 'th')}</tr>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</table>`;
}

function withInterval(value: number | null, interval: Interval | null): string {
  return interval === null ? share(value) : `${share(value)} (${share(interval.low)} to ${share(interval.high)})`;
}

function share(value: number | null): string {
  return value === null ? '-' : value.toFixed(3);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
