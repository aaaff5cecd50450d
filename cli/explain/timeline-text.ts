/** The messages of a flow as arrows between its two sides, one line each. */
import type { Repeat, Timeline, TimelineMessage, TimelineRecord } from '../../serve/explain/timeline.ts';
import { counted, grouped } from '../numbers.ts';
import type { Paint } from './paint.ts';
import { microsecondsText, recordTypeText } from './words.ts';

/** Characters of the longest arrow. */
const LONGEST = 24;
/** Silence that is worth a line of its own, us. */
const PAUSE_US = 1_000_000;
/** Records named on one line. */
const MOST_RECORDS = 4;

export function timelineText(timeline: Timeline, paint: Paint): string {
  const { messages, repeats } = timeline;
  const longest = Math.max(...messages.map(({ bytes }) => bytes), 1);
  const lines = messages.flatMap((message) => [
    ...(message.gapUs >= PAUSE_US ? [pauseLine(message.gapUs, paint)] : []),
    messageLine(message, longest, paint),
  ]);
  const head = `messages: ${headText(timeline)}; --> from the initiator, <-- from the responder`;
  return [paint.bold(head), ...lines, ...repeats.map(repeatLine)].join('\n');
}

/** `the first 32 of 45 packets with payload`. */
export function headText({ messages, isCut, payloadPackets }: Timeline): string {
  if (messages.length === 0) return 'none, no packet carries new payload';
  const all = counted(messages.length, 'packet');
  if (!isCut) return `all ${all} with new payload`;
  const of = payloadPackets === null || payloadPackets <= messages.length ? '' : ` of ${grouped(payloadPackets)}`;
  return `the first ${grouped(messages.length)}${of} packets with payload`;
}

function pauseLine(gapUs: number, paint: Paint): string {
  return paint.dim(`${''.padStart(14)}. . . ${microsecondsText(gapUs)} of silence . . .`);
}

function messageLine(message: TimelineMessage, longest: number, paint: Paint): string {
  const { timeUs, from, bytes, mark, records } = message;
  const time = `${(timeUs / 1e6).toFixed(3)} s`.padStart(13);
  const size = `${grouped(bytes)} B`.padStart(9);
  const shaft = '-'.repeat(1 + Math.round((LONGEST - 2) * (Math.log1p(bytes) / Math.log1p(longest))));
  const arrow = from === 'initiator' ? `${shaft}>`.padEnd(LONGEST) : `<${shaft}`.padStart(LONGEST);
  const painted = from === 'initiator' ? paint.toward(arrow) : paint.away(arrow);
  return `${time} ${size} ${mark === null ? '   ' : `[${mark}]`}  ${painted}  ${recordsText(records)}`.trimEnd();
}

/** `TLS handshake 512, data 96`. */
export function recordsText(records: readonly TimelineRecord[]): string {
  if (records.length === 0) return '';
  const named = records.slice(0, MOST_RECORDS).map(({ type, bytes }) => `${recordTypeText(type)} ${grouped(bytes)}`);
  const more = records.length - named.length;
  return `TLS ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `[A] 118 B from the initiator 8 times, every 30.0 s (29.8 s to 30.2 s)`. */
export function repeatLine({ mark, from, bytes, count, gapUs }: Repeat): string {
  const [least, median, most] = [gapUs.least, gapUs.median, gapUs.most].map(microsecondsText);
  const rhythm = count === 2 ? `${median} apart` : `${median} apart in the median (${least} to ${most})`;
  return `  [${mark}] ${grouped(bytes)} B from the ${from} ${count} times, ${rhythm}`;
}
