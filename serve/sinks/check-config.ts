/** Configurations held to the table of options. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { SinkConfig, SinkType } from './config.ts';
import { NEEDED, type OptionSpec, SINK_OPTIONS, SINK_TYPES } from './options.ts';

const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * A configuration as it was read, with texts in the place of numbers where they have units.
 *
 * @param shown what the option is called where it was written
 * @throws FlowlampError OPTION_INVALID; no value of an option is in the message that could be a secret
 */
export function checkSinkConfig(value: unknown, shown: (name: string) => string = (name) => name): SinkConfig {
  const given = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const type = typeOf(given['type']);
  const specs = SINK_OPTIONS[type];
  const config: Record<string, unknown> = { type };
  for (const [name, raw] of Object.entries(given)) {
    if (name === 'type' || raw === undefined) continue;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw unknownOption(type, name, shown);
    config[name] = optionOf(spec, raw, `${shown(name)} of a sink ${type}`);
  }
  for (const name of NEEDED[type]) {
    if (config[name] === undefined) throw invalid(`a sink ${type} has no ${name}`, specs[name]!.about, `say ${name}`);
  }
  checkTogether(config);
  return config as unknown as SinkConfig;
}

export function typeOf(value: unknown): SinkType {
  const type = SINK_TYPES.find((candidate) => candidate === value);
  if (type !== undefined) return type;
  const what =
    typeof value === 'string' && /^[\w-]{1,20}$/.test(value) ? `there is no sink ${value}` : 'a sink has no type';
  throw invalid(what, `one of ${SINK_TYPES.join(', ')}`, 'correct its type');
}

function unknownOption(type: SinkType, name: string, shown: (name: string) => string): FlowlampError {
  const word = /^[\w-]{1,40}$/.test(name) ? shown(name) : 'of that name';
  const known = Object.keys(SINK_OPTIONS[type]).map(shown);
  return invalid(`a sink ${type} has no option ${word}`, `some of ${known.join(', ')}`, 'correct or remove it');
}

/** What no option is wrong in by itself. */
function checkTogether(config: Readonly<Record<string, unknown>>): void {
  if ((config['policy'] === 'spill') !== (config['spillFolder'] !== undefined)) {
    throw invalid(
      config['policy'] === 'spill'
        ? 'a sink of policy spill has no spillFolder'
        : 'a sink has a spillFolder, and another policy',
      'policy spill and spillFolder, or neither',
      'name a folder of its own for what it spills, or choose policy drop-oldest',
    );
  }
  if (config['type'] === 'eve' && (config['path'] === undefined) === (config['socket'] === undefined)) {
    throw invalid('a sink eve has not exactly one place to write to', 'path or socket', 'say one of the two');
  }
  const isTable = config['type'] === 'arrow' || config['type'] === 'parquet';
  if (isTable && ((config['kinds'] as readonly string[] | undefined)?.length ?? 1) > 1) {
    throw invalid('a sink of tables is given more than one kind', 'kinds rows or kinds alert', 'open a sink for each');
  }
  const name = config['name'];
  if (typeof name === 'string' && !/^[\w.-]{1,64}$/.test(name)) {
    throw invalid('the name of a sink is none', 'up to 64 letters, digits, _, . and -', 'choose another');
  }
  const prefix = config['prefix'];
  if (typeof prefix === 'string' && !/^[\w][\w.-]{0,63}$/.test(prefix)) {
    throw invalid(
      'the prefix of a sink of tables is no beginning of a file name',
      'letters, digits, _, . and -',
      'choose another',
    );
  }
}

function optionOf(spec: OptionSpec, raw: unknown, what: string): unknown {
  switch (spec.kind) {
    case 'text':
      if (typeof raw === 'string' && raw !== '') return raw;
      throw invalid(`${what} is no text`, spec.about, 'correct it');
    case 'flag':
      if (typeof raw === 'boolean') return raw;
      if (raw === 'true' || raw === 'false') return raw === 'true';
      throw invalid(`${what} is neither true nor false`, spec.about, 'correct it');
    case 'texts':
      return listOf(raw, what, spec.about);
    case 'choice':
      if (typeof raw === 'string' && spec.choices.includes(raw)) return raw;
      throw invalid(`${what} is none that there is`, `one of ${spec.choices.join(', ')}`, 'correct it');
    case 'choices': {
      const list = listOf(raw, what, spec.about);
      if (list.every((entry) => spec.choices.includes(entry))) return list;
      throw invalid(`${what} names one that there is not`, `some of ${spec.choices.join(', ')}`, 'correct it');
    }
    default:
      return numberOf(spec, raw, what);
  }
}

/** A text is a list with commas. */
function listOf(raw: unknown, what: string, about: string): string[] {
  const list = typeof raw === 'string' ? raw.split(',').map((entry) => entry.trim()) : raw;
  const isRight =
    Array.isArray(list) && list.length > 0 && list.every((entry) => typeof entry === 'string' && entry !== '');
  if (isRight) return list as string[];
  throw invalid(`${what} is no list`, about, 'write names with commas between them');
}

function numberOf(spec: Extract<OptionSpec, { readonly least: number }>, raw: unknown, what: string): number {
  const { kind, least, most } = spec;
  const number = typeof raw === 'number' ? raw : typeof raw === 'string' ? numberOfText(kind, raw) : Number.NaN;
  const isWhole = kind === 'seconds' || Number.isInteger(number);
  if (isWhole && number >= least && number <= most) return number;
  const example = kind === 'bytes' ? ', such as 64M' : kind === 'seconds' ? ', such as 5m' : '';
  throw invalid(`${what} is no number that is possible`, `${least} to ${most}${example}`, 'correct it');
}

function numberOfText(kind: 'count' | 'bytes' | 'seconds', text: string): number {
  const match = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text);
  const units = kind === 'bytes' ? BYTES : kind === 'seconds' ? SECONDS : { '': 1 };
  const unit = match === null ? undefined : (units as Readonly<Record<string, number>>)[match[2]!];
  return unit === undefined ? Number.NaN : Number(match![1]) * unit;
}

/**
 * Does what may refuse one sink of several, and says which it was.
 *
 * @param which `sinks[1]`, `--sink number 2`
 * @throws FlowlampError of the same code
 */
export function forSink<T>(which: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw ofSink(which, cause);
  }
}

/** The error with the sink that it is about before it; others as they are. */
export function ofSink(which: string, cause: unknown): unknown {
  if (!(cause instanceof FlowlampError)) return cause;
  const { code, happened, expected, action } = cause;
  return new FlowlampError(code, { happened: `${which}: ${happened}`, expected, action, cause });
}

export function invalid(happened: string, expected: string, action: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action });
}
