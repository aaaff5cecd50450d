/** What the figures rest on: flows, captures, times. */
import type { Assessment, Described } from '../assessment.ts';
import { type Html, html, NOTHING, section, table } from '../html.ts';
import { counted, grouped, moment, percent } from '../words.ts';

export function dataSection(card: Described, { kind, data }: Assessment): Html {
  const { training } = card;
  const learnt = html`<p>The model learnt from ${counted(training.rows, 'row')} of ${counted(training.groups, 'group')} in ${counted(training.captures, 'capture')}, on ${card.created.slice(0, 10)}: ${training.origin}.${training.generated ? ' This traffic was generated, not recorded.' : ''} It reads ${counted(card.inputs.length, 'column')} and speaks of ${card.scope.protocols.join(', ')} flows with ${card.scope.minPayloadPackets} or more packets with payload.</p>`;
  const when = html`<p>${kind === 'training' ? 'Its flows' : 'The flows that it is judged on'} began between ${moment(data.fromUs)} and ${moment(data.toUs)}${data.pairs === null ? '' : `, between ${counted(data.pairs, 'pair')} of addresses`}. ${leftOut(data.leftOut, card)}</p>`;
  const { rowsPerLabel } = data;
  const rows = card.labels.map((label) => [
    label,
    grouped(training.rowsPerLabel[label] ?? 0),
    grouped(rowsPerLabel[label] ?? 0),
    percent(data.judged === 0 ? null : (rowsPerLabel[label] ?? 0) / data.judged),
  ]);
  return section(
    'data',
    'What it is about',
    learnt,
    when,
    table(['class', 'rows learnt from', 'flows judged', 'share of those'], rows),
    captures(card, data),
  );
}

function leftOut(
  { unlabelled, tooShort, otherLabels, otherProtocols }: Assessment['data']['leftOut'],
  card: Described,
) {
  const parts = [
    [unlabelled, 'without a label'],
    [tooShort, `with fewer than ${card.scope.minPayloadPackets} packets with payload`],
    [otherLabels, 'of classes that the model does not have'],
    [otherProtocols, 'of protocols that it does not speak of'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, why]) => `${grouped(count)} ${why}`);
  return told.length === 0 ? 'No row was left out.' : `Rows left out: ${told.join(', ')}.`;
}

function captures(card: Described, { captures, moreCaptures }: Assessment['data']): Html {
  if (captures.length === 0) return NOTHING;
  const rows = captures.map(({ name, rows: counts }) => [
    name,
    ...counts.map((count) => (count === 0 ? '·' : grouped(count))),
  ]);
  const more = moreCaptures === 0 ? '' : html`<p class="note">… and ${grouped(moreCaptures)} more.</p>`;
  return html`<details><summary>Flows of each capture (${grouped(captures.length + moreCaptures)})</summary>${table(['capture', ...card.labels], rows)}${more}</details>`;
}
