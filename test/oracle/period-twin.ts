/** The period of events by its definition, by trying out: sums of phases for each grid point, then ever smaller steps uphill. */

export interface TwinPeriod {
  readonly periodUs: number;
  readonly strength: number;
  readonly signalToNoise: number;
}

const EVENTS = 8;

/** @param times of one side's messages, us, ascending */
export function twinPeriod(times: readonly number[]): TwinPeriod | null {
  if (times.length < EVENTS) return null;
  const meanGap = (times.at(-1)! - times[0]!) / (times.length - 1);
  const events = times.filter((time, i) => i === 0 || (meanGap > 0 && time - times[i - 1]! >= meanGap / 4));
  if (events.length < EVENTS) return null;
  const span = events.at(-1)! - events[0]!;
  // Half a cycle apart, from three cycles in the span to two events in a cycle, of times rounded down to cells.
  let cells = 32;
  while (cells < 4 * events.length) cells *= 2;
  const rounded = events.map((time) => Math.floor(((time - events[0]!) / span) * cells) / cells);
  const grid = Array.from({ length: 4 * events.length - 5 }, (_, i) => 3 + i / 2);
  const powers = grid.map((cycles) => power(rounded, cycles));
  const most = Math.max(...powers);
  const best = powers.findIndex((one, i) => i === powers.length - 1 || (one >= 0.7 * most && powers[i + 1]! <= one));
  const places = events.map((time) => (time - events[0]!) / span);
  const cycles = uphill(places, grid[best]!);
  return {
    periodUs: span / cycles,
    strength: Math.sqrt(power(places, cycles)) / events.length,
    signalToNoise: power(places, cycles) / (powers.reduce((sum, one) => sum + one, 0) / powers.length),
  };
}

function power(places: readonly number[], cycles: number): number {
  const cos = places.reduce((sum, place) => sum + Math.cos(2 * Math.PI * place * cycles), 0);
  const sin = places.reduce((sum, place) => sum + Math.sin(2 * Math.PI * place * cycles), 0);
  return cos * cos + sin * sin;
}

/** The top of the hill that `start` stands on, at most half a cycle away. */
function uphill(places: readonly number[], start: number): number {
  let at = start;
  for (let step = 1 / 64; step > 1e-9; step /= 2) {
    for (;;) {
      const next = [at - step, at + step].find(
        (one) => Math.abs(one - start) <= 1 / 2 && power(places, one) > power(places, at),
      );
      if (next === undefined) break;
      at = next;
    }
  }
  return at;
}
