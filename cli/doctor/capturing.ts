/** Programs that capture, and whether they may: `serve --interface` and `dataset record` start one of them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { FlowlampError } from '../../core/errors.ts';
import { findProgram } from '../../serve/sources/capture-program.ts';
import { type Check, sound, unsound } from './check.ts';

type Kind = 'tcpdump' | 'dumpcap';

/** What the system says of this process. */
export interface Rights {
  /** Null where there are no user ids. */
  readonly uid: number | null;
  /** May open raw sockets by itself (Linux: CAP_NET_RAW is effective); null where that cannot be told. */
  readonly isRaw: boolean | null;
  /** Whether a program may gain rights by its file: neither NoNewPrivs nor a bounding set without CAP_NET_RAW. */
  readonly mayGain: boolean;
}

/** What the system says of a program. */
export interface ProgramFacts {
  readonly path: string;
  /** Null if it does not start. */
  readonly version: string | null;
  readonly isSetuidRoot: boolean;
  /** What getcap says of it; null where there is no getcap. */
  readonly capabilities: string | null;
}

export function captureChecks(): Check[] {
  const rights = rightsOf(procStatus());
  return [
    processCheck(rights),
    programCheck('tcpdump', factsOf('tcpdump'), rights),
    programCheck('dumpcap', factsOf('dumpcap'), rights),
  ];
}

const CAP_NET_RAW = 1n << 13n;

/** @param status /proc/self/status, null where there is none (capabilities(7)) */
export function rightsOf(status: string | null, uid: number | null = process.geteuid?.() ?? null): Rights {
  if (status === null) return { uid, isRaw: uid === 0 ? true : null, mayGain: true };
  const has = (set: string) =>
    (BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`) & CAP_NET_RAW) !== 0n;
  return { uid, isRaw: has('CapEff'), mayGain: has('CapBnd') && !/^NoNewPrivs:\s*1/m.test(status) };
}

function procStatus(): string | null {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return null;
  }
}

function processCheck({ uid, isRaw }: Rights): Check {
  const who = uid === null ? 'an unnumbered user' : uid === 0 ? 'root' : `user ${uid}`;
  const what = isRaw === null ? '' : isRaw ? ', may capture' : ', may not capture by itself';
  return sound('privileges', `${who}${what}`, 'serve --capture cap; files and pipes need none');
}

/** @param facts null where there is no such program */
export function programCheck(kind: Kind, facts: ProgramFacts | null, rights: Rights): Check {
  const use = kind === 'tcpdump' ? 'serve --interface, dataset record' : 'serve --interface --capture dumpcap';
  if (facts === null) {
    const next =
      kind === 'tcpdump' ? 'install tcpdump, or pipe packets into --pcap -' : 'nothing, where tcpdump may capture';
    return unsound(kind, 'missing', 'not installed', use, next);
  }
  const { path, version } = facts;
  if (version === null) return unsound(kind, 'broken', `${path} does not start`, use, `try it: ${path} --version`);
  const right = rightText(facts, rights);
  if (right !== null) return sound(kind, `${version}, may capture (${right})`, use);
  if (rights.uid === 0) {
    return unsound(
      kind,
      'missing',
      `${version}, root without CAP_NET_RAW`,
      use,
      'give the container CAP_NET_RAW (--cap-add NET_RAW)',
    );
  }
  if (!rights.mayGain) {
    return unsound(
      kind,
      'missing',
      `${version}, may not capture`,
      use,
      'this process may not gain privileges (NoNewPrivileges): let a service of its own capture, and read --pcap FIFO',
    );
  }
  if (facts.capabilities === null) {
    return unsound(
      kind,
      'missing',
      `${version}; whether it may is unknown`,
      use,
      `try it: ${path} -i any -c 1 -w /dev/null`,
    );
  }
  return unsound(
    kind,
    'missing',
    `${version}, may not capture`,
    use,
    `run once as root: setcap cap_net_raw+ep ${path}`,
  );
}

/** By what right it may capture; null if by none that is known. */
function rightText({ isSetuidRoot, capabilities }: ProgramFacts, { uid, isRaw, mayGain }: Rights): string | null {
  if (isRaw === true) return uid === 0 ? 'root' : 'rights of this process';
  if (!mayGain || uid === 0) return null;
  if (isSetuidRoot) return 'setuid root';
  return /cap_net_raw[^\n]*[=+][ip]*e/.test(capabilities ?? '') ? 'file capability' : null;
}

const WAIT_MS = 5_000;

function factsOf(kind: Kind): ProgramFacts | null {
  let path: string;
  try {
    path = findProgram(kind).path;
  } catch (error) {
    if (error instanceof FlowlampError) return null;
    throw error;
  }
  const { uid, mode } = statSync(path);
  return {
    path,
    version: versionIn(run(path, ['--version']) ?? ''),
    isSetuidRoot: uid === 0 && (mode & 0o4000) !== 0,
    capabilities: run('getcap', [path]) ?? run('/usr/sbin/getcap', [path]),
  };
}

/** `tcpdump version 4.99.3`, `Dumpcap (Wireshark) 4.0.17 (...)`. */
export function versionIn(text: string): string | null {
  return /^(?:tcpdump version|Dumpcap \(Wireshark\)) (\d[\w.-]*)/m.exec(text)?.[1] ?? null;
}

/** What it writes; null if it cannot be started. */
function run(program: string, words: readonly string[]): string | null {
  const env = { ...process.env, LC_ALL: 'C' };
  const { error, stdout, stderr } = spawnSync(program, words, {
    encoding: 'utf8',
    timeout: WAIT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  return error === undefined ? `${stdout}${stderr}` : null;
}
