/** What was tried before these options were chosen, and how far the figures swing with the seed. */

import type { Repeats } from '../../repeats.ts';
import type { SearchRecord, Trial } from '../../search/search.ts';
import type { Dimension } from '../../search/space.ts';
import type { Assessment } from '../assessment.ts';
import { type Html, html, NOTHING, note, section, table } from '../html.ts';
import { counted, share } from '../words.ts';

export function trialSection({ search, repeats }: Assessment): Html {
  if (search === null && repeats === null) return NOTHING;
  return section(
    'trials',
    'Seeds and search',
    repeats === null ? NOTHING : seeds(repeats),
    search === null ? NOTHING : found(search),
  );
}

function seeds({ runs, macroF1 }: Repeats): Html {
  const rows = runs.map((run) => [String(run.seed), share(run.macroF1), share(run.accuracy), share(run.logLoss)]);
  const swing =
    macroF1 === null || macroF1.standardDeviation === null
      ? ''
      : ` Macro-F1 is ${share(macroF1.mean)} on average, with a standard deviation of ${share(macroF1.standardDeviation)}, from ${share(macroF1.least)} to ${share(macroF1.most)}.`;
  return html`${note(`The same training with ${runs.length} seeds: other folds, other samples.${swing} The model itself and all other figures are of the first.`)}${table(['seed', 'macro-F1', 'accuracy', 'log loss'], rows)}`;
}

function found({ space, rungs, trials, chosen, selectionBias }: SearchRecord): Html {
  const names = Object.keys(space);
  const order = [...trials.keys()].sort(
    (a, b) => trials[b]!.foldLosses.length - trials[a]!.foldLosses.length || trials[a]!.logLoss - trials[b]!.logLoss,
  );
  const rows = order.map((i) => [
    i === chosen ? html`<b>${i} (chosen)</b>` : i === 0 ? '0 (as given)' : String(i),
    ...trialCells(trials[i]!, names),
  ]);
  const steps = rungs.map(({ candidates, folds }) => `${candidates} on ${counted(folds, 'fold')}`).join(', then ');
  const bias =
    selectionBias === null
      ? ''
      : ` For having been chosen, its log loss flatters itself by at least ${share(selectionBias)} (Tibshirani and Tibshirani, 2009).`;
  return html`${note(`Successive halving by log loss on groups that were not learnt from: ${steps}.${bias}`)}
<details><summary>All ${counted(trials.length, 'trial')}</summary>${table(['trial', 'folds', 'log loss', ...names], rows)}</details>
<details><summary>What was searched</summary>${table(
    ['option', 'values'],
    names.map((name) => [name, described(space[name]!)]),
    [1],
  )}</details>`;
}

function trialCells({ options, foldLosses, logLoss }: Trial, names: readonly string[]): string[] {
  const values = names.map((name) => (name in options ? JSON.stringify(options[name]) : ''));
  return [String(foldLosses.length), share(logLoss), ...values];
}

function described(dimension: Dimension): string {
  if (dimension.kind === 'choice') return dimension.values.map((value) => JSON.stringify(value)).join(', ');
  const { kind, low, high, whole = false } = dimension;
  return `${low} to ${high}${whole ? ', whole' : ''}${kind === 'log' ? ', evenly by logarithm' : ''}`;
}
