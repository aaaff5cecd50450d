/**
 * One connection from SYN to its end: the dialogue's messages are sealed by the channel and handed to TCP in the order of
 * their virtual times, and each arrival releases the messages that waited for it.
 */
import { Prng } from '../../../core/prng.ts';
import type { Dialogue, Message, Side } from '../dialogue/message.ts';
import { type Channel, type KeepAlive, opposite, type Reaction } from '../encapsulation/channel.ts';
import type { ActiveEvasion } from '../evasion/evasion.ts';
import { evadeMessages } from '../evasion/plan.ts';
import { Connection, type Host, type Packet } from '../transport/connection.ts';
import type { Frames } from '../transport/frames.ts';
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
  /** The dialogue's message of that number; -1: the encapsulation says `own`. */
  readonly index: number;
  readonly own: Own | null;
}

/** What an encapsulation says by itself. */
interface Own extends Reaction {
  /** Whether the message is a ping, which is answered and followed by another one. */
  readonly keepAlive: KeepAlive | null;
}

/** What passed the tap of one connection, in time order, and how to make frames of any of it. */
export interface PlayedSession {
  readonly packets: readonly Packet[];
  encode(packets: readonly Packet[]): Frames;
}

export async function playSession(plan: SessionPlan): Promise<PlayedSession> {
  const prng = new Prng(plan.seed);
  const connection = new Connection(plan.client, plan.server, plan.path, prng.fork('tcp'));
  const ending = drawEnding(prng.fork('ending'));
  const channel = await plan.openChannel();
  try {
    const readyUs = greet(connection, channel, plan.path, connection.open(plan.startUs), prng.fork('greet'));
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
    const { lastUs, cut } = await converse(connection, channel, messages, readyUs, {
      untilUs,
      messagesMax: plan.messagesMax,
      lingerUs: ending.whenDone ? ending.lingerUs : Number.POSITIVE_INFINITY,
    });
    const endUs = (ending.whenDone || cut) && untilUs < plan.captureEndUs ? lastUs + ending.lingerUs : untilUs;
    if (endUs >= plan.captureEndUs) return played(connection, plan.captureEndUs);
    await endSession(connection, channel, ending, endUs);
    return played(connection, endUs); // whoever ended in silence is gone: no probe and no answer either
  } finally {
    channel.dispose();
  }
}

function played(connection: Connection, untilUs: number): PlayedSession {
  return { packets: connection.packets(untilUs), encode: (packets) => connection.encode(packets) };
}

/** Segments the largest handshake flight takes: three RSA certificates and their company. */
const FLIGHT_SEGMENTS = 4;

/** Sends the handshake flight by flight; returns when each side may write application data. */
function greet(connection: Connection, channel: Channel, path: Path, openUs: number, prng: Prng): Record<Side, number> {
  const firstUs = { client: openUs, server: openUs + path.nearUs + path.farUs };
  const sentUs: number[] = [];
  const arrivedUs: number[] = [];
  const { handshake, readyAfter } = channel;
  const reachedUs = (flight: number, side: Side) =>
    flight < 0 ? firstUs[side] : handshake[flight]!.from === side ? sentUs[flight]! : arrivedUs[flight]!;
  // A session may have begun before the capture, at a negative time.
  const lastUs = { client: Number.NEGATIVE_INFINITY, server: Number.NEGATIVE_INFINITY };
  handshake.forEach(({ from, bytes, after, thinkUs }, flight) => {
    // An answer takes a key agreement and, on the server, a signature.
    const workUs = after < 0 ? prng.exponential(300) : 150 + prng.exponential(900);
    const atUs = Math.max(reachedUs(after, from) + workUs + thinkUs, lastUs[from]);
    lastUs[from] = atUs;
    sentUs[flight] = atUs;
    arrivedUs[flight] = connection.send(from, atUs, bytes, FLIGHT_SEGMENTS);
  });
  return {
    client: reachedUs(readyAfter.client, 'client') + 50,
    server: reachedUs(readyAfter.server, 'server') + 50,
  };
}

/** When a conversation is over. */
interface Limits {
  readonly untilUs: number;
  /** Dialogue messages sent at most. */
  readonly messagesMax: number;
  /** How long the encapsulation goes on alone once the dialogue is done. */
  readonly lingerUs: number;
}

/** Plays the messages in time order; returns when the last one sent has arrived, and whether any were left. */
async function converse(
  connection: Connection,
  channel: Channel,
  messages: readonly Message[],
  readyUs: Readonly<Record<Side, number>>,
  { untilUs, messagesMax, lingerUs }: Limits,
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
    if (awaited.length === 0) queue.push({ atUs: earliestUs[index]!, index, own: null });
    for (const other of awaited) {
      const held = waiting.get(other);
      if (held) held.push(index);
      else waiting.set(other, [index]);
      missing[index]!++;
    }
  });
  let left = queue.filter(({ atUs }) => atUs < untilUs).length; // messages that will be sent, as far as is known
  for (const keepAlive of channel.keepAlives) queue.push(ping(keepAlive, readyUs[keepAlive.from]));
  queue.sort((a, b) => b.atUs - a.atUs || b.index - a.index); // soonest last
  const heardUs = { ...readyUs };
  let lastUs = Math.max(readyUs.client, readyUs.server);
  let sent = 0;
  for (let due = queue.pop(); due !== undefined && due.atUs < untilUs; due = queue.pop()) {
    const { atUs, index, own } = due;
    if (own && left === 0 && atUs >= lastUs + lingerUs) break;
    if (own?.keepAlive?.whenIdle && heardUs[own.from] + own.keepAlive.everyUs > atUs) {
      insert(queue, ping(own.keepAlive, heardUs[own.from])); // something was heard meanwhile: no need to ask
      continue;
    }
    const from = own ? own.from : messages[index]!.from;
    const to = opposite(from);
    const sealed = own ? own.bytes() : channel.seal(from, messages[index]!.bytes);
    const arrivesUs = connection.send(from, atUs, sealed instanceof Uint8Array ? sealed : await sealed);
    heardUs[to] = Math.max(heardUs[to], arrivesUs);
    const reaction = channel.reaction();
    if (reaction) insert(queue, { atUs: arrivesUs + REACTION_US, index: -1, own: { ...reaction, keepAlive: null } });
    if (own) {
      if (own.keepAlive) answer(queue, own.keepAlive, atUs, arrivesUs);
      continue;
    }
    lastUs = Math.max(lastUs, arrivesUs);
    left--;
    for (const next of waiting.get(index) ?? []) {
      const message = messages[next]!;
      const releasedUs = (message.from === from ? atUs : arrivesUs) + message.thinkUs;
      earliestUs[next] = Math.max(earliestUs[next]!, releasedUs);
      if (--missing[next]! > 0) continue;
      insert(queue, { atUs: earliestUs[next]!, index: next, own: null });
      if (earliestUs[next]! < untilUs) left++;
    }
    if (++sent === messagesMax) return { lastUs, cut: left > 0 };
  }
  return { lastUs, cut: false };
}

/** Time a library takes for what it does of itself; chosen. */
const REACTION_US = 150;

const ping = (keepAlive: KeepAlive, sinceUs: number): Due => ({
  atUs: sinceUs + keepAlive.everyUs,
  index: -1,
  own: { from: keepAlive.from, bytes: () => keepAlive.ping(), keepAlive },
});

/** The other side answers a ping, and the next one is set. */
function answer(queue: Due[], keepAlive: KeepAlive, atUs: number, arrivesUs: number): void {
  const pong: Own = { from: opposite(keepAlive.from), bytes: () => keepAlive.pong(), keepAlive: null };
  insert(queue, { atUs: arrivesUs + REACTION_US, index: -1, own: pong });
  insert(queue, ping(keepAlive, atUs));
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
