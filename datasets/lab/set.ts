/**
 * A data set: many captures of a bounded number of flows each, every one a network of its own. A capture depends on its
 * options alone, so it does not matter in which order, or in which thread, they are made.
 */
import { join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { writeTextFile } from '../../features/files/output.ts';
import { encodeManifest, type LabelledCapture, NOTE, type Role } from './capture/manifest.ts';
import { CLEAN_TAP, tapOf } from './capture/tap.ts';
import { type Choice, checkEvasions, chosenDialogues, chosenEncapsulations } from './choice.ts';
import { type EvasionOptions, MODEST_EVASIONS } from './evasion/plan.ts';
import { type CaptureOptions, FLOWS_PER_CAPTURE_MAX, NETWORKS, type RecordedCapture } from './generate.ts';

export interface SetOptions {
  readonly seed: number;
  /** Flows of all captures together. */
  readonly flows: number;
  /** About a hundred flows each when left out. */
  readonly captures?: number;
  /** How many of the captures are to be judged on; a quarter when left out. */
  readonly testCaptures?: number;
  /** Share of mining flows, 0 to 1. */
  readonly miningShare: number;
  /** Virtual time that every session lasts, hours; minutes to an hour, drawn, when left out. */
  readonly hours?: number;
  readonly choice?: Choice;
  /** Who evades, and how hard; a modest share when left out. */
  readonly evasions?: EvasionOptions;
  /** Clean: whole frames of both directions, in microseconds, from every tap. Varied, when left out: drawn per capture. */
  readonly taps?: 'varied' | 'clean';
  /** Whether the captures are compressed; they are not when left out. */
  readonly gzip?: boolean;
}

/** One capture of a set; plain data, so that it can be given to another thread. */
export interface CaptureJob {
  readonly file: string;
  readonly role: Role;
  readonly options: CaptureOptions;
}

const FLOWS_PER_CAPTURE = 100;
/** A set is split by capture, so even a small one has a few. */
const CAPTURES_MIN = 8;
/** A capture lasts this much longer than its sessions, so that they neither begin nor end together. */
const WINDOW_PER_SESSION = 1.5;
const HOUR_SECONDS = 3_600;

/**
 * The captures of a set.
 *
 * @throws FlowlampError OPTION_INVALID
 */
export function planSet(options: SetOptions): CaptureJob[] {
  const { seed, flows, hours, choice = {}, evasions = MODEST_EVASIONS, taps = 'varied', gzip = false } = options;
  const miningShare = possibleShare(options.miningShare, choice);
  chosenEncapsulations(choice);
  checkEvasions(evasions);
  const captures = options.captures ?? defaultCaptures(flows);
  const testCaptures = options.testCaptures ?? Math.round(captures / 4);
  checkNumbers(flows, captures, testCaptures);
  const miningBefore = (flowsBefore: number) => Math.round(flowsBefore * miningShare);
  const flowsBefore = (capture: number) => Math.floor((flows * capture) / captures);
  return Array.from({ length: captures }, (_, i) => {
    const role = i < captures - testCaptures ? 'train' : 'test';
    const name = captureName(role, role === 'train' ? i : i - (captures - testCaptures), captures);
    const [from, to] = [flowsBefore(i), flowsBefore(i + 1)];
    const drawn = tapOf(seed, name);
    return {
      file: gzip ? `${name}.pcap.gz` : `${name}.pcap`,
      role,
      options: {
        seed,
        name,
        network: i,
        flows: to - from,
        // Of whole flows, so that the shares of small captures add up to that of the set.
        miningShare: (miningBefore(to) - miningBefore(from)) / (to - from),
        windowSeconds: hours === undefined ? HOUR_SECONDS : hours * HOUR_SECONDS * WINDOW_PER_SESSION,
        ...(hours !== undefined && { sessionSeconds: hours * HOUR_SECONDS }),
        choice,
        evasions,
        gzip,
        tap: taps === 'clean' ? { ...CLEAN_TAP, onHost: drawn.onHost } : drawn,
      },
    };
  });
}

/** `train-01`, with digits enough for `count`. */
export function captureName(role: Role, index: number, count: number): string {
  return `${role}-${String(index + 1).padStart(Math.max(2, String(count).length), '0')}`;
}

function defaultCaptures(flows: number): number {
  const few = Math.min(CAPTURES_MIN, Math.ceil(flows / 10));
  return Math.min(NETWORKS, Math.max(few, Math.round(flows / FLOWS_PER_CAPTURE)));
}

/** Where only dialogues of one label are chosen, all flows are of it. */
function possibleShare(miningShare: number, choice: Choice): number {
  const { mining, other } = chosenDialogues(choice);
  if (mining.length === 0) return 0;
  return other.length === 0 ? 1 : miningShare;
}

function checkNumbers(flows: number, captures: number, testCaptures: number): void {
  const wrong =
    (!(captures >= 1 && captures <= NETWORKS) && `${captures} captures were asked for`) ||
    (flows < captures && `there are fewer flows (${flows}) than captures (${captures})`) ||
    (flows > captures * FLOWS_PER_CAPTURE_MAX && `${flows} flows were asked for in ${captures} captures`) ||
    (testCaptures > captures && `${testCaptures} of ${captures} captures are to be judged on`);
  if (wrong) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: wrong,
      expected: `1 to ${NETWORKS} captures of 1 to ${FLOWS_PER_CAPTURE_MAX} flows each`,
      action: 'correct the numbers and generate again; a second set with another seed makes more',
    });
  }
}

/**
 * Writes what `dataset build`, `train` and `evaluate` read: the captures, and of every flow its label and group.
 *
 * @param recorded of each job, in the same order
 * @throws FlowlampError OUTPUT_UNWRITABLE
 */
export function writeManifest(
  folder: string,
  seed: number,
  jobs: readonly CaptureJob[],
  recorded: readonly RecordedCapture[],
): void {
  const captures: LabelledCapture[] = jobs.map(({ file, role }, i) => ({ file, role, flows: recorded[i]!.flows }));
  writeTextFile(
    join(folder, 'manifest.json'),
    encodeManifest({ version: 1, generated: true, note: NOTE, seed, captures }),
  );
}
