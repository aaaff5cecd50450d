/** An explanation for people. */
import { printable } from '../../core/visible.ts';
import type { FlowValue } from '../../features/rows-of.ts';
import { parseTime } from '../../features/text/cell.ts';
import type { Chosen } from '../../serve/explain/choice.ts';
import { type Effects, groupEffects, type InputEffect } from '../../serve/explain/effects.ts';
import type { Explained } from '../../serve/explain/explain.ts';
import { byteText, counted, durationText, grouped, momentText } from '../numbers.ts';
import { textTable } from '../text-table.ts';
import type { Paint } from './paint.ts';
import { timelineText } from './timeline-text.ts';
import { endsText, partText, signed, typicalText, valueText } from './words.ts';

/** Characters of the longest bar. */
const BAR = 16;
const MOST_GROUPS = 6;

/** @param top inputs that are listed */
export function reportText(chosen: Chosen, explained: Explained, top: number, paint: Paint): string {
  const { effects, timeline } = explained;
  const parts = [
    flowText(chosen, explained, paint),
    verdictText(explained, paint),
    evidenceText(explained, paint),
    effects === null
      ? `what moved the score: cannot be told; ${printable(explained.noEffects)}`
      : effectsText(explained, effects, top, paint),
    timeline === null
      ? 'messages: the table has no columns payload_sizes and payload_times_us'
      : timelineText(timeline, paint),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Who, when and how much, in up to three lines. */
export function flowFacts({ name }: Chosen, { flow }: Explained): string[] {
  const text = (column: string) => (typeof flow[column] === 'string' ? flow[column] : '');
  const number = (column: string) => (typeof flow[column] === 'number' ? flow[column] : null);
  const id = [name.flowId === null ? '' : `flow ${name.flowId}`, partText(name)].filter(Boolean).join(', ');
  const packets = sumOf(number('fwd_packets'), number('bwd_packets'));
  const bytes = sumOf(number('fwd_bytes'), number('bwd_bytes'));
  const duration = number('duration_us');
  const end = text('end_reason');
  const facts = [
    startText(flow['first_seen'] ?? null),
    duration === null ? '' : durationText(duration / 1e6),
    packets === null ? '' : counted(packets, 'packet'),
    bytes === null ? '' : byteText(bytes),
    end === '' ? '' : `ended by ${end}`,
  ];
  const peers = [text('protocol'), endsText(name), text('sni') || text('dns_name')];
  return [`${id || 'flow'} of ${name.capture}`, peers.filter(Boolean).join('  '), facts.filter(Boolean).join(', ')]
    .map(printable)
    .filter((line) => line !== '');
}

function flowText(chosen: Chosen, explained: Explained, paint: Paint): string {
  const [first = '', ...rest] = flowFacts(chosen, explained);
  return [paint.bold(first), ...rest.map((line) => `  ${line}`)].join('\n');
}

function sumOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function startText(value: FlowValue): string {
  const ns = typeof value === 'string' ? parseTime(value) : value;
  return typeof ns === 'bigint' ? momentText(Number(ns / 1000n)) : '';
}

/** `mining 0.964 (a verdict from 0.930), other 0.036`. */
export function probabilitiesText({ card, probabilities }: Explained): string {
  return [...card.labels.keys()]
    .sort((a, b) => probabilities[b]! - probabilities[a]!)
    .slice(0, 4)
    .map((k, i) => {
      const threshold = card.thresholds[card.labels[k]!] ?? 0;
      const least = threshold >= 1 ? 'never a verdict' : `a verdict from ${threshold.toFixed(3)}`;
      return `${card.labels[k]} ${probabilities[k]!.toFixed(3)}${i === 0 ? ` (${least})` : ''}`;
    })
    .join(', ');
}

function verdictText(explained: Explained, paint: Paint): string {
  const { verdict } = explained;
  const risk = verdict.risk === null ? '' : `, risk ${verdict.risk} of 10`;
  const line = `verdict: ${verdict.verdict}${risk}, by ${verdict.model}`;
  return `${paint.bold(printable(line))}\n  ${printable(probabilitiesText(explained))}`;
}

function evidenceText({ verdict }: Explained, paint: Paint): string {
  const lines = [...verdict.evidence]
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .map(({ source, finding, weight }) => `  ${signed(weight)}  ${printable(source)}: ${printable(finding)}`);
  return [paint.bold('evidence, by weight in log-odds'), ...(lines.length === 0 ? ['  none'] : lines)].join('\n');
}

function effectsText(explained: Explained, effects: Effects, top: number, paint: Paint): string {
  const { label, against, inputs, note } = effects;
  const shown = inputs.slice(0, top).filter(({ contribution }) => contribution !== 0);
  const lines = [
    paint.bold(printable(`what moved the score: log-odds of ${label} over ${against}, ${sumText(effects)}`)),
    ...(note === '' ? [] : [`  ${printable(note)}`]),
    ...(explained.isInScope
      ? []
      : ['  the model does not speak of such a flow: this is what its score would be made of']),
    ...(isTypicalKnown(inputs) ? [] : ["  the model's card does not say what is typical of each class"]),
    ...barTable(shown, effects, paint),
  ];
  const more = inputs.slice(shown.length);
  if (more.length > 0) {
    const rest = more.reduce((sum, { contribution }) => sum + contribution, 0);
    lines.push(`  and ${counted(more.length, 'more input')} together ${signed(rest)}`);
  }
  return [...lines, `  by group: ${groupsText(inputs)}`].join('\n');
}

/** `+3.28 = +0.15 of any flow, +3.13 of this one`. */
function sumText({ base, logOdds, inputs }: Effects): string {
  if (base === null) return signed(logOdds);
  const sum = inputs.reduce((total, { contribution }) => total + contribution, 0);
  return `${signed(logOdds)} = ${signed(base)} before anything is known ${signed(sum)} by its inputs`;
}

/** Cards of older versions and of imported models do not say it. */
function isTypicalKnown(inputs: readonly InputEffect[]): boolean {
  return inputs.some(({ typical }) => typical !== null);
}

function barTable(shown: readonly InputEffect[], { label, against }: Effects, paint: Paint): string[] {
  if (shown.length === 0) return ['  nothing moves it'];
  const most = Math.max(...shown.map(({ contribution }) => Math.abs(contribution)));
  const sides = isTypicalKnown(shown) ? [label, against] : [];
  const rows = shown.map(({ name, value, unit, typical, contribution }) => [
    name,
    valueText(value, unit),
    ...sides.map((side) => typicalText(typical?.[side], value, unit)),
    signed(contribution),
  ]);
  const headings = ['input', 'this flow', ...sides.map((side) => `typical of ${side}`), 'log-odds'];
  const alignments = ['left', 'right', ...sides.map(() => 'left' as const), 'right'] as const;
  const [head = '', ...lines] = textTable(headings, rows, alignments).split('\n');
  const painted = lines.map((line, i) => {
    const { contribution } = shown[i]!;
    const length = Math.max(1, Math.round((BAR * Math.abs(contribution)) / most));
    const bar = contribution > 0 ? paint.toward('+'.repeat(length)) : paint.away('-'.repeat(length));
    return `  ${line}  ${bar}`;
  });
  return [`  ${head}`, ...painted];
}

function groupsText(inputs: readonly InputEffect[]): string {
  const groups = groupEffects(inputs).filter(({ contribution }) => contribution !== 0);
  const named = groups.slice(0, MOST_GROUPS).map(({ group, contribution }) => `${group} ${signed(contribution)}`);
  const rest = groups.length - named.length;
  return `${named.join(', ') || 'none'}${rest > 0 ? ` and ${grouped(rest)} more` : ''}`;
}
