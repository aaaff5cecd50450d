/** What happens with classes that the model has never been shown. */
import type { Assessment } from '../assessment.ts';
import { type Html, html, NOTHING, section, table } from '../html.ts';
import { grouped, percent, share } from '../words.ts';

export function unknownSection({ unknowns, kind }: Assessment): Html {
  if (kind === 'evaluation' && unknowns === null) return NOTHING;
  const title = 'What it makes of the unknown';
  if (unknowns === null) return section('unknown', title, html`<p>Left out (<code>--quick</code>).</p>`);
  const because =
    unknowns.because === ''
      ? NOTHING
      : html`<p>${unknowns.classes.length === 0 ? 'Not measured' : 'Measured for some'}: ${unknowns.because}.</p>`;
  if (unknowns.classes.length === 0) return section('unknown', title, because);
  const rows = unknowns.classes.map(({ label, rejection }) =>
    rejection === null
      ? [label, '–', '–', '–', '–']
      : [label, grouped(rejection.unknown), grouped(rejection.known), percent(rejection.tpr), share(rejection.auroc)],
  );
  const tprs = unknowns.classes.flatMap(({ rejection }) => (rejection === null ? [] : [rejection.tpr]));
  const mean = tprs.length === 0 ? null : tprs.reduce((sum, tpr) => sum + tpr, 0) / tprs.length;
  return section(
    'unknown',
    title,
    html`<p>${kind === 'training' ? 'Each class was left out of a training of its own; its flows then ought' : 'The tables hold flows of classes that the model was never trained on; they ought'} to be turned away, by their highest probability. Turned away where 5 % of the known flows are as well, mean over classes: <b>${percent(mean)}</b> (5 % would be chance).</p>`,
    because,
    table(
      [
        kind === 'training' ? 'class left out' : 'class it does not have',
        'its flows',
        'known flows',
        'turned away',
        'AUROC',
      ],
      rows,
    ),
  );
}
