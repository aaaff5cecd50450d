/** Where a thread's memory is: each has a heap of its own. */
import { getHeapStatistics } from 'node:v8';

/** In mebibytes: objects, those included that nobody needs any more; room for objects; and bytes outside, as of typed arrays. */
export interface HeapSize {
  readonly usedMiB: number;
  readonly heldMiB: number;
  readonly outsideMiB: number;
}

/** Of the thread that calls it. */
export function heapSize(): HeapSize {
  const { used_heap_size: used, total_heap_size: held, external_memory: outside } = getHeapStatistics();
  return { usedMiB: mebibytes(used), heldMiB: mebibytes(held), outsideMiB: mebibytes(outside) };
}

export function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
