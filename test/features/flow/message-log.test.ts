/** The message log against arrays. */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { MessageLog, RUN } from '../../../features/flow/message-log.ts';

interface Twin {
  first: number;
  last: number;
  readonly sizes: number[];
  readonly times: number[];
}

test('gives back what was put, however flows come and go', () => {
  const prng = new Prng('messages');
  const log = new MessageLog();
  const flows: Twin[] = [];
  for (let round = 0; round < 40_000; round++) {
    if (flows.length === 0 || prng.chance(0.05)) flows.push({ first: -1, last: -1, sizes: [], times: [] });
    const flow = prng.pick(flows);
    const count = flow.sizes.length;
    if (count === 32 || prng.chance(0.03)) {
      if (count > 0) {
        const sizes = new Int32Array(count + 3);
        const times = new Float64Array(count + 3);
        log.read(flow.first, count, sizes, times, 3);
        expect([...sizes.subarray(3)]).toEqual(flow.sizes);
        expect([...times.subarray(3)]).toEqual(flow.times);
        log.free(flow.first, flow.last);
      }
      flows.splice(flows.indexOf(flow), 1);
      continue;
    }
    if (count % RUN === 0) {
      flow.last = log.take(count === 0 ? -1 : flow.last);
      if (count === 0) flow.first = flow.last;
    }
    const size = prng.integer(-1500, 1500);
    log.put(flow.last, count % RUN, size, round / 7);
    flow.sizes.push(size);
    flow.times.push(round / 7);
  }
});
