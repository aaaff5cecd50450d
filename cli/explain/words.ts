/** Values of inputs, and what is typical of them, as people read them. */
import type { FlowValue } from '../../features/rows-of.ts';
import { placeIn, type Typical } from '../../models/typical.ts';
import type { RowName } from '../../serve/explain/choice.ts';
import { counted, durationText, endpointText, grouped } from '../numbers.ts';

const NO_VALUE = 'no value';
const PLACES = { '-2': 'very low', '-1': 'low', '0': 'usual', '1': 'high', '2': 'very high' } as const;
/** Content types of TLS records (RFC 8446 5.1, RFC 6520). */
const RECORD_TYPES: Readonly<Record<number, string>> = {
  20: 'change cipher spec',
  21: 'alert',
  22: 'handshake',
  23: 'data',
  24: 'heartbeat',
};

export function recordTypeText(type: number | null): string {
  return type === null ? 'record' : (RECORD_TYPES[type] ?? `type ${type}`);
}

/** Microseconds: `850 us`, `12.4 ms`, `30.0 s`, `12 min`. */
export function microsecondsText(us: number): string {
  const size = Math.abs(us);
  if (size < 1000) return `${shortNumber(us)} us`;
  if (size < 999_500) return `${(us / 1000).toFixed(size < 99_950 ? 1 : 0)} ms`;
  return us < 0 ? `-${durationText(size / 1e6)}` : durationText(us / 1e6);
}

/** Whole numbers with separators, others with so many digits. */
export function shortNumber(value: number, digits = 4): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? grouped(value) : String(Number(value.toPrecision(digits)));
}

/** Log-odds with their sign: `+1.20`. */
export function signed(value: number): string {
  const text = value.toFixed(2);
  return value >= 0 && !text.startsWith('-') ? `+${text}` : text;
}

/** A value with its unit: `118 bytes`, `12.4 ms`. */
export function valueText(value: FlowValue, unit: string): string {
  if (value === null) return NO_VALUE;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return counted(value.length, 'item');
  if (typeof value !== 'number') return String(value);
  const plain = timeText(value, unit);
  return plain ?? `${shortNumber(value)}${unit === '' ? '' : ` ${value === 1 ? singular(unit) : unit}`}`;
}

/** `messages` of one is `message`, `queries` is `query`; `bytes/min` stays. */
function singular(unit: string): string {
  return unit.replace(/ies$/, 'y').replace(/s$/, '');
}

/** Null for a unit that is no time. */
function timeText(value: number, unit: string): string | null {
  if (unit === 'us') return microsecondsText(value);
  if (unit === 'ms') return microsecondsText(value * 1000);
  return unit === 's' ? microsecondsText(value * 1e6) : null;
}

/** The median and the middle half of a class, and where the value lies: `118 (90 to 140), high`. */
export function typicalText(typical: Typical | undefined, value: FlowValue, unit: string): string {
  if (typical === undefined) return '';
  const [, low, , high] = typical.quantiles;
  const median = medianText(typical, value, unit);
  if (low === undefined || high === undefined) return median;
  const middle = low === high ? '' : ` (${likeValue(low, value, unit)} to ${likeValue(high, value, unit)})`;
  return `${median}${middle}${placeText(typical, value)}`;
}

/** The median of a class among its flows that have a value. */
export function medianText(typical: Typical | undefined, value: FlowValue, unit: string): string {
  if (typical === undefined) return '';
  const [, , median] = typical.quantiles;
  return median === undefined ? NO_VALUE : likeValue(median, value, unit);
}

/** A number of the card as the flow's own value is written, without its unit. */
function likeValue(number: number, value: FlowValue, unit: string): string {
  if (typeof value === 'boolean') return number > 0 ? 'yes' : 'no';
  return timeText(number, unit) ?? shortNumber(number, 3);
}

function placeText(typical: Typical, value: FlowValue): string {
  if (value === null) return typical.missing > 0.5 ? ', usual' : '';
  if (typeof value !== 'number' && typeof value !== 'boolean') return '';
  const place = placeIn(typical, Number(value));
  return place === null ? '' : `, ${PLACES[place]}`;
}

/** `10.0.0.5:43210 -> 192.0.2.1:443`. */
export function endsText({ srcIp, srcPort, dstIp, dstPort }: RowName): string {
  return `${endpointText(srcIp, srcPort)} -> ${endpointText(dstIp, dstPort)}`;
}

/** `part 0 (end)`; empty where the table says neither. */
export function partText({ part, rowKind }: RowName): string {
  if (part === null) return rowKind ?? '';
  return rowKind === null ? `part ${part}` : `part ${part} (${rowKind})`;
}
