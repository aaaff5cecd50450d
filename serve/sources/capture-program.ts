/** Which program captures, where it lies, what it is told and what its complaints mean to an operator. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import {
  type CaptureChoice,
  complaintOf,
  countsOf,
  type ProgramCounts,
  Trouble,
  tcpdumpWords,
  troubleOf,
} from '../../features/capture/tcpdump.ts';

/** Programs in the order in which they are looked for: tcpdump tells its losses while it runs. */
const KNOWN = ['tcpdump', 'dumpcap'] as const;
/** Not on the PATH of users without privileges, where tcpdump nevertheless lies. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin'];
const LIST_MS = 3_000;

export interface CaptureProgram {
  readonly path: string;
  readonly kind: (typeof KNOWN)[number];
}

/**
 * @param wanted a name or path; null for what is there
 * @throws FlowlampError UNSUPPORTED where there is none, OPTION_INVALID for another program
 */
export function findProgram(wanted: string | null, environment: NodeJS.ProcessEnv = process.env): CaptureProgram {
  const names = wanted === null ? KNOWN : [wanted];
  const folders = [...(environment['PATH'] ?? '').split(delimiter).filter(isAbsolute), ...SYSTEM_FOLDERS];
  for (const name of names) {
    const paths = name.includes('/') ? [name] : folders.map((folder) => join(folder, name));
    const path = paths.find(isProgram);
    if (path !== undefined) return { path, kind: kindOf(path) };
  }
  throw new FlowlampError(ErrorCode.Unsupported, {
    happened: wanted === null ? 'neither tcpdump nor dumpcap is installed' : `${wanted} is no program that can be run`,
    expected: 'tcpdump (or dumpcap) on PATH',
    action: 'install tcpdump, or choose another source: --pcap -, --pcap-over-ip, --watch',
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function kindOf(path: string): CaptureProgram['kind'] {
  const kind = KNOWN.find((name) => basename(path).startsWith(name));
  if (kind !== undefined) return kind;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${path} is neither tcpdump nor dumpcap`,
    expected: 'a program whose name begins with tcpdump or dumpcap',
    action: 'pipe what another program captures into --pcap -',
  });
}

/** @param isPrecise asks for nanoseconds, which dumpcap writes only as pcapng */
export function wordsOf({ kind }: CaptureProgram, choice: CaptureChoice, isPrecise: boolean): string[] {
  if (kind === 'tcpdump') return tcpdumpWords(choice, '-', isPrecise);
  const { interface: from, filter, bufferKib, snapLength } = choice;
  const words = ['-i', from, '-P', '-q', '-w', '-', '-B', `${Math.max(1, Math.round(bufferKib / 1024))}`];
  if (snapLength > 0) words.push('-s', `${snapLength}`);
  return filter === null ? words : [...words, '-f', filter];
}

/** True once the program says that it captures. */
export function isListening({ kind }: CaptureProgram, said: string): boolean {
  return said.includes(kind === 'tcpdump' ? 'listening on' : 'File: ');
}

const DUMPCAP_COUNTS =
  /Packets received\/dropped on interface '[^']*': (\d+)\/(\d+) \(pcap:\d+\/dumpcap:\d+\/flushed:\d+\/ps_ifdrop:(\d+)\)/;

/** The last counts that the program has told; dumpcap tells them at its end only. */
export function programCounts({ kind }: CaptureProgram, said: string): ProgramCounts {
  if (kind === 'tcpdump') return countsOf(said);
  const found = DUMPCAP_COUNTS.exec(said);
  const at = (i: number) => (found === null ? null : Number(found[i]));
  return { captured: at(1), droppedByKernel: at(2), droppedByInterface: at(3) };
}

/** Whether the program gave up for want of a finer clock: it can be started without. */
export function wantsCoarserClock(said: string): boolean {
  return troubleOf(said) === Trouble.Precision;
}

/** What became of a program that ended, in a few words. */
export function endingOf(program: CaptureProgram, said: string, code: number | Error): string {
  if (code instanceof Error) return `it could not be started (${code.message})`;
  // Then the shell between speaks of it, too.
  if (code > 128) return `${program.kind} was ended by signal ${code - 128}`;
  return complaintOf(said) ?? `${program.kind} ended with exit code ${code}`;
}

/** The error of a program that has not begun to capture, and what to do about it. */
export function refusalOf(
  program: CaptureProgram,
  choice: CaptureChoice,
  said: string,
  code: number | Error,
): FlowlampError {
  const happened = `${program.kind} does not capture on ${choice.interface}: ${endingOf(program, said, code)}`;
  switch (troubleOf(said)) {
    case Trouble.Permission:
      return new FlowlampError(ErrorCode.Unsupported, {
        happened,
        expected: `the right to capture for ${program.path} alone`,
        action: mayGainPrivileges()
          ? `run once as root: setcap cap_net_raw+ep ${program.path}`
          : 'this process may not gain privileges (NoNewPrivileges): let a service of its own capture, and read --pcap FIFO',
      });
    case Trouble.Device:
      return new FlowlampError(ErrorCode.OptionInvalid, {
        happened,
        expected: `one of ${devicesOf(program).join(', ') || 'the interfaces of this machine'}`,
        action: 'correct --interface',
      });
    case Trouble.Filter:
      return new FlowlampError(ErrorCode.OptionInvalid, {
        happened,
        expected: 'an expression of pcap-filter, such as: tcp port 443',
        action: 'correct the filter',
      });
    case Trouble.Precision:
    case Trouble.Other:
      return new FlowlampError(ErrorCode.Unsupported, {
        happened,
        expected: `${program.kind}, and the right to use it`,
        action: `try it by hand: ${program.path} ${wordsOf(program, { ...choice, filter: null }, false).join(' ')} | wc -c`,
      });
  }
}

/** False where the system disregards the capabilities of files: a hardened service, a container without escalation. */
function mayGainPrivileges(): boolean {
  try {
    return !/^NoNewPrivs:\s*1/m.test(readFileSync('/proc/self/status', 'utf8'));
  } catch {
    return true;
  }
}

/** Names of interfaces that the program can open. */
function devicesOf({ path }: CaptureProgram): string[] {
  const { stdout } = spawnSync(path, ['-D'], {
    encoding: 'utf8',
    timeout: LIST_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const names = [...(stdout ?? '').matchAll(/^\d+\.\s*([^\s(]+)/gm)].map((found) => found[1]!);
  return names.slice(0, 20);
}
