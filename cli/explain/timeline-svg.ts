/**
 * Messages as stems. On the upper axis a gap takes room by its logarithm, so that what comes quickly can be told apart, and
 * equal gaps, a rhythm, still look equal; the lower axis is time as it is.
 */
import type { Timeline, TimelineMessage } from '../../serve/explain/timeline.ts';
import { grouped } from '../numbers.ts';
import { AWAY, type Drawn, element, line, svgText, TOWARD, tip } from './svg.ts';
import { headText, recordsText, repeatLine } from './timeline-text.ts';
import { microsecondsText } from './words.ts';

/** Height of the longest stem. */
const STEM = 74;
const LEAST_STEM = 10;
const BASE = 128;
const STRIP = 244;
/** Silence that is shaded and said, us. */
const PAUSE_US = 1_000_000;
/** Room that a gap takes at least, beside what its logarithm gives. */
const LEAST_STEP = 0.4;
const ROW = 18;

export function drawTimeline(timeline: Timeline, width: number): Drawn {
  const { messages, repeats } = timeline;
  const head = svgText(0, 12, `Messages: ${headText(timeline)}`, { class: 'h' });
  if (messages.length === 0) return { svg: head, height: ROW };
  const xs = positions(messages, width);
  const drawn = [
    head,
    svgText(0, 34, 'above: from the initiator; below: from the responder; height by the logarithm of the size', {
      class: 's',
    }),
    ...messages.map((message, i) => pause(message, i === 0 ? 0 : xs[i - 1]!, xs[i]!)),
    line(0, BASE, width, BASE, { stroke: '#888' }),
    ...messages.map((message, i) => stem(message, xs[i]!, messages)),
    ...strip(messages, width),
    ...repeats.map((repeat, i) => svgText(0, STRIP + 46 + ROW * i, repeatLine(repeat).trim())),
  ];
  return { svg: drawn.join('\n'), height: STRIP + 46 + ROW * repeats.length };
}

function positions(messages: readonly TimelineMessage[], width: number): number[] {
  const steps = messages.map(({ gapUs }) => LEAST_STEP + Math.log10(1 + Math.max(0, gapUs) / 1000));
  const whole = steps.reduce((sum, step) => sum + step, 0) + LEAST_STEP;
  let at = 0;
  return steps.map((step) => {
    at += step;
    return (at / whole) * width;
  });
}

function pause({ gapUs }: TimelineMessage, from: number, to: number): string {
  if (gapUs < PAUSE_US) return '';
  const shade = element(
    'rect',
    { x: from + 3, y: BASE - STEM, width: Math.max(1, to - from - 6), height: 2 * STEM, fill: '#eee' },
    tip(`${microsecondsText(gapUs)} of silence`),
  );
  if (to - from < 44) return shade;
  return shade + svgText((from + to) / 2, BASE - STEM + 12, microsecondsText(gapUs), { class: 's m' });
}

function stem(message: TimelineMessage, x: number, messages: readonly TimelineMessage[]): string {
  const { from, bytes, mark, timeUs, records } = message;
  const most = Math.max(...messages.map((each) => each.bytes), 1);
  const length = LEAST_STEM + (STEM - LEAST_STEM - 16) * (Math.log1p(bytes) / Math.log1p(most));
  const isUp = from === 'initiator';
  const end = isUp ? BASE - length : BASE + length;
  const [stroke, sides] = [isUp ? TOWARD : AWAY, isUp ? 'initiator' : 'responder'];
  const told = `${(timeUs / 1e6).toFixed(6)} s: ${grouped(bytes)} B from the ${sides} ${recordsText(records)}`;
  const top = isUp
    ? element('circle', { cx: x, cy: end, r: 3.5, fill: stroke }, tip(told))
    : element('rect', { x: x - 3, y: end - 3, width: 6, height: 6, fill: stroke }, tip(told));
  const letter = mark === null ? '' : svgText(x, isUp ? end - 7 : end + 16, mark, { class: 's m' });
  return line(x, BASE, x, end, { stroke, 'stroke-width': 2 }) + top + letter;
}

/** Time as it is, from the first packet to the last message. */
function strip(messages: readonly TimelineMessage[], width: number): string[] {
  const last = Math.max(...messages.map(({ timeUs }) => timeUs), 1);
  const ticks = messages.map(({ timeUs, from }) => {
    const x = (Math.max(0, timeUs) / last) * width;
    const isUp = from === 'initiator';
    return line(x, STRIP, x, isUp ? STRIP - 9 : STRIP + 9, { stroke: isUp ? TOWARD : AWAY, 'stroke-width': 1.5 });
  });
  return [
    svgText(0, STRIP - 16, 'the same in even time', { class: 's' }),
    line(0, STRIP, width, STRIP, { stroke: '#888' }),
    ...ticks,
    svgText(0, STRIP + 22, '0 s', { class: 's' }),
    svgText(width, STRIP + 22, microsecondsText(last), { class: 's n' }),
  ];
}
