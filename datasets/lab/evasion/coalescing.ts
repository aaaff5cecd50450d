/**
 * Coalescing: what a side has to say is gathered for a while and written at once, so that lengths add up and times become the
 * gatherer's. Strength 1 gathers for five seconds from the first message held; more costs a miner its shares at block times.
 *
 * An answer falls due when the write with its question leaves, and joins only a write that leaves later still. So whatever a write
 * waits for leaves strictly before it, and no two writes can wait for each other.
 */
import { joined } from '../dialogue/bytes.ts';
import { type Message, SECOND_US, type Side } from '../dialogue/message.ts';
import { inTurn } from '../dialogue/schedule.ts';
import type { Evasion } from './evasion.ts';

const GATHER_US = 5 * SECOND_US;

/** Messages that leave in one write. */
interface Write {
  readonly from: Side;
  readonly members: number[];
  /** Writes this one waits for. */
  readonly awaits: Set<Write>;
  readonly leavesUs: number;
  /** Longest time a member thinks once what it waits for has come. */
  thinkUs: number;
  /** Index in the result. */
  position: number;
}

const awaitedBy = ({ after, also = [] }: Message) => (after < 0 ? also : [after, ...also]);

function gather(messages: readonly Message[], gatherUs: number): Write[] {
  const writes: Write[] = [];
  const writeOf: Write[] = new Array(messages.length);
  const open: Record<Side, Write | null> = { client: null, server: null };
  inTurn(messages, (i, dueUs) => {
    const { from, thinkUs } = messages[i]!;
    const awaited = awaitedBy(messages[i]!).map((index) => writeOf[index]!);
    let write = open[from];
    if (write === null || dueUs >= write.leavesUs) {
      const leavesUs = Math.max(dueUs, write?.leavesUs ?? 0) + gatherUs;
      write = { from, members: [], awaits: new Set(), leavesUs, thinkUs: 0, position: -1 };
      open[from] = write;
      writes.push(write);
    }
    for (const other of awaited) {
      if (other === write) continue; // what follows something in the same write is part of it
      write.awaits.add(other);
      write.thinkUs = Math.max(write.thinkUs, thinkUs);
    }
    write.members.push(i);
    writeOf[i] = write;
    return write.leavesUs;
  });
  return writes;
}

export const coalescing: Evasion = {
  name: 'coalescing',
  scope: 'session',
  suits: () => true,
  messages(messages, strength) {
    if (strength === 0) return messages;
    const result: Message[] = [];
    const add = (write: Write): void => {
      if (write.position >= 0) return;
      write.awaits.forEach(add); // what it waits for comes first in the list, too
      const [after = -1, ...also] = [...write.awaits].map(({ position }) => position);
      write.position = result.length;
      result.push({
        from: write.from,
        bytes: joined(write.members.map((i) => messages[i]!.bytes)),
        atUs: write.leavesUs,
        after,
        thinkUs: write.thinkUs,
        ...(also.length > 0 ? { also } : {}),
      });
    };
    for (const write of gather(messages, strength * GATHER_US)) add(write);
    return result;
  },
};
