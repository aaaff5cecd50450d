/** How figures are written. */

function table(heads, rows) {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function score(value) {
  return value === null || value === undefined ? '-' : value.toFixed(3);
}

export function interval(value, bounds) {
  if (bounds === null || bounds === undefined || bounds.low === undefined) return score(value);
  return `${score(value)} (${score(bounds.low)} to ${score(bounds.high)})`;
}

export function percent(part, whole) {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

export function print(title, heads, rows) {
  console.log(`\n### ${title}\n\n${table(heads, rows)}`);
}

/** The least rate that would show so few alarms with a chance of 5 % (Clopper and Pearson, one side); 3 / n for none. */
export function alarmBound(alarms, n) {
  let low = alarms / n;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const rate = (low + high) / 2;
    if (atMost(alarms, n, rate) > 0.05) low = rate;
    else high = rate;
  }
  return high;
}

/** The chance of so many alarms or fewer. */
function atMost(alarms, n, rate) {
  let log = n * Math.log1p(-rate);
  let sum = Math.exp(log);
  for (let k = 1; k <= alarms; k++) {
    log += Math.log(((n - k + 1) / k) * (rate / (1 - rate)));
    sum += Math.exp(log);
  }
  return sum;
}
