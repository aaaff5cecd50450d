/** Numbers and times as a report writes them. */
import type { Interval } from '../metrics/interval.ts';

export function share(value: number | null, digits = 3): string {
  return value === null ? '–' : value.toFixed(digits);
}

/** `97.3 %`; what is not quite all or nothing does not read as if it were. */
export function percent(value: number | null): string {
  if (value === null) return '–';
  const text = (100 * value).toFixed(1);
  if (text === '100.0' && value < 1) return '> 99.9 %';
  if (text === '0.0' && value > 0) return value >= 1e-5 ? `${(100 * value).toPrecision(1)} %` : '< 0.001 %';
  return `${text} %`;
}

export function signed(value: number | null, digits = 3): string {
  return value === null ? '–' : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}

export function range(interval: Interval | null, digits = 3): string {
  return interval === null
    ? ''
    : `${interval.low.toFixed(digits)} to ${interval.high.toFixed(digits)}`.replaceAll('-', '−');
}

export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A rate such as a false positive rate: `1 in 1,000`. */
export function rate(value: number): string {
  return `1 in ${grouped(Math.round(1 / value))}`;
}

/** Microseconds since 1970 as UTC, to the minute. */
export function moment(us: number | null): string {
  if (us === null || Math.abs(us) > 8.64e18) return 'unknown';
  return `${new Date(us / 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

export function duration(us: number): string {
  if (us < 1e6) return `${(us / 1e3).toFixed(us < 1e4 ? 1 : 0)} ms`;
  if (us < 120e6) return `${(us / 1e6).toFixed(1)} s`;
  return us < 7200e6 ? `${Math.round(us / 60e6)} min` : `${(us / 3600e6).toFixed(1)} h`;
}
