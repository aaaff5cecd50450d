/** How to make it again. */
import type { Assessment, Described } from '../assessment.ts';
import { type Html, html, NOTHING, section, table } from '../html.ts';
import { bytes } from '../words.ts';

export function madeSection(card: Described, { made, cost }: Assessment): Html {
  const programs = Object.entries({ ...card.versions, ...made.versions }).map(
    ([name, version]) => `${name} ${version}`,
  );
  const options = Object.entries(card.learner.options).map(([name, value]) => [name, JSON.stringify(value)]);
  return section(
    'made',
    'How it was made',
    html`<pre>${made.command}</pre>`,
    html`<p>${made.at.slice(0, 19).replace('T', ' ')} UTC, with ${programs.join(', ')}. Seed ${card.learner.seed}: equal data, options and seed give an equal model.${cost === null ? '' : ` The model file has ${bytes(cost.modelBytes)}.`} Inputs hash to <code>${card.inputsHash.slice(0, 16)}…</code></p>`,
    card.limitations.length === 0
      ? NOTHING
      : html`<h3>What it cannot do</h3><ul>${card.limitations.map((text) => html`<li>${text}</li>`)}</ul>`,
    html`<details><summary>Options of the learner (${card.learner.name})</summary>${table(['option', 'value'], options)}</details>`,
    html`<details><summary>Inputs (${card.inputs.length})</summary><p class="note">${card.inputs.map(({ name }) => name).join(', ')}</p></details>`,
  );
}
