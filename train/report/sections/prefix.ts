/** How early the model is right. */
import type { Assessment, Described } from '../assessment.ts';
import { prefixChart } from '../charts.ts';
import { colourOf } from '../colours.ts';
import { figure, type Html, html, NOTHING, section, table } from '../html.ts';
import type { Easel } from '../plot.ts';
import { grouped, percent, share } from '../words.ts';

export function prefixSection(card: Described, { prefixes }: Assessment, easel: Easel | null): Html {
  const title = 'How early it is right';
  if (prefixes.length === 0) {
    return section(
      'early',
      title,
      html`<p>Not measured: the tables hold whole flows only. <code>flowlamp extract --emit end --emit prefix:5 --emit prefix:10 --emit prefix:20 --emit interval:60</code> writes a row at the 5th, 10th and 20th packet of every flow and every minute as well.</p>`,
    );
  }
  const shown = Math.min(3, card.labels.length);
  const rows = prefixes.map((point) => [
    point.unit === 'whole flow' ? 'whole flow' : `${point.seen} ${point.unit}`,
    grouped(point.flows),
    point.tooShort === 0 ? '·' : grouped(point.tooShort),
    share(point.macroF1),
    percent(point.decided),
    percent(point.rightVerdicts),
    ...point.recall.slice(0, shown).map(percent),
  ]);
  const units = (['packets', 'seconds'] as const).filter(
    (unit) => prefixes.filter((point) => point.unit === unit && point.flows > 0).length > 1,
  );
  const charts =
    easel === null
      ? NOTHING
      : html`<div class="legend">${['macro-F1', 'gets a verdict', 'verdicts that are right'].map((name, i) => html`<span><i style="background:${colourOf(i)}"></i>${name}</span>`)}<span>dotted: whole flows</span></div><div class="pair">${units.map((unit) => figure(prefixChart(easel, prefixes, unit), ''))}</div>`;
  return section(
    'early',
    title,
    html`<p>Figures on rows that hold only the beginning of their flows. A point counts the flows that have as much, so points further on are about fewer and longer flows. Flows with too few messages are always <i>unknown</i>, and count among those without a verdict; points with fewer than ten others stand in the table only.</p>`,
    charts,
    table(
      [
        'seen',
        'flows',
        'too short',
        'macro-F1',
        'get a verdict',
        'of these right',
        ...card.labels.slice(0, shown).map((label) => `${label} found`),
      ],
      rows,
    ),
  );
}
