/** What a scoring run is, so that another is not taken for its continuation: program, model, and the options that shape rows. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { packageVersion } from '../features/files/package-files.ts';
import type { Json, ModelCard } from '../models/card.ts';

export interface RunIdentity {
  readonly version: string;
  /** `name@version`, and the SHA-256 of its card, which names those of its files. */
  readonly model: string;
  readonly options: { readonly [name: string]: Json };
}

/** Options that change no byte of the output; the model is told apart by its card. */
const WITHOUT_EFFECT = ['quiet', 'jobs', 'resume', 'output', 'failOn', 'strict', 'model'];

/** @param format the one that is written, whichever option it comes from */
export function identityOf(card: ModelCard, options: object, format: string): RunIdentity {
  const plain = JSON.parse(JSON.stringify({ ...options, format })) as Record<string, Json>;
  const shaping = Object.entries(plain).filter(([name]) => !WITHOUT_EFFECT.includes(name));
  return {
    version: packageVersion(),
    model: `${card.name}@${card.version} (${sha256(JSON.stringify(card)).slice(0, 12)})`,
    options: Object.fromEntries(shaping.map(([name, value]) => [name, withContent(value)]).sort()),
  };
}

/** Of an option that names a file (a key, a list), what the file holds counts as well. */
function withContent(value: Json): Json {
  if (Array.isArray(value)) return value.map(withContent);
  if (typeof value !== 'string' || statSync(value, { throwIfNoEntry: false })?.isFile() !== true) return value;
  return `${value} (${sha256(readFileSync(value)).slice(0, 12)})`;
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * @param journal what the first identity was read from
 * @throws FlowlampError OPTION_INVALID, in one line, with what differs
 */
export function refuseOther(journal: string, then: RunIdentity, now: RunIdentity): void {
  const other = differences(then, now);
  if (other.length === 0) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${journal} is of a run with ${other.slice(0, 3).join(' and ')}`,
    expected: 'the same program, model and options, so that the output is of one piece',
    action: 'go on as it was begun, or leave out --resume to begin anew',
  });
}

function differences(then: RunIdentity, now: RunIdentity): string[] {
  const texts: string[] = [];
  if (then.version !== now.version) texts.push(`flowlamp ${then.version}, not ${now.version}`);
  if (then.model !== now.model) texts.push(`the model ${then.model}, not ${now.model}`);
  for (const name of new Set([...Object.keys(then.options ?? {}), ...Object.keys(now.options)])) {
    const [was, is] = [then.options?.[name], now.options[name]].map(show);
    if (was !== is) texts.push(`${flag(name)} ${was}, not ${is}`);
  }
  return texts;
}

function show(value: Json | undefined): string {
  return value === undefined ? 'not given' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** `minScore` as it is typed: `--min-score`. */
function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
