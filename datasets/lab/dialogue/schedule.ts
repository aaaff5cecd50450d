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

/** Indices in the order of their times; of equal times the one said first. */
export function nominalOrder(times: Float64Array): Uint32Array {
  return Uint32Array.from(times, (_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
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
