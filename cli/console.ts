/** What people read while a command runs: always on standard error, so that standard output holds data alone. */
import { printable } from '../core/visible.ts';

export class Console {
  readonly #quiet: boolean;
  readonly #isTerminal: boolean;
  #barShown = false;
  #lastBar = 0;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
    this.#isTerminal = process.stderr.isTTY === true;
  }

  /** Lines of a summary; silent under --quiet. */
  say(text: string): void {
    if (!this.#quiet) for (const line of text.split('\n')) this.#line(line);
  }

  /** A warning is shown even under --quiet. */
  warn(line: string): void {
    this.#line(`flowlamp: warning: ${line}`);
  }

  /** A progress line that overwrites itself; only on a terminal, at most ten times a second. */
  progress(line: string): void {
    const now = Date.now();
    if (this.#quiet || !this.#isTerminal || now - this.#lastBar < 100) return;
    this.#lastBar = now;
    this.#barShown = true;
    process.stderr.write(`\r\x1b[2K${printable(line).slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  /** Takes the progress line away. */
  endProgress(): void {
    if (this.#barShown) process.stderr.write('\r\x1b[2K');
    this.#barShown = false;
  }

  #line(line: string): void {
    this.endProgress();
    process.stderr.write(`${printable(line)}\n`);
  }
}
