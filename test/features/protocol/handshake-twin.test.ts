/** Whatever way the segments come, the watch knows after each of them what reading everything through streams gives. */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { type TlsSummary, tlsSummariser } from '../../../features/fingerprint/tls-summary.ts';
import { FlowState, SideField } from '../../../features/flow/flow-state.ts';
import { Packet, Protocol } from '../../../features/packet/packet.ts';
import { HandshakeWatch } from '../../../features/protocol/handshake-watch.ts';
import { HandshakeTwin } from '../../oracle/handshake-twin.ts';
import { summaryTwin } from '../../oracle/tls-summary-twin.ts';
import { CLIENT_HELLO, concat, message, record, SERVER_HELLO, SERVER_HELLO_12 } from './tls/hello-bytes.ts';
import { mutate } from './tls/mutate.ts';

type Side = 0 | 1;

interface Segment {
  readonly side: Side;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

const ALERT = record(21, Uint8Array.of(2, 40));
const WARNING = record(21, Uint8Array.of(1, 112));

/** What one side says: perhaps something in the clear, a hello in one record or several, perhaps with faults, and more. */
function speech(prng: Prng, type: number, hello: Uint8Array): Uint8Array {
  const body = prng.chance(0.3) ? mutate(prng, hello) : hello;
  const said = concat(prng.chance(0.05) ? message(0, new Uint8Array(0)) : new Uint8Array(0), message(type, body));
  const size = prng.chance(0.2) ? prng.integer(20, 120) : said.length + 1;
  const parts: Uint8Array[] = [];
  if (prng.chance(0.1)) parts.push(prng.pick([ALERT, WARNING]));
  // A server of TLS 1.2 may put its certificate into the record of its hello.
  const more = prng.chance(0.3) ? concat(said, message(11, new Uint8Array(prng.integer(0, 300)))) : said;
  for (let at = 0; at < more.length; at += size) parts.push(record(22, more.slice(at, at + size)));
  if (prng.chance(0.5)) parts.push(record(23, prng.bytes(new Uint8Array(prng.integer(1, 200)))));
  return prng.chance(0.1) ? mutate(prng, concat(...parts)) : concat(...parts);
}

function segmentsOf(prng: Prng, side: Side, first: number, bytes: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  const size = prng.chance(0.3) ? prng.integer(20, 150) : 1460;
  for (let at = 0; at < bytes.length; at += size) {
    segments.push({ side, sequence: (first + at) >>> 0, bytes: bytes.slice(at, at + size) });
  }
  return segments;
}

/** Some lost, some repeated, some out of their order. */
function disturb(prng: Prng, segments: readonly Segment[]): Segment[] {
  if (prng.chance(0.5)) return [...segments];
  const sent = segments.flatMap((segment) => (prng.chance(0.1) ? [segment, segment] : [segment]));
  const left = sent.filter(() => prng.chance(0.95));
  for (let i = 1; i < left.length; i++) {
    if (prng.chance(0.2)) [left[i - 1], left[i]] = [left[i]!, left[i - 1]!];
  }
  return left;
}

function conversation(prng: Prng, isn: readonly [number, number]): Segment[] {
  const client: Side = prng.chance(0.8) ? 0 : 1;
  const greetings = [0, 1].map(() => (prng.chance(0.2) ? new TextEncoder().encode('220 ready, go ahead\r\n') : null));
  const speak = (side: Side): Segment[] => {
    const isClient = (side === client) !== prng.chance(0.02);
    const hello = isClient ? CLIENT_HELLO : prng.pick([SERVER_HELLO, SERVER_HELLO_12]);
    const first = (isn[side] + 1) >>> 0;
    const greeting = greetings[side]!;
    const before = greeting === null ? [] : [{ side, sequence: first, bytes: greeting }];
    const start = greeting === null ? first : (first + greeting.length) >>> 0;
    return [...before, ...segmentsOf(prng, side, start, speech(prng, isClient ? 1 : 2, hello))];
  };
  const order = prng.chance(0.9) ? [client, (1 - client) as Side] : [(1 - client) as Side, client];
  return disturb(prng, order.flatMap(speak));
}

function packetOf({ sequence, bytes }: Segment): Packet {
  const packet = new Packet();
  packet.view = new DataView(concat(new Uint8Array(7).fill(0x16), bytes, new Uint8Array(64).fill(0xff)).buffer);
  packet.protocol = Protocol.Tcp;
  packet.sequence = sequence;
  packet.payloadAt = 7;
  packet.payloadEnd = 7 + bytes.length;
  packet.payloadLength = bytes.length;
  return packet;
}

test('random conversations, cut and disturbed', () => {
  const prng = new Prng('handshake twin');
  const state = new FlowState();
  const watch = new HandshakeWatch<TlsSummary>(state, tlsSummariser(nodeDigests, 16));
  let both = 0;
  for (let round = 0; round < 6000; round++) {
    let slot = prng.below(40);
    state.start(slot, new Packet(), round, 0);
    watch.opened(slot);
    const isn = [prng.uint32(), prng.chance(0.1) ? 0xffff_fff0 : prng.uint32()] as const;
    const firsts: [number | null, number | null] = [null, null];
    const saySyn = (side: Side) => {
      const syn = prng.chance(0.95) ? isn[side] : prng.uint32();
      state.page(slot)[state.sideBaseOf(slot, side) + SideField.SynSequence] = syn;
      firsts[side] = (syn + 1) >>> 0;
    };
    for (const side of [0, 1] as const) if (prng.chance(0.7)) saySyn(side);
    const twin = new HandshakeTwin(summaryTwin(nodeDigests));
    for (const segment of conversation(prng, isn)) {
      if (prng.chance(0.02)) saySyn(prng.pick([0, 1]));
      if (prng.chance(0.1)) {
        const successor = 40 + ((slot + 1) % 40);
        state.start(successor, new Packet(), round, 1);
        for (const side of [0, 1]) {
          const from = state.page(slot)[state.sideBaseOf(slot, side) + SideField.SynSequence]!;
          state.page(successor)[state.sideBaseOf(successor, side) + SideField.SynSequence] = from;
        }
        watch.continued(slot, successor);
        expect(watch.of(slot)).toEqual(twin.summary);
        watch.closed(slot);
        slot = successor;
      }
      const packet = packetOf(segment);
      const copy = 80 + prng.below(9);
      if (prng.chance(0.1)) {
        watch.copied(slot, copy);
        const then = twin.summary;
        watch.payload(copy, segment.side, packet);
        expect(watch.of(copy)).toEqual(then);
      }
      watch.payload(slot, segment.side, packet);
      twin.payload(segment.side, packet, firsts);
      expect(watch.of(slot), `round ${round}`).toEqual(twin.summary);
    }
    if (watch.of(slot)?.client && watch.of(slot)?.server) both++;
    if (prng.chance(0.5)) watch.closed(slot);
  }
  expect(both).toBeGreaterThan(2000);
  expect(watch.givenUp).toBe(0);
});
