/** Numbers and times as people read them. */

/** A whole number with thousands separators: 1,234,567. The first `toLocaleString` of a process takes 20 ms. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `3 flows`, `1 flow`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `10.0.0.1:443` or `[2001:db8::1]:443`. */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function byteText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  // What would round to 1000 is the next unit's 1.0.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** A length of time in seconds: `0.42 s`, `12 min`, `3.1 h`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} days`;
}

/** Microseconds since 1970 as UTC to the second. */
export function momentText(us: number): string {
  const milliseconds = Math.floor(us / 1000);
  // A capture may claim any time; a Date ends in the year 275760.
  if (Math.abs(milliseconds) > 8.64e15) return `${grouped(Math.floor(us / 1e6))} s after 1970`;
  return `${new Date(milliseconds)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace('T', ' ')} UTC`;
}
