/** When the messages of a dialogue would leave if the network took no time: the order transformations of a dialogue work in. */
import type { Message } from './message.ts';

/** Earliest moment each message may leave, microseconds; a reply leaves when it was thought out. */
export function nominalTimes(messages: readonly Message[]): Float64Array {
  const times = new Float64Array(messages.length);
  messages.forEach(({ atUs, after, thinkUs, also }, i) => {
    let at = after < 0 ? atUs : Math.max(atUs, times[after]! + thinkUs);
    for (const other of also ?? []) at = Math.max(at, times[other]! + thinkUs);
    times[i] = at;
  });
  return times;
}

/**
 * Gives every message its turn, in the order in which they fall due, when each leaves at the time `leave` answers.
 * @param leave the moment a message falls due, microseconds, to the moment it leaves, not before.
 */
export function inTurn(messages: readonly Message[], leave: (index: number, dueUs: number) => number): void {
  const waiting: number[][] = messages.map(() => []);
  const missing = new Uint32Array(messages.length);
  const dueUs = Float64Array.from(messages, ({ atUs }) => atUs);
  const queue: number[] = []; // soonest last
  const enqueue = (index: number) => {
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const later = dueUs[queue[middle]!]! - dueUs[index]! || queue[middle]! - index;
      if (later > 0) low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, index);
  };
  messages.forEach(({ after, also = [] }, index) => {
    const awaited = after < 0 ? also : [after, ...also];
    for (const other of awaited) waiting[other]!.push(index);
    missing[index] = awaited.length;
    if (awaited.length === 0) enqueue(index);
  });
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    const leavesUs = leave(index, dueUs[index]!);
    for (const next of waiting[index]!) {
      const { from, thinkUs } = messages[next]!;
      // Who goes on talking does so from when it spoke; who answers, from when it was heard.
      const heardUs = from === messages[index]!.from ? dueUs[index]! : leavesUs;
      dueUs[next] = Math.max(dueUs[next]!, heardUs + thinkUs);
      if (--missing[next]! === 0) enqueue(next);
    }
  }
}

/** The messages `keep` accepts, without any that waited for one it does not, and with indices put right. */
export function kept(messages: readonly Message[], keep: (message: Message, index: number) => boolean): Message[] {
  const position = new Int32Array(messages.length).fill(-1);
  const result: Message[] = [];
  messages.forEach((message, i) => {
    const waits = [message.after, ...(message.also ?? [])].filter((index) => index >= 0);
    if (!keep(message, i) || waits.some((index) => position[index]! < 0)) return;
    position[i] = result.length;
    const also = message.also?.map((index) => position[index]!);
    result.push({
      ...message,
      after: message.after < 0 ? -1 : position[message.after]!,
      ...(also ? { also } : {}),
    });
  });
  return result;
}
