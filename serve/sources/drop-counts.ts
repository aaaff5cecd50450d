/** Counts of one capturing program after the other, added up: each begins at 0 and goes round at 32 bits. */
import type { ProgramCounts } from '../../features/capture/tcpdump.ts';

const TWO_32 = 4_294_967_296;

export class DropCounts {
  /** Packets captured; null until a program has told. */
  captured: number | null = null;
  /** Packets lost, by the kernel's buffer or by the interface; null until a program has told. */
  dropped: number | null = null;
  /** What the present program told last. */
  #last = { captured: 0, droppedByKernel: 0, droppedByInterface: 0 };

  /** Takes what a program tells: counts since its start. */
  note(counts: ProgramCounts): void {
    const captured = this.#since('captured', counts.captured);
    if (captured !== null) this.captured = (this.captured ?? 0) + captured;
    for (const which of ['droppedByKernel', 'droppedByInterface'] as const) {
      const dropped = this.#since(which, counts[which]);
      if (dropped !== null) this.dropped = (this.dropped ?? 0) + dropped;
    }
  }

  /** The next program counts from 0. */
  nextProgram(): void {
    this.#last = { captured: 0, droppedByKernel: 0, droppedByInterface: 0 };
  }

  #since(which: keyof ProgramCounts, told: number | null): number | null {
    if (told === null) return null;
    const since = (told - this.#last[which] + TWO_32) % TWO_32;
    this.#last[which] = told;
    return since;
  }
}
