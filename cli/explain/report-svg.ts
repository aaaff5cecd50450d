/** An explanation as a drawing: what moved the score as bars, and the messages as stems. */
import type { Chosen } from '../../serve/explain/choice.ts';
import type { Effects, InputEffect } from '../../serve/explain/effects.ts';
import type { Explained } from '../../serve/explain/explain.ts';
import { flowFacts, probabilitiesText } from './report-text.ts';
import { AWAY, type Drawn, element, escapedXml, line, svgText, TOWARD, tip } from './svg.ts';
import { drawTimeline } from './timeline-svg.ts';
import { medianText, signed, typicalText, valueText } from './words.ts';

const WIDTH = 960;
const MARGIN = 32;
const ROW = 20;
const MIDDLE = 690;
/** Right ends of the columns before the bars: the flow's value, and the medians of the two labels. */
const COLUMNS = [310, 385, 460] as const;
const LONGEST_LABEL = 12;
/** Length of the longest bar. */
const BAR = 160;
const STYLE =
  'text{font:13px system-ui,sans-serif;fill:#222}.h{font-weight:600;font-size:15px}.s{font-size:11px;fill:#555}.n{text-anchor:end}.m{text-anchor:middle}';
/** @param top inputs that are drawn */
export function reportSvg(chosen: Chosen, explained: Explained, top: number): string {
  const { effects, timeline, verdict } = explained;
  const parts = [
    heading(chosen, explained),
    effects === null ? notes([`What moved the score cannot be told: ${explained.noEffects}`]) : bars(effects, top),
    timeline === null
      ? notes(['The table has no columns payload_sizes and payload_times_us.'])
      : drawTimeline(timeline, WIDTH - 2 * MARGIN),
  ];
  let y = MARGIN;
  const placed = parts.map(({ svg, height }) => {
    const group = element('g', { transform: `translate(${MARGIN} ${y})` }, svg);
    y += height + 24;
    return group;
  });
  const title = `${verdict.verdict}: ${flowFacts(chosen, explained).slice(0, 2).join(', ')}`;
  const attributes = { xmlns: 'http://www.w3.org/2000/svg', width: WIDTH, height: y, viewBox: `0 0 ${WIDTH} ${y}` };
  const inside = [
    `<title>${escapedXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    element('rect', { width: WIDTH, height: y, fill: '#fff' }),
    ...placed,
  ];
  return `${element('svg', { ...attributes, role: 'img' }, `\n${inside.join('\n')}\n`)}\n`;
}

function heading(chosen: Chosen, explained: Explained): Drawn {
  const { verdict } = explained;
  const risk = verdict.risk === null ? '' : `, risk ${verdict.risk} of 10`;
  const rows = [
    ...flowFacts(chosen, explained),
    `${probabilitiesText(explained)}; ${verdict.model}`,
    ...[...verdict.evidence]
      .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
      .slice(0, 5)
      .map(({ source, finding, weight }) => `${signed(weight)}  ${source}: ${finding}`),
  ];
  const lines = [svgText(0, 12, `${verdict.verdict}${risk}`, { class: 'h' })];
  rows.forEach((row, i) => {
    lines.push(svgText(0, 12 + ROW * (i + 1), row));
  });
  return { svg: lines.join(''), height: ROW * (rows.length + 1) };
}

function notes(texts: readonly string[]): Drawn {
  return { svg: texts.map((text, i) => svgText(0, 12 + ROW * i, text)).join(''), height: ROW * texts.length };
}

function bars(effects: Effects, top: number): Drawn {
  const { label, against, inputs, note, logOdds } = effects;
  const shown = inputs.slice(0, top).filter(({ contribution }) => contribution !== 0);
  const most = Math.max(...shown.map(({ contribution }) => Math.abs(contribution)), 1e-9);
  const head = svgText(0, 12, `What moved the score: log-odds of ${label} over ${against}, ${signed(logOdds)}`, {
    class: 'h',
  });
  const medians = [label, against].map((each, i) =>
    svgText(COLUMNS[i + 1]!, 32, each.slice(0, LONGEST_LABEL), { class: 's n' }),
  );
  const columns = svgText(COLUMNS[0], 32, 'this flow; medians:', { class: 's n' }) + medians.join('');
  const sides =
    columns +
    svgText(MIDDLE - 8, 32, `for ${against}`, { class: 's n' }) +
    svgText(MIDDLE + 8, 32, `for ${label}`, { class: 's' });
  const rows = shown.map((effect, i) => bar(effect, effects, most, 52 + ROW * i));
  const end = 52 + ROW * shown.length;
  const axis = line(MIDDLE, 38, MIDDLE, end - 10, { stroke: '#888' });
  const said = note === '' ? '' : svgText(0, end + 6, note, { class: 's' });
  return { svg: [head, sides, ...rows, axis, said].join(''), height: end + (note === '' ? 0 : 12) };
}

function bar(effect: InputEffect, { label, against }: Effects, most: number, y: number): string {
  const { name, value, unit, typical, contribution } = effect;
  const length = Math.max(1, (BAR * Math.abs(contribution)) / most);
  const isToward = contribution > 0;
  const told = [label, against].map(
    (each) => `typical of ${each}: ${typicalText(typical?.[each], value, unit) || 'not known'}`,
  );
  const shape = element(
    'rect',
    {
      x: isToward ? MIDDLE : MIDDLE - length,
      y: y - 11,
      width: length,
      height: 13,
      fill: isToward ? TOWARD : AWAY,
    },
    tip(`${name} = ${valueText(value, unit)}; ${told.join('; ')}`),
  );
  const number = svgText(isToward ? MIDDLE + length + 5 : MIDDLE - length - 5, y, signed(contribution), {
    class: isToward ? 's' : 's n',
  });
  const cells = [valueText(value, unit), ...[label, against].map((each) => medianText(typical?.[each], value, unit))];
  const texts = cells.map((cell, i) => svgText(COLUMNS[i]!, y, cell, { class: i === 0 ? 'n' : 's n' }));
  return svgText(0, y, name) + texts.join('') + shape + number;
}
