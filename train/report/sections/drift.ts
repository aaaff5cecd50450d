/** How inputs were distributed where the model learnt, and how they are now. */
import type { Assessment, DriftOfInput } from '../assessment.ts';
import { type Html, html, NOTHING, section } from '../html.ts';
import { histogramSpark } from '../sparks.ts';
import { share } from '../words.ts';

/** By the custom of credit scoring. */
const SHIFT = { little: 0.1, much: 0.25 } as const;
const SHOWN = 24;

export function driftSection({ drift, kind }: Assessment): Html {
  if (drift.length === 0) {
    const none = html`<p>The card holds no histograms of inputs: the model was made by an older version, or elsewhere.</p>`;
    return section('drift', 'How the inputs are distributed', none);
  }
  if (kind === 'training') {
    return section(
      'drift',
      'How the inputs are distributed',
      html`<p>What later traffic is compared with, kept in <code>card.json</code> as well. The first bar, grey, is the share of flows without a value; the others are bins between deciles, so that they are about equally high unless values repeat.</p>`,
      html`<details><summary>Histograms of ${drift.length} inputs</summary>${grid(drift)}</details>`,
    );
  }
  const sorted = [...drift].sort((a, b) => (b.shift ?? 0) - (a.shift ?? 0));
  const much = sorted.filter(({ shift }) => shift! > SHIFT.much).length;
  const some = sorted.filter(({ shift }) => shift! > SHIFT.little && shift! <= SHIFT.much).length;
  const rest = sorted.slice(SHOWN);
  return section(
    'drift',
    'How far this traffic is from what it learnt',
    html`<p>Population stability index of each input, between the rows that the model learnt from and these: ${much} of ${drift.length} have shifted much (above ${SHIFT.much}), ${some} somewhat (above ${SHIFT.little}). Bars are then, lines are now; the first bar, grey, is the share of flows without a value. With few flows the index is high by chance alone.</p>`,
    grid(sorted.slice(0, SHOWN)),
    rest.length === 0 ? NOTHING : html`<details><summary>${rest.length} more</summary>${grid(rest)}</details>`,
  );
}

function grid(drift: readonly DriftOfInput[]): Html {
  return html`<div class="drift">${drift.map(({ name, then, now, shift }) => html`<div>${histogramSpark(then, now)}${name}${shift === null ? '' : html` <b class="${shift > SHIFT.much ? 'bad' : shift > SHIFT.little ? 'warn' : ''}">${share(shift, 2)}</b>`}</div>`)}</div>`;
}
