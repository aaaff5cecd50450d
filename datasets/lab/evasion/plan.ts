/**
 * Which sessions evade, how, and what becomes of them. One lottery serves both labels: some ordinary services pad, delay, gather
 * and hide their names as well, and a model must not learn that whoever does so mines. Only a raised difficulty is mining's own.
 */
import type { Prng } from '../../../core/prng.ts';
import type { Dialogue, Message } from '../dialogue/message.ts';
import { EVASIONS } from './catalogue.ts';
import type { ActiveEvasion, EvasionName, Settings, Subject } from './evasion.ts';

export interface EvasionOptions {
  /** Share of sessions, and of sites, that try to evade; 0 to 1. A few try what their protocol has no room for. */
  readonly share: number;
  /** Strength of every evasion, 0 to 1; each draws its own, up to two thirds, when left out. */
  readonly strength?: number;
  /** Only these; all, when left out. */
  readonly names?: readonly EvasionName[];
}

/** Enough to be met in training and too little to be the rule; chosen. */
export const MODEST_EVASIONS: EvasionOptions = { share: 0.15 };
const STRENGTHS = { low: 0.1, high: 2 / 3 };
/** How many at a time: who evades at all mostly does one thing. Chosen. */
const COUNTS = [
  { weight: 6, value: 1 },
  { weight: 3, value: 2 },
  { weight: 1, value: 3 },
];

/** The evasions a site or a session uses, in the order they are applied; mostly none. */
export function drawEvasions(
  prng: Prng,
  scope: 'site' | 'session',
  subject: Subject,
  options: EvasionOptions,
): readonly ActiveEvasion[] {
  if (!prng.chance(options.share)) return [];
  const allowed = EVASIONS.filter(({ name, scope: its }) => its === scope && (options.names?.includes(name) ?? true));
  // Chosen before anyone asks what suits: else who has less to choose from would do each of it more often.
  const chosen = new Set(prng.shuffle([...allowed]).slice(0, prng.pickWeighted(COUNTS)));
  return allowed
    .filter((evasion) => chosen.has(evasion) && evasion.suits(subject))
    .map(({ name }) => ({ name, strength: options.strength ?? drawStrength(prng) }))
    .filter(({ strength }) => strength > 0);
}

/** Two digits, so that a manifest says exactly what was done. */
const drawStrength = (prng: Prng) => Math.round(prng.between(STRENGTHS.low, STRENGTHS.high) * 100) / 100;

export function evadeSettings(settings: Settings, active: readonly ActiveEvasion[], prng: Prng): Settings {
  return inOrder(active).reduce(
    (current, { evasion, strength }) => evasion.settings?.(current, strength, prng.fork(evasion.name)) ?? current,
    settings,
  );
}

/** The name a site goes by. */
export function evadeName(host: string, active: readonly ActiveEvasion[], prng: Prng): string {
  return evadeSettings({ host, sendsName: true, durationUs: 0, difficulty: 1 }, active, prng).host;
}

export function evadeMessages(
  messages: readonly Message[],
  active: readonly ActiveEvasion[],
  prng: Prng,
  dialogue: Dialogue,
): readonly Message[] {
  return inOrder(active).reduce(
    (current, { evasion, strength }) =>
      evasion.messages?.(current, strength, prng.fork(evasion.name), dialogue) ?? current,
    messages,
  );
}

function inOrder(active: readonly ActiveEvasion[]) {
  return EVASIONS.flatMap((evasion) => {
    const found = active.find(({ name }) => name === evasion.name);
    return found ? [{ evasion, strength: found.strength }] : [];
  });
}
