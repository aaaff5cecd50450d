/**
 * A capturing program that cannot outlive us. A parent-death signal will not do: the kernel clears it for a program with file
 * capabilities and for one that changes its user, and tcpdump is the one or the other. So a shell stands between: a pipe
 * leads to it from us, and when that pipe ends, however we ended, it ends the program. Through the same pipe it is asked
 * to pass on signals, which needs no right of ours over the program.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** $1 is a FIFO for what the program writes, or nothing; then come the program and its arguments. */
const SCRIPT = `
exec 3<&0
out=$1
shift
if [ -n "$out" ]; then "$@" </dev/null 3<&- >"$out" & else "$@" </dev/null 3<&- & fi
child=$!
exec </dev/null >/dev/null
(
  while read -r word; do
    case $word in
      counts) kill -USR1 "$child" ;;
      stop) kill -TERM "$child" ;;
    esac
  done
  kill -TERM "$child"
  sleep 2
  kill -KILL 0
) <&3 3<&- 2>/dev/null &
reader=$!
exec 3<&-
wait "$child"
code=$?
kill "$reader" 2>/dev/null
exit "$code"
`;
const SHELL = '/bin/sh';
/** What a program that is told to stop may still take. */
const STOP_MS = 2_000;

export interface TiedChild {
  readonly stderr: Readable;
  /** Null where it writes to a FIFO, or nowhere. */
  readonly stdout: Readable | null;
  /** Settles when it has ended and all it wrote has been read: its exit code (128 and the number of a signal that ended it), or why it did not start. */
  readonly ended: Promise<number | Error>;
  /** SIGUSR1: tcpdump writes its counts on standard error. Others would end. */
  askCounts(): void;
  /** SIGTERM; SIGKILL, should that not do. */
  stop(): void;
  /** SIGKILL. */
  kill(): void;
}

/**
 * @param program path, or a name to be found on PATH
 * @param output a FIFO, `pipe` for `stdout`, or null where it writes nothing there
 */
export function spawnTied(program: string, words: readonly string[], output: string | null): TiedChild {
  const isPiped = output === 'pipe';
  // A group of its own: Ctrl-C at a terminal is ours to handle, and what is left of the group can be ended at once.
  const shell = spawn(SHELL, ['-c', SCRIPT, 'flowlamp-capture', isPiped ? '' : (output ?? ''), program, ...words], {
    stdio: ['pipe', isPiped ? 'pipe' : 'ignore', 'pipe'],
    detached: true,
    // Messages are read by us.
    env: { ...process.env, LC_ALL: 'C' },
  });
  const kill = () => killGroup(shell);
  shell.stdin!.on('error', () => undefined);
  const ended = new Promise<number | Error>((resolve) => {
    shell.once('error', resolve);
    // Should the shell have been killed, its program goes on.
    shell.once('exit', kill);
    shell.once('close', (code) => resolve(code ?? 137));
  });
  return {
    stderr: shell.stderr!,
    stdout: shell.stdout,
    ended,
    askCounts: () => void shell.stdin!.write('counts\n'),
    stop: () => {
      shell.stdin!.write('stop\n');
      const timer = setTimeout(kill, STOP_MS);
      timer.unref();
      ended.then(() => clearTimeout(timer));
    },
    kill,
  };
}

function killGroup(shell: ChildProcess): void {
  if (shell.pid === undefined) return;
  try {
    process.kill(-shell.pid, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}
