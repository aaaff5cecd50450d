import { expect, test } from 'vitest';
import { MOST_RULES, readRules, type Suspect } from '../../../serve/alerts/rules.ts';

const suspect: Suspect = {
  source: '10.1.2.3',
  destination: '2001:db8::9',
  port: 3333,
  name: 'eu.Pool.example',
  ja4: 't13d1516h2_8daaf6152771_b186095e22b6',
  verdict: 'mining',
};
const until = '2027-01-31';
const reason = 'Our own test rig.';
const fits = (conditions: object) => readRules([{ ...conditions, until, reason }])[0]!.fits(suspect);

test.each([
  [{ source: '10.1.2.3' }, true],
  [{ source: '10.0.0.0/8' }, true],
  [{ source: '10.1.2.4' }, false],
  [{ destination: '2001:db8::/32' }, true],
  [{ destination: '10.0.0.0/8' }, false],
  [{ address: '10.1.0.0/16' }, true],
  [{ address: '2001:0db8:0::9' }, true],
  [{ address: '192.0.2.0/24' }, false],
  [{ port: 3333 }, true],
  [{ port: 3334 }, false],
  [{ name: 'EU.pool.example.' }, true],
  [{ name: '*.pool.example' }, true],
  [{ name: '*.example' }, true],
  [{ name: 'pool.example' }, false],
  [{ name: '*.eu.pool.example' }, false],
  [{ ja4: suspect.ja4! }, true],
  [{ verdict: 'mining' }, true],
  [{ verdict: 'other' }, false],
  [{ source: '10.0.0.0/8', port: 3333 }, true],
  [{ source: '10.0.0.0/8', port: 443 }, false],
])('a rule about %j fits: %s', (conditions, isFit) => {
  expect(fits(conditions)).toBe(isFit);
});

test('a rule about a name fits no flow without one', () => {
  const [rule] = readRules([{ name: '*.example', until, reason }]);
  expect(rule!.fits({ ...suspect, name: null })).toBe(false);
});

test('a date means the end of that day in UTC, a moment means itself', () => {
  const seconds = (text: string) => readRules([{ port: 1, until: text, reason }])[0]!.untilSeconds;
  expect(seconds('2027-01-31')).toBe(Date.UTC(2027, 1, 1) / 1000);
  expect(seconds('2027-01-31T18:00:00+02:00')).toBe(Date.UTC(2027, 0, 31, 16) / 1000);
  expect(seconds('2027-01-31t18:00:00.5z')).toBe(Date.UTC(2027, 0, 31, 18) / 1000 + 0.5);
});

test.each([
  ['no list', { port: 1 }, 'no list'],
  ['no rule', [7], 'no object'],
  ['no reason', [{ port: 1, until }], 'no reason'],
  ['a blank reason', [{ port: 1, until, reason: '  ' }], 'no reason'],
  ['no end', [{ port: 1, reason }], 'no until'],
  ['nothing that it is about', [{ until, reason }], 'nothing that it is about'],
  ['a member that nobody knows', [{ prot: 1, until, reason }], 'a member prot'],
  ['a name as a port', [{ port: 'ssh', until, reason }], 'port ssh'],
  ['a port that is none', [{ port: 70_000, until, reason }], 'port 70000'],
  ['a network that is none', [{ source: '10.0.0.0/40', until, reason }], 'source 10.0.0.0/40'],
  ['a day that no month has', [{ port: 1, until: '2027-02-30', reason }], 'until 2027-02-30'],
  ['a date of another form', [{ port: 1, until: '31.01.2027', reason }], 'until 31.01.2027'],
  ['an escape in a name', [{ name: 7, until, reason: '\x1b' }], 'name 7'],
])('%s is refused with its place', (_, rules, found) => {
  expect(() => readRules(rules)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  expect(() => readRules(rules)).toThrow(found);
});

test('more rules than the bound are refused', () => {
  const rules = Array.from({ length: MOST_RULES + 1 }, () => ({ port: 1, until, reason }));
  expect(() => readRules(rules)).toThrow(`${MOST_RULES} at most`);
  expect(readRules(rules.slice(1))).toHaveLength(MOST_RULES);
});
