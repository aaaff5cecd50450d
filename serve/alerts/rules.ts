/** Rules that hold alerts back: each says what it is about, why, and until when. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { isInNetwork, type Network, parseAddress, parseNetwork } from '../../features/rows/address.ts';
import { safeText } from '../evidence/safe-text.ts';

/** As it stands in a file. What is not named fits every flow; of what is named, all must fit. */
export interface SuppressionRule {
  /** Address or network (CIDR) of the initiator; of the other side; of either. */
  readonly source?: string;
  readonly destination?: string;
  readonly address?: string;
  /** Of the other side. */
  readonly port?: number;
  /** Server name, or its end: `pool.example` is that name alone, `*.example` every name below `example`. */
  readonly name?: string;
  readonly ja4?: string;
  readonly verdict?: string;
  /** RFC 3339: a moment, or a date, the end of which in UTC is meant. */
  readonly until: string;
  /** Why, for those who read it later. */
  readonly reason: string;
}

/** What rules look at. */
export interface Suspect {
  readonly source: string;
  readonly destination: string;
  readonly port: number | null;
  readonly name: string | null;
  readonly ja4: string | null;
  readonly verdict: string;
}

/** A rule that has been read. */
export interface ReadRule {
  readonly rule: SuppressionRule;
  /** The same for a rule that is read again: what was counted of it goes on. */
  readonly key: string;
  /** Seconds since 1970. */
  readonly untilSeconds: number;
  readonly fits: (suspect: Suspect) => boolean;
}

/** Rules are asked one after the other, for what would be an alert. */
export const MOST_RULES = 1_000;
const MOST_TEXT = 500;
const CONDITIONS = ['source', 'destination', 'address', 'port', 'name', 'ja4', 'verdict'] as const;
const MEMBERS: readonly string[] = [...CONDITIONS, 'until', 'reason'];

/**
 * Rules of a file.
 *
 * @param value what was read of it: untrusted
 * @param where what to call it in errors
 * @throws FlowlampError OPTION_INVALID, with the rule and what is wrong
 */
export function readRules(value: unknown, where = 'the suppression rules'): readonly ReadRule[] {
  if (!Array.isArray(value)) throw wrong(where, 'no list', 'a list of rules');
  if (value.length > MOST_RULES) throw wrong(where, `${value.length} rules`, `${MOST_RULES} at most`);
  return value.map((rule, i) => readRule(rule, `${where}: rule ${i + 1}`));
}

function readRule(value: unknown, where: string): ReadRule {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'no object', 'a rule');
  const members = value as Readonly<Record<string, unknown>>;
  const strange = Object.keys(members).find((name) => !MEMBERS.includes(name));
  if (strange !== undefined) throw wrong(where, `a member ${safeText(strange)}`, MEMBERS.join(', '));
  for (const name of MEMBERS) checkKind(members, name, where);
  const rule = members as unknown as SuppressionRule;
  if (rule.reason === undefined || rule.reason.trim() === '') throw wrong(where, 'no reason', 'a reason for people');
  if (rule.until === undefined) throw wrong(where, 'no until', 'a date such as 2027-01-31');
  if (CONDITIONS.every((name) => rule[name] === undefined)) {
    throw wrong(where, 'nothing that it is about', `one of ${CONDITIONS.join(', ')}`);
  }
  return {
    rule,
    key: JSON.stringify(MEMBERS.map((name) => members[name] ?? null)),
    untilSeconds: untilOf(rule.until, where),
    fits: fitOf(rule, where),
  };
}

function checkKind(members: Readonly<Record<string, unknown>>, name: string, where: string): void {
  const value = members[name];
  if (value === undefined) return;
  if (name === 'port') {
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 65_535) {
      throw wrong(where, `port ${safeText(String(value))}`, 'a port, 0 to 65535');
    }
  } else if (typeof value !== 'string' || value === '' || value.length > MOST_TEXT) {
    throw wrong(where, `${name} ${safeText(String(value))}`, `a text of 1 to ${MOST_TEXT} characters`);
  }
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const SECONDS_PER_DAY = 86_400;

function untilOf(text: string, where: string): number {
  const isDate = DATE.test(text);
  const day = text.slice(0, 10);
  const milliseconds =
    isDate || MOMENT.test(text) ? Date.parse(isDate ? `${text}T00:00:00Z` : text.toUpperCase()) : Number.NaN;
  // Date.parse takes the 30th of February for the 2nd of March.
  const isDay = !Number.isNaN(milliseconds) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  if (!isDay) throw wrong(where, `until ${safeText(text)}`, 'an RFC 3339 date, 2027-01-31 or 2027-01-31T18:00:00Z');
  return milliseconds / 1000 + (isDate ? SECONDS_PER_DAY : 0);
}

function fitOf(rule: SuppressionRule, where: string): (suspect: Suspect) => boolean {
  const source = networkOf(rule.source, 'source', where);
  const destination = networkOf(rule.destination, 'destination', where);
  const address = networkOf(rule.address, 'address', where);
  const { port, ja4, verdict } = rule;
  const name = rule.name?.toLowerCase().replace(/\.$/, '');
  const suffix = name?.startsWith('*.') ? name.slice(1) : null;
  return (suspect) =>
    (port === undefined || suspect.port === port) &&
    (ja4 === undefined || suspect.ja4 === ja4) &&
    (verdict === undefined || suspect.verdict === verdict) &&
    (name === undefined || fitsName(suspect.name, name, suffix)) &&
    (source === null || isIn(suspect.source, source)) &&
    (destination === null || isIn(suspect.destination, destination)) &&
    (address === null || isIn(suspect.source, address) || isIn(suspect.destination, address));
}

function fitsName(said: string | null, name: string, suffix: string | null): boolean {
  if (said === null) return false;
  const host = said.toLowerCase().replace(/\.$/, '');
  return suffix === null ? host === name : host.endsWith(suffix) && host.length > suffix.length;
}

function networkOf(text: string | undefined, name: string, where: string): Network | null {
  if (text === undefined) return null;
  const network = parseNetwork(text);
  if (network === null) throw wrong(where, `${name} ${safeText(text)}`, 'an address or a network such as 10.0.0.0/8');
  return network;
}

function isIn(text: string, network: Network): boolean {
  const address = parseAddress(text);
  return address !== null && isInNetwork(address, network);
}

function wrong(where: string, found: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${where} has ${found}`,
    expected,
    action: 'correct the rule; the rules before stay in force until then',
  });
}
