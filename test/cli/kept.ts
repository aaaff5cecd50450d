/**
 * The program as users run it, except that its process is kept for the next run: a run then costs what its work costs, not
 * what loading and compiling the program costs. For tests of what commands do. What is about the process itself (signals,
 * pipes that close, standard input, its end) needs one of its own: `flowlamp` of run.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { flowlamp, MAIN, type Outcome, type RunOptions } from './run.ts';

const KEEPER = fileURLToPath(new URL('./kept-program.mjs', import.meta.url));
/** Stands behind what a run wrote; no output holds it. */
const MARK = '\u001eend of this run\u001e';

export type Run = (args: readonly string[], options?: RunOptions) => Promise<Outcome>;

/**
 * Runs of one file of tests, one after the other; the process ends with the file. A run that has an environment of its own
 * or is meddled with gets a process of its own after all.
 *
 * @param env on top of the environment of the tests, for all runs
 */
export function keptProgram(env: Readonly<Record<string, string>> = {}): Run {
  let child: ChildProcess | null = null;
  let last: Promise<unknown> = Promise.resolve();
  afterAll(async () => {
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  });

  const start = () => {
    const started = spawn(process.execPath, [KEEPER, MAIN, MARK], {
      env: { ...process.env, FORCE_COLOR: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Bytes as bytes.
      serialization: 'advanced',
    });
    started.on('exit', () => {
      if (child === started) child = null;
    });
    return started;
  };

  return (args, options = {}) => {
    if (options.env || options.meddle) {
      return flowlamp(args, { ...options, env: { ...env, ...options.env } });
    }
    const run = last.then(() => {
      child ??= start();
      return outcome(child, { args, cwd: options.cwd ?? process.cwd(), input: options.input ?? new Uint8Array() });
    });
    last = run.catch(() => undefined);
    return run;
  };
}

interface Asked {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly input: Uint8Array;
}

/** One run: to its marks, or to the end of a process that it has brought down. */
function outcome(child: ChildProcess, asked: Asked): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const written = { stdout: new Written(), stderr: new Written() };
    let code: number | null | undefined;
    const settle = () => {
      if (code === undefined || !written.stdout.isMarked || !written.stderr.isMarked) return;
      stop();
      resolve({ code, stdout: written.stdout.text(), stderr: written.stderr.text() });
    };
    const onStdout = (piece: Buffer) => {
      written.stdout.take(piece);
      settle();
    };
    const onStderr = (piece: Buffer) => {
      written.stderr.take(piece);
      settle();
    };
    const onMessage = (told: unknown) => {
      ({ code } = told as { code: number });
      settle();
    };
    const onClose = (ended: number | null) => {
      stop();
      resolve({ code: ended, stdout: written.stdout.text(), stderr: written.stderr.text() });
    };
    const stop = () => {
      child.stdout!.off('data', onStdout);
      child.stderr!.off('data', onStderr);
      child.off('message', onMessage).off('close', onClose).off('error', reject);
    };
    child.stdout!.on('data', onStdout);
    child.stderr!.on('data', onStderr);
    child.on('message', onMessage).on('close', onClose).on('error', reject);
    child.send(asked);
  });
}

/** What came through a pipe, up to the mark. */
class Written {
  readonly #pieces: Buffer[] = [];
  /** The last bytes: the mark may come in pieces of its own. */
  #tail = Buffer.alloc(0);

  take(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#tail = Buffer.concat([this.#tail, piece.subarray(-MARK.length)]).subarray(-MARK.length);
  }

  get isMarked(): boolean {
    return this.#tail.toString() === MARK;
  }

  text(): string {
    const text = Buffer.concat(this.#pieces).toString();
    return this.isMarked ? text.slice(0, -MARK.length) : text;
  }
}
