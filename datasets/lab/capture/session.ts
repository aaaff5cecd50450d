/**
 * One connection from SYN to its end: the dialogue's messages are sealed by the channel and handed to TCP in the order of
 * their virtual times, and each arrival releases the messages that waited for it.
 */
import { Prng } from '../../../core/prng.ts';
import type { Dialogue, Message, Side } from '../dialogue/message.ts';
import type { Channel } from '../encapsulation/channel.ts';
import type { ActiveEvasion } from '../evasion/evasion.ts';
import { evadeMessages } from '../evasion/plan.ts';
import { type CapturedFrame, Connection, type Host } from '../transport/connection.ts';
import type { Path } from '../transport/path.ts';
import { drawEnding, endSession } from './ending.ts';

export interface SessionPlan {
  readonly dialogue: Dialogue;
  readonly openChannel: () => Promise<Channel>;
  readonly client: Host;
  readonly server: Host;
  readonly path: Path;
  readonly host: string;
  /** Times on the clock of the capture, microseconds. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly captureEndUs: number;
  /** The session is over after so many messages, however long it was meant to last. */
  readonly messagesMax: number;
  readonly seed: number;
  /** Seed of the site's habits. */
  readonly operatorSeed: number;
  readonly chainSeed: number;
  /** How often this client was at this site before. */
  readonly visit: number;
  /** Factor on the share difficulty a miner asks for. */
  readonly difficulty: number;
  readonly evasions: readonly ActiveEvasion[];
}

/** A message whose time is known, waiting for its turn. */
interface Due {
  readonly atUs: number;
  readonly index: number;
}

export async function playSession(plan: SessionPlan): Promise<CapturedFrame[]> {
  const prng = new Prng(plan.seed);
  const connection = new Connection(plan.client, plan.server, plan.path, prng.fork('tcp'));
  const ending = drawEnding(prng.fork('ending'));
  const channel = await plan.openChannel();
  try {
    const readyUs = greet(connection, channel, connection.open(plan.startUs), prng.fork('greet'));
    const said = plan.dialogue.play({
      prng: prng.fork('dialogue'),
      operator: new Prng(plan.operatorSeed),
      startUs: readyUs.client,
      durationUs: plan.durationUs,
      host: plan.host,
      chainSeed: plan.chainSeed,
      visit: plan.visit,
      difficulty: plan.difficulty,
    });
    const messages = evadeMessages(said, plan.evasions, prng.fork('evasion'), plan.dialogue);
    const untilUs = Math.min(plan.captureEndUs, readyUs.client + plan.durationUs);
    const { lastUs, cut } = await converse(connection, channel, messages, readyUs, untilUs, plan.messagesMax);
    const endUs = (ending.whenDone || cut) && untilUs < plan.captureEndUs ? lastUs + ending.lingerUs : untilUs;
    if (endUs >= plan.captureEndUs) return connection.frames(plan.captureEndUs);
    await endSession(connection, channel, ending, endUs);
    return connection.frames(endUs); // whoever ended in silence is gone: no probe and no answer either
  } finally {
    channel.dispose();
  }
}

/** Segments the largest handshake flight takes: three RSA certificates and their company. */
const FLIGHT_SEGMENTS = 4;

/** Sends the handshake flight by flight; returns when each side may write application data. */
function greet(connection: Connection, channel: Channel, openUs: number, prng: Prng): Record<Side, number> {
  const readyUs = { client: openUs, server: openUs };
  let atUs = openUs + prng.exponential(300);
  channel.handshake.forEach(({ from, bytes }, flight) => {
    const arrivesUs = connection.send(from, atUs, bytes, FLIGHT_SEGMENTS);
    if (flight === channel.clientReadyAfter) readyUs.client = from === 'client' ? atUs + 50 : arrivesUs + 50;
    if (from === 'client') readyUs.server = arrivesUs + 50;
    atUs = arrivesUs + 150 + prng.exponential(900); // key agreement and, on the server, a signature
  });
  return readyUs;
}

/** Plays the messages in time order; returns when the last one sent has arrived, and whether any were left. */
async function converse(
  connection: Connection,
  channel: Channel,
  messages: readonly Message[],
  readyUs: Readonly<Record<Side, number>>,
  untilUs: number,
  messagesMax: number,
): Promise<{ lastUs: number; cut: boolean }> {
  const waiting = new Map<number, number[]>();
  /** Of messages that wait: how many arrivals are still missing, and the earliest moment those that came allow. */
  const missing = new Uint32Array(messages.length);
  const earliestUs = new Float64Array(messages.length);
  const queue: Due[] = [];
  const baseUs = readyUs.client;
  messages.forEach(({ from, atUs, after, also = [] }, index) => {
    earliestUs[index] = Math.max(baseUs + atUs, readyUs[from]);
    const awaited = after < 0 ? also : [after, ...also];
    if (awaited.length === 0) queue.push({ atUs: earliestUs[index]!, index });
    for (const other of awaited) {
      const held = waiting.get(other);
      if (held) held.push(index);
      else waiting.set(other, [index]);
      missing[index]!++;
    }
  });
  queue.sort((a, b) => b.atUs - a.atUs || b.index - a.index); // soonest last
  let lastUs = Math.max(readyUs.client, readyUs.server);
  let sent = 0;
  for (let due = queue.pop(); due !== undefined && due.atUs < untilUs; due = queue.pop()) {
    if (sent++ === messagesMax) return { lastUs, cut: true };
    const { from, bytes } = messages[due.index]!;
    const arrivesUs = connection.send(from, due.atUs, await channel.seal(from, bytes));
    lastUs = Math.max(lastUs, arrivesUs);
    for (const index of waiting.get(due.index) ?? []) {
      const next = messages[index]!;
      const releasedUs = (next.from === from ? due.atUs : arrivesUs) + next.thinkUs;
      earliestUs[index] = Math.max(earliestUs[index]!, releasedUs);
      if (--missing[index]! === 0) insert(queue, { atUs: earliestUs[index]!, index });
    }
  }
  return { lastUs, cut: false };
}

/** Binary insertion into a queue sorted soonest last. */
function insert(queue: Due[], due: Due): void {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (queue[middle]!.atUs > due.atUs) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, due);
}
