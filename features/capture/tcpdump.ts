/** What tcpdump is told and what it says: arguments that cannot be taken for options, counts, and messages in plain words. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** Kernel buffer, KiB: at a gigabit a second and full frames, an eighth of a second. */
export const BUFFER_KIB = 16_384;

export interface CaptureChoice {
  readonly interface: string;
  /** BPF expression: only these packets. */
  readonly filter: string | null;
  readonly bufferKib: number;
  /** Bytes of each frame, 0 for all. */
  readonly snapLength: number;
  /**
   * Packets come at once instead of within a second, when the kernel's block of them is full or old. It costs: libpcap then
   * keeps each frame in a slot of the largest size, and a buffer of 16 MiB holds a few hundred.
   */
  readonly isImmediate?: boolean;
}

/** Names of interfaces on Linux and the BSDs, and libpcap's own (`any`, `nflog:5`); no URL, and nothing that reads like an option. */
const INTERFACE = /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,63}$/;
const LONGEST_FILTER = 8_192;

/** @throws FlowlampError OPTION_INVALID */
export function requireInterface(name: string): void {
  if (INTERFACE.test(name) && !name.includes('..')) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `"${name.slice(0, 80)}" is no name of an interface`,
    expected: 'letters, digits and _ . : @ + -, beginning with a letter or digit',
    action: 'tcpdump -D lists the interfaces',
  });
}

/** @throws FlowlampError OPTION_INVALID */
export function requireFilter(filter: string): void {
  const isPlain = !/\p{Cc}/u.test(filter);
  if (isPlain && filter.trim() !== '' && filter.length <= LONGEST_FILTER) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: isPlain ? `the filter has ${filter.length} characters` : 'the filter holds control characters',
    expected: `an expression of pcap-filter in one line, at most ${LONGEST_FILTER} characters`,
    action: 'correct the filter, or leave it out',
  });
}

/** @throws FlowlampError OPTION_INVALID */
export function requireBuffer(bufferKib: number, snapLength: number): void {
  const isBuffer = Number.isInteger(bufferKib) && bufferKib >= 64 && bufferKib <= 2_097_151;
  if (isBuffer && Number.isInteger(snapLength) && snapLength >= 0 && snapLength <= LIMITS.frameBytes) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: isBuffer ? `frames cannot be cut at ${snapLength} bytes` : `${bufferKib} KiB is no size for the buffer`,
    expected: `a buffer of 64 to 2,097,151 KiB, and frames of 0 (all) to ${LIMITS.frameBytes} bytes`,
    action: 'correct the option',
  });
}

/**
 * Arguments of tcpdump. A filter is one word behind `--`: it can be no option, whatever it holds.
 *
 * @param target `-` or a file
 */
export function tcpdumpWords(choice: CaptureChoice, target: string, isPrecise: boolean): string[] {
  const { interface: from, filter, bufferKib, snapLength, isImmediate = false } = choice;
  const words = ['-i', from, '-w', target, '-s', `${snapLength}`, '-U', '-n', '-B', `${bufferKib}`];
  if (isPrecise) words.push('--time-stamp-precision=nano');
  if (isImmediate) words.push('--immediate-mode');
  return filter === null ? words : [...words, '--', filter];
}

/** Counts as they stand in the program's text; null where it says nothing of them. */
export interface ProgramCounts {
  readonly captured: number | null;
  /** Lost by the kernel's buffer. */
  readonly droppedByKernel: number | null;
  /** Lost by the interface or its driver. */
  readonly droppedByInterface: number | null;
}

/** Reads the last counts in `text`. */
export function countsOf(text: string): ProgramCounts {
  const last = (pattern: RegExp) => {
    const found = [...text.matchAll(pattern)].at(-1);
    return found === undefined ? null : Number(found[1]);
  };
  return {
    captured: last(/(\d+) packets? captured/g),
    droppedByKernel: last(/(\d+) packets? dropped by kernel/g),
    droppedByInterface: last(/(\d+) packets? dropped by interface/g),
  };
}

export const Trouble = {
  Permission: 'permission',
  Device: 'device',
  Filter: 'filter',
  Precision: 'precision',
  Other: 'other',
} as const;
export type Trouble = (typeof Trouble)[keyof typeof Trouble];

/** What kind of trouble tcpdump or dumpcap speaks of. */
export function troubleOf(text: string): Trouble {
  if (/time ?stamp precision|unrecognized option/i.test(text)) return Trouble.Precision;
  if (/permission|operation not permitted/i.test(text)) return Trouble.Permission;
  if (/no such device|no device named|doesn't exist/i.test(text)) return Trouble.Device;
  if (/filter/i.test(text)) return Trouble.Filter;
  return Trouble.Other;
}

/** The line of the program's text that says most: its first complaint, without its name before it. */
export function complaintOf(text: string): string | null {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' && !/listening on|^Capturing on|^File: |packets? (captured|received|dropped)|^Packets /i.test(line),
    );
  const first = lines.find((line) => /^(tcpdump|dumpcap): /.test(line)) ?? lines[0];
  return first === undefined ? null : first.replace(/^(tcpdump|dumpcap): /, '').slice(0, 300);
}
