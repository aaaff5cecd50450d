/** Options that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExtractOptions } from '../features/extractor.ts';
import { DEFAULT_MAX_FLOWS, EMIT_ENDS, type EmitOptions } from '../features/flow/tracker.ts';
import { DEFAULT_ACTIVE_TIMEOUT, DEFAULT_IDLE_TIMEOUT } from '../features/flow-extractor.ts';
import type { LoginOptions } from '../features/protocol/mining/login.ts';

export interface CommonOptions {
  readonly quiet?: boolean;
}

export interface FlowOptions extends CommonOptions {
  readonly idleTimeout: number;
  readonly activeTimeout: number;
  readonly maxFlows: number;
  readonly strict?: boolean;
}

/** Options of commands that write rows: which, of which flows, and how many captures are read at a time. */
export interface RowOptions extends FlowOptions {
  readonly emit?: EmitOptions;
  readonly keyVlan?: boolean;
  readonly continue?: boolean;
  readonly jobs?: number;
}

/** Adds the options that decide how packets become flows. */
export function addFlowOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--idle-timeout <seconds>', 'end a flow after this long without a packet, 0 = never')
        .argParser(seconds)
        .default(DEFAULT_IDLE_TIMEOUT),
    )
    .addOption(
      new Option('--active-timeout <seconds>', 'cut a flow into parts of this length, 0 = never')
        .argParser(seconds)
        .default(DEFAULT_ACTIVE_TIMEOUT),
    )
    .addOption(
      new Option('--max-flows <count>', 'flows held at once before the least recent is evicted')
        .argParser(positiveInteger)
        .default(DEFAULT_MAX_FLOWS),
    )
    .option('--strict', 'fail on captures that are cut off or hold packets that do not decode')
    .option('--quiet', 'no progress and no summary on standard error');
}

/** `--continue`, for commands whose rows may come from several captures at once. */
export function continueOption(): Option {
  return new Option(
    '--continue',
    'flows go on from one capture to the next, in the order of their first packets (a ring of files)',
  );
}

/** Adds those, and the options that decide which rows flows give and how many captures are read at a time. */
export function addRowOptions(command: Command): Command {
  return addFlowOptions(command)
    .addOption(
      new Option(
        '--emit <kind>',
        'rows of each flow: end, prefix:N (at its N-th packet), interval:SECONDS (while it lives); repeatable (default: end)',
      ).argParser(emitted),
    )
    .option('--key-vlan', 'flows in different VLANs are different flows')
    .addOption(
      new Option(
        '--jobs <count>',
        'captures read at a time; more than one also splits a single capture (default: as many as pay, up to 4)',
      ).argParser(positiveInteger),
    );
}

/** What of a command's options says how flows become rows. */
export interface ReadingOptions extends RowOptions {
  readonly label?: string;
  /** Columns that rows need; all without it. Those that a command writes may be others (`--columns`). */
  readonly rowColumns?: readonly string[];
  readonly logins?: LoginOptions;
}

export function extractOptions(options: ReadingOptions): ExtractOptions {
  const { idleTimeout, activeTimeout, maxFlows, keyVlan = false, emit = EMIT_ENDS, label = null } = options;
  const { rowColumns, logins } = options;
  const chosen = { ...(rowColumns && { columns: rowColumns }), ...(logins && { logins }) };
  return { idleTimeout, activeTimeout, maxFlows, keyVlan, emit, label, ...chosen };
}

/** One more `--emit` on top of those before it. */
export function emitted(text: string, before: EmitOptions | undefined): EmitOptions {
  const { end, prefixes, intervalUs } = before ?? { end: false, prefixes: [], intervalUs: null };
  const [kind, value = ''] = text.split(/:(.*)/s);
  if (text === 'end') return { end: true, prefixes, intervalUs };
  if (kind === 'prefix') {
    const all = new Set([...prefixes, positiveInteger(value)]);
    return { end, prefixes: [...all].sort((a, b) => a - b), intervalUs };
  }
  if (kind !== 'interval') throw new InvalidArgumentError('expected end, prefix:N or interval:SECONDS.');
  if (intervalUs !== null) throw new InvalidArgumentError('expected one interval only.');
  const us = Math.round(positiveNumber(value) * 1e6);
  if (us < 1) throw new InvalidArgumentError('expected an interval of a microsecond or more.');
  return { end, prefixes, intervalUs: us };
}

export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('expected a number of seconds, 0 or more.');
  }
  return value;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number above 0.');
  return value;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new InvalidArgumentError('expected a whole number.');
  return value;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('expected a number above 0.');
  return value;
}

export function zeroOrMore(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('expected a number, 0 or more.');
  }
  return value;
}

export function zeroOrMoreWhole(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('expected a whole number, 0 or more.');
  }
  return value;
}

export function positiveFraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 1)) {
    throw new InvalidArgumentError('expected a number above 0 and not above 1.');
  }
  return value;
}

export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('expected a number from 0 to 1.');
  return value;
}

/** A risk as verdicts have it: a whole number from 0 to 10. */
export function riskLevel(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > 10) {
    throw new InvalidArgumentError('expected a whole number from 0 to 10.');
  }
  return value;
}

/** The IANA name of a time zone. */
export function timeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw new InvalidArgumentError('expected a time zone of the IANA, such as Europe/Berlin.');
  }
}

/** `a,b,c` as a list; blanks around names are dropped. */
export function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new InvalidArgumentError('expected names separated by commas.');
  if (new Set(names).size < names.length) throw new InvalidArgumentError('expected each name once.');
  return names;
}
