/** The progress line of a run over several inputs: which is being read, how fast, and how much longer all of them take. */
import { statSync } from 'node:fs';
import { isPipe } from '../features/capture/input.ts';
import { Eta } from './eta.ts';
import { byteText, counted, grouped } from './numbers.ts';

/** Makes the progress line after so many bytes of an input, as they lie in its file. */
export type ProgressText = (bytes: number) => string;

export class RunProgress {
  readonly #files: readonly string[];
  /** Sizes of the inputs; null where there is a pipe among them, whose end nobody knows. */
  readonly #sizes: readonly number[] | null;
  readonly #eta: Eta;
  readonly #now: () => number;
  readonly #started: number;
  /** The first input that this run reads: those before it were read by the run that it goes on with. */
  readonly #first: number;

  constructor(files: readonly string[], first = 0, now: () => number = Date.now) {
    this.#files = files;
    this.#first = first;
    this.#sizes = files.some(isPipe) ? null : files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    this.#eta = new Eta(now);
    this.#now = now;
    this.#started = now();
  }

  /** `2/7 b.pcap: 120 MB, 31 MB/s, about 40 s left`; the rate is that of all inputs. */
  capture(index: number): ProgressText {
    const before = this.#bytesBefore(index);
    return (bytes) => {
      const perSecond = this.#perSecond(before + bytes);
      return `${this.#name(index)}: ${byteText(bytes)}, ${byteText(perSecond)}/s${this.#left(before + bytes)}`;
    };
  }

  /** `2/7 flows.csv: 12,000 rows, 8,100 rows/s`, and the time that is left where it is known how much was read. */
  table(index: number): (bytes: number, rows: number) => string {
    const began = this.#now();
    const before = this.#bytesBefore(index);
    return (bytes, rows) => {
      const seconds = Math.max(0.001, (this.#now() - began) / 1000);
      const rate = `${grouped(Math.round(rows / seconds))} rows/s`;
      return `${this.#name(index)}: ${counted(rows, 'row')}, ${rate}${this.#left(before + bytes)}`;
    };
  }

  #name(index: number): string {
    return `${index + 1}/${this.#files.length} ${this.#files[index]}`;
  }

  #bytesBefore(index: number): number {
    return this.#sizes?.slice(this.#first, index).reduce((sum, size) => sum + size, 0) ?? 0;
  }

  #perSecond(bytes: number): number {
    return bytes / Math.max(0.001, (this.#now() - this.#started) / 1000);
  }

  #left(bytes: number): string {
    if (this.#sizes === null) return '';
    const total = this.#bytesBefore(this.#files.length);
    return this.#eta.text(Math.min(1, bytes / Math.max(1, total)));
  }
}
