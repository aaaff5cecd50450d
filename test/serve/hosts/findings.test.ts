/** Each finding of the view alone: what it takes, and what it says. */
import { expect, test } from 'vitest';
import { persistenceFinding } from '../../../serve/hosts/findings/persistence.ts';
import { POOL_PORTS, portFinding } from '../../../serve/hosts/findings/pool-ports.ts';
import { Hours, hourOf, offsetsOf } from '../../../serve/hosts/hours.ts';
import { SCANS, scanFindings } from '../../../serve/hosts/watch/scans.ts';
import { stormFinding } from '../../../serve/hosts/watch/storms.ts';

const utc = offsetsOf('UTC');
const midnight = hourOf(BigInt(Date.UTC(2026, 1, 3)) * 1_000_000n);

function seen(...spans: (readonly [number, number])[]): Hours {
  const hours = new Hours();
  for (const [first, last] of spans) hours.add(midnight + first, midnight + last);
  return hours;
}

const weightOf = (hours: Hours, offset = utc) => persistenceFinding(hours, offset, '192.0.2.9')?.weight ?? 0;

test('a whole day without a pause is around the clock; three weigh more; an office week and an evening say nothing', () => {
  expect(persistenceFinding(seen([3, 26]), utc, '192.0.2.9')).toEqual({
    source: 'host',
    finding:
      "Around the clock with 192.0.2.9: 24 hours in a row, 24 in all, 58 % of them outside 8 to 18 o'clock; people pause, miners and devices do not.",
    weight: 0.4,
  });
  expect(weightOf(seen([0, 71]))).toBe(0.7);
  expect(weightOf(seen([3, 25]))).toBe(0);
  expect(weightOf(seen(...Array.from({ length: 20 }, (_, day) => [24 * day + 8, 24 * day + 17] as const)))).toBe(0);
  expect(weightOf(seen([18, 23]))).toBe(0);
});

test('nights alone are outside working hours, in the time zone that is named', () => {
  const nights = seen([20, 29], [44, 53]);
  expect(persistenceFinding(nights, utc, '192.0.2.9')?.finding).toBe(
    "Outside working hours with 192.0.2.9: 20 hours, 100 % of them outside 8 to 18 o'clock.",
  );
  expect(weightOf(nights)).toBe(0.3);
  expect(weightOf(nights, offsetsOf('America/Los_Angeles'))).toBe(0);
});

test('ports of pools are few, and none of them is one that other services are known for', () => {
  expect(POOL_PORTS.size).toBeLessThan(12);
  for (const port of [22, 80, 443, 4444, 5555, 6379, 7777, 8080, 8333, 8443, 8545, 8888]) {
    expect(portFinding([port], '192.0.2.9')).toBeNull();
  }
  expect(portFinding([443, 3333], '192.0.2.9')).toEqual({
    source: 'host',
    finding:
      'Talks to port 3333 of 192.0.2.9: the usual port of Stratum, and the default of XMRig. Other services may use it.',
    weight: 0.3,
  });
});

test('scans are told with their number and weigh nothing for mining', () => {
  const findings = scanFindings(new Map(SCANS.map(({ name, moreThan }) => [name, moreThan + 1])));
  expect(findings.map(({ finding, weight }) => [finding.split(';')[0], weight])).toEqual([
    ['Scanning: 51 short connections to SSH within a minute (more than 50 are told)', 0],
    ['Scanning: Redis (6379) at 21 different servers within a minute (more than 20 are told)', 0],
    ['Scanning: the Docker API (2375, 2376) at 21 different servers within a minute (more than 20 are told)', 0],
    ['Scanning: kubelets (10250) at 21 different servers within a minute (more than 20 are told)', 0],
  ]);
  expect(scanFindings(new Map([['ssh', 256]]))[0]?.finding).toContain('256 or more short connections');
});

test('names of servers never reach a sentence raw', () => {
  const strange = '192.0.2.9\u001b[31m';
  const findings = [
    persistenceFinding(seen([0, 30]), utc, strange),
    portFinding([3333], strange),
    stormFinding({ port: 1, connections: 20, isAnswered: true }, strange),
  ];
  for (const found of findings) expect(found?.finding).toContain('192.0.2.9\\u{1b}[31m');
});
